import TPMCrypto
import TPMWire
import Testing

@Suite struct PolicyTests {
    /// The index in which an owner may keep a policy for the EK (EK profile, B.6.4 and B.6.5).
    static func policyIndex(_ hash: HashAlgorithm) throws -> TPMSNVPublic {
        let number: UInt32 =
            switch hash {
            case .sha384: 0x01C0_7F02
            case .sha512: 0x01C0_7F03
            default: 0x01C0_7F01
            }
        var policyA = PolicyDigest(hash)
        policyA.secret(entity: Name(handle: .endorsement))
        return TPMSNVPublic(
            nvIndex: Handle(rawValue: number),
            nameAlg: hash.id,
            attributes: TPMANV(rawValue: 0x220F_1008),
            authPolicy: policyA.value,
            dataSize: UInt16(2 + hash.digestSize)
        )
    }

    static func endorsementPolicies(_ hash: HashAlgorithm) throws -> (a: [UInt8], b: [UInt8], c: [UInt8]) {
        var a = PolicyDigest(hash)
        a.secret(entity: Name(handle: .endorsement))
        var c = PolicyDigest(hash)
        c.authorizeNV(index: try Name(of: policyIndex(hash)))
        var b = PolicyDigest(hash)
        b.or([a.value, c.value])
        return (a.value, b.value, c.value)
    }

    @Test func policiesOfTheEndorsementKeyProfile() throws {
        let sha256 = try Self.endorsementPolicies(.sha256)
        #expect(sha256.a == hex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"))
        #expect(sha256.b == hex("ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0"))
        #expect(sha256.c == hex("3767e2edd43ff45a3a7e1eaefcef78643dca964632e7aad82c673a30d8633fde"))
        #expect(EndorsementKeyTemplate.rsa2048.area.authPolicy == sha256.a)
        #expect(EndorsementKeyTemplate.eccP256.area.authPolicy == sha256.a)
        #expect(EndorsementKeyTemplate.eccP384.area.authPolicy == (try Self.endorsementPolicies(.sha384).b))
    }

    private func digest(_ change: (inout PolicyDigest) -> Void) -> [UInt8] {
        var policy = PolicyDigest(.sha256)
        change(&policy)
        return policy.value
    }

    @Test func orForgetsWhatWasBefore() {
        let branches = [
            digest { $0.secret(entity: Name(handle: .owner)) },
            digest { $0.secret(entity: Name(handle: .endorsement)) },
        ]
        let fresh = digest { $0.or(branches) }
        #expect(
            digest {
                $0.secret(entity: Name(handle: .owner)); $0.or(branches)
            } == fresh
        )
        #expect(digest { $0.or(branches.reversed()) } != fresh)
    }
}
