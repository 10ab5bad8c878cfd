import AttestationResults
import Crypto
import CryptoExtras
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

@Suite struct SignatureAttackTests {
    private func verdict(_ scene: Scene, _ signature: TPMTSignature) throws -> Verdict {
        Appraiser.appraise(try scene.input(try scene.attest.bytes, signature: signature.bytes))
    }

    private struct OtherKind: Error {}

    /// r and s of the signature that the scene's key makes; of no other kind is there anything to change in these tests.
    private func numbers(_ scene: Scene) throws -> (r: [UInt8], s: [UInt8]) {
        guard case .ecdsa(_, let r, let s) = try scene.key.sign(try scene.attest.bytes) else { throw OtherKind() }
        return (r, s)
    }

    @Test func attack19_otherPaddingThanTheKeys() throws {
        let pss = try Scene(.rsa2048)
        let attest = try pss.attest.bytes
        let pkcs1 = try pss.key.sign(attest, as: .rsassa(.sha256))
        expectStranger(try verdict(pss, pkcs1), .signatureScheme)
        guard case .rsassa(_, let bytes) = pkcs1 else { throw OtherKind() }
        expectStranger(try verdict(pss, .rsapss(.sha256, bytes)), .signatureInvalid)

        var rsassa = try Scene(.rsa2048)
        guard case .rsa(var detail, let modulus) = rsassa.key.area.parameters else { throw OtherKind() }
        detail.scheme = .rsassa(.sha256)
        rsassa.key.area.parameters = .rsa(detail, unique: modulus)
        rsassa.enrolled = try rsassa.key.enrolled()
        #expect(try rsassa.verdict().state != nil)
        let other = try rsassa.key.sign(try rsassa.attest.bytes, as: .rsapss(.sha256))
        expectStranger(try verdict(rsassa, other), .signatureScheme)
    }

    @Test(arguments: [AlgorithmID.sha1, .sha384, .sha512, .sha3_256, .null, .aes])
    func attack20_hashFieldIsNotTheKeys(hash: AlgorithmID) throws {
        for template in [DeviceIdentityTemplate.eccP256, .rsa2048] {
            let scene = try Scene(template)
            let lie: TPMTSignature =
                switch try scene.key.sign(try scene.attest.bytes) {
                case .ecdsa(_, let r, let s): .ecdsa(hash, r: r, s: s)
                case .rsapss(_, let bytes): .rsapss(hash, bytes)
                case let other: other
                }
            expectStranger(try verdict(scene, lie), .signatureScheme)
        }
    }

    /// n of P-256 (SEC 2, 2.4.2).
    private static let order =
        [UInt8](hexadecimal: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") ?? []

    @Test func attack21_edgesOfRAndS() throws {
        let scene = try Scene()
        let (r, s) = try numbers(scene)
        let zero = [UInt8](repeating: 0, count: 32)
        let pairs: [([UInt8], [UInt8])] = [
            (zero, s), (r, zero), (zero, zero), ([], s), (r, []), ([0], s), (r, [0]), (Self.order, s), (r, Self.order),
            ([0] + r, s), (r, [0] + s), (r + [0], s), (Array(r.prefix(31)), s),
            ([UInt8](repeating: 0xFF, count: 32), s),
            (s, r),
        ]
        #expect(Self.order.count == 32)
        for (r, s) in pairs {
            expectStranger(try verdict(scene, .ecdsa(.sha256, r: r, s: s)), .signatureInvalid)
        }
    }

    @Test func attack21_derAndRawAreNoSignatures() throws {
        let scene = try Scene()
        let attest = try scene.attest.bytes
        guard case .p256(let secret) = scene.key.secret else { throw OtherKind() }
        let signature = try secret.signature(for: SHA256.hash(data: attest))
        for bytes in [Array(signature.derRepresentation), Array(signature.rawRepresentation), []] {
            expectStranger(Appraiser.appraise(try scene.input(attest, signature: bytes)), .signatureMalformed)
        }
    }

    @Test func attack21_strippedLeadingZerosPass() throws {
        var scene = try Scene()
        // Half a percent of all signatures begin with a zero byte in r or s; the clock makes the next one.
        for _ in 0..<4096 {
            scene.clock.clock += 1
            let (r, s) = try numbers(scene)
            guard r.first == 0 || s.first == 0 else { continue }
            let stripped = TPMTSignature.ecdsa(
                .sha256,
                r: Array(r.drop { $0 == 0 }),
                s: Array(s.drop { $0 == 0 })
            )
            #expect(try verdict(scene, stripped).state != nil)
            return
        }
        Issue.record("no signature with a leading zero in 4,096")
    }

    @Test func bothHalvesOfSAreAccepted() throws {
        let scene = try Scene()
        let (r, s) = try numbers(scene)
        var other = Self.order
        var borrow = 0
        for index in other.indices.reversed() {
            let difference = Int(other[index]) - Int(s[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            other[index] = UInt8(truncatingIfNeeded: difference)
        }
        let mirrored = try verdict(scene, .ecdsa(.sha256, r: r, s: other))
        // The same evidence twice: it is known by its attest, never by its signature.
        #expect(mirrored.state != nil)
        #expect(mirrored.state == (try verdict(scene, .ecdsa(.sha256, r: r, s: s)).state))
    }

    @Test func attack22_signatureOfAnotherKindOfKey() throws {
        let ecc = try Scene()
        let rsa = try Scene(.rsa2048)
        let attest = try ecc.attest.bytes
        expectStranger(try verdict(ecc, try rsa.key.sign(attest)), .signatureScheme)
        expectStranger(try verdict(ecc, .rsassa(.sha256, [UInt8](repeating: 1, count: 256))), .signatureScheme)
        expectStranger(try verdict(rsa, try ecc.key.sign(attest)), .signatureScheme)
        let code = try #require(TPMTHA(hashAlg: .sha256, digest: HashAlgorithm.sha256.hmac(key: [], attest)))
        expectStranger(try verdict(ecc, .hmac(code)), .signatureScheme)
    }

    @Test func attack23_saltOfAnotherLength() throws {
        var scene = try Scene(.rsa2048)
        guard case .rsa(let detail, _) = scene.key.area.parameters else { throw OtherKind() }
        scene.key.area.parameters = .rsa(detail, unique: PSSVectors.modulus)
        scene.enrolled = try scene.key.enrolled(template: .rsa2048)
        #expect(try verdict(scene, .rsapss(.sha256, PSSVectors.saltOfTheDigestsLength)).state != nil)
        for signature in [PSSVectors.noSalt, PSSVectors.longestSalt] {
            let verdict = try verdict(scene, .rsapss(.sha256, signature))
            expectStranger(verdict, .signatureInvalid)
            guard case .refused(let refusal) = verdict else { continue }
            #expect(refusal.reasons.first?.detail == SignatureRefusal.saltOfAnotherLength.description)
        }
    }

    @Test func attack25_anotherKeyAnswers() throws {
        let scene = try Scene()
        let other = try Scene()
        let attest = try scene.attest.bytes
        expectStranger(try verdict(scene, try other.key.sign(attest)), .signatureInvalid)
        // The other device's own, honest quote for this very request.
        var theirs = other
        theirs.request = scene.request
        let input = try theirs.input()
        expectStranger(Appraiser.appraise(try scene.input(input.attest, signature: input.signature)), .signatureInvalid)
    }

    @Test func anEmptyOrOverlongSignatureIsMalformed() throws {
        let scene = try Scene()
        let attest = try scene.attest.bytes
        for bytes in [[UInt8](repeating: 0, count: 1025), [0x00, 0x18], [0x00, 0x18, 0x00, 0x0B, 0xFF, 0xFF]] {
            expectStranger(Appraiser.appraise(try scene.input(attest, signature: bytes)), .signatureMalformed)
        }
    }
}
