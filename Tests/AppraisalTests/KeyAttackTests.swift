import AttestationResults
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// Keys that must not attest, however well they sign.
@Suite struct KeyAttackTests {
    private struct OtherKind: Error {}

    /// What enrolment says of a key, and what an appraisal says when the key has slipped into the record all the same.
    private func expectRefused(
        _ code: ReasonCode,
        template: DeviceIdentityTemplate? = nil,
        _ change: (inout TPMTPublic) throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var scene = try Scene(template ?? .eccP256)
        try change(&scene.key.area)
        let area = scene.key.area
        let refusal = #expect(throws: KeyRefusal.self, sourceLocation: sourceLocation) {
            try EnrolledKey(publicArea: area.bytes, template: template?.iak())
        }
        #expect(refusal?.reasons.map(\.code) == [code], sourceLocation: sourceLocation)
        guard let enrolled = try? EnrolledKey(unjudged: area, area.bytes, template: template?.iak()) else {
            // With other parameters there may be no key at all; whatever else is wrong with one, it has to be judged.
            #expect(code == .keyParameters || code == .keyScheme, sourceLocation: sourceLocation)
            return
        }
        scene.enrolled = enrolled
        expectStranger(try scene.verdict(), code, sourceLocation: sourceLocation)
    }

    @Test func attack24_smallExponent() throws {
        for exponent in [1, 3, 17, 65539, .max] as [UInt32] {
            try expectRefused(.keyParameters, template: .rsa2048) { area in
                guard case .rsa(var detail, let modulus) = area.parameters else { return }
                detail.exponent = exponent
                area.parameters = .rsa(detail, unique: modulus)
            }
        }
    }

    /// Every bit of TPMA_OBJECT (Part 2, 8.3), by its number.
    @Test(arguments: 0..<32)
    func attack26_everyAttributeFlipped(bit: UInt32) throws {
        let flip = TPMAObject(rawValue: 1 << bit)
        try expectRefused(.keyAttributes, template: .eccP256) { $0.objectAttributes.formSymmetricDifference(flip) }
        // Without a template, who may use the key and whether it survives a reset is the owner's choice; nothing else is.
        let free: TPMAObject = [.stClear, .userWithAuth, .adminWithPolicy, .firmwareLimited, .svnLimited, .noDA]
        if free.contains(flip) {
            var key = try SoftKey.iak()
            key.area.objectAttributes.formSymmetricDifference(flip)
            #expect(throws: Never.self) { try key.enrolled() }
        } else {
            try expectRefused(.keyAttributes) { $0.objectAttributes.formSymmetricDifference(flip) }
        }
    }

    @Test func attack28_importedKey() throws {
        try expectRefused(.keyAttributes, template: .eccP256) { $0.objectAttributes.remove(.sensitiveDataOrigin) }
        try expectRefused(.keyAttributes) { $0.objectAttributes.remove(.sensitiveDataOrigin) }
    }

    @Test func attack29_duplicableKey() throws {
        let looser: [TPMAObject] = [[.fixedParent], [.fixedTPM], [.fixedTPM, .fixedParent]]
        for attributes in looser {
            try expectRefused(.keyAttributes) { $0.objectAttributes.subtract(attributes) }
        }
        try expectRefused(.keyAttributes) { $0.objectAttributes.insert(.encryptedDuplication) }
    }

    @Test func attack30_samePublicWithAnotherNameAlg() throws {
        let scene = try Scene()
        var other = scene.key
        other.area.nameAlg = .sha384
        other.area.authPolicy = []
        let enrolled = try other.enrolled()
        #expect(enrolled.name != scene.enrolled.name)
        // The same numbers sign, so the signature holds; the signer's Name does not.
        var claimed = scene
        claimed.enrolled = enrolled
        expectStranger(Appraiser.appraise(try claimed.input(scene.attest.bytes)), .signerMismatch)
        expectStranger(Appraiser.appraise(try scene.input(claimed.attest.bytes)), .signerMismatch)
        try expectRefused(.keyParameters) { ($0.nameAlg, $0.authPolicy) = (.sha1, []) }
        try expectRefused(.keyParameters) { ($0.nameAlg, $0.authPolicy) = (.null, []) }
    }

    @Test func attack31_templateWithUserWithAuthOnly() throws {
        try expectRefused(.keyAttributes, template: .eccP256) { area in
            area.objectAttributes.remove(.adminWithPolicy)
            #expect(area.objectAttributes.rawValue == 0x0005_0072)
        }
        try expectRefused(.keyPolicy, template: .eccP256) { $0.authPolicy = [] }
        try expectRefused(.keyPolicy, template: .eccP256) { $0.authPolicy[31] ^= 1 }
        try expectRefused(.keyPolicy) { $0.authPolicy = [1, 2, 3] }
    }

    @Test func aKeyOfAnotherTemplateIsNotTaken() throws {
        for (made, claimed) in [(DeviceIdentityTemplate.eccP256, DeviceIdentityTemplate.rsa2048), (.eccP384, .eccP256)]
        {
            let area = try SoftKey.iak(made).area.bytes
            let refusal = #expect(throws: KeyRefusal.self) {
                try EnrolledKey(publicArea: area, template: claimed.iak())
            }
            #expect(refusal?.reasons.first?.code == .keyParameters)
        }
    }

    @Test func parametersThatDoNotAttest() throws {
        func ecc(_ change: @escaping (inout TPMSECCParms, inout TPMSECCPoint) -> Void) throws {
            try expectRefused(.keyParameters) { area in
                guard case .ecc(var detail, var point) = area.parameters else { return }
                change(&detail, &point)
                area.parameters = .ecc(detail, unique: point)
            }
        }
        try ecc { detail, _ in detail.symmetric = .aes128CFB }
        try ecc { detail, _ in detail.kdf = .derivation(.kdf1SP800_56A, hash: .sha256) }
        try ecc { detail, _ in detail.curveID = .sm2P256 }
        try ecc { detail, _ in detail.curveID = .p384 }
        try ecc { _, point in point.y[31] ^= 1 }
        try ecc { _, point in point.x = [0] + point.x }
        try ecc { _, point in (point.x, point.y) = ([], []) }
        try ecc { _, point in (point.x, point.y) = ([0], [0]) }
        func rsa(_ change: @escaping (inout TPMSRSAParms, inout [UInt8]) -> Void) throws {
            try expectRefused(.keyParameters, template: .rsa2048) { area in
                guard case .rsa(var detail, var modulus) = area.parameters else { return }
                change(&detail, &modulus)
                area.parameters = .rsa(detail, unique: modulus)
            }
        }
        try rsa { detail, _ in detail.symmetric = .aes128CFB }
        try rsa { detail, modulus in (detail.keyBits, modulus) = (1024, Array(modulus.prefix(128))) }
        try rsa { detail, _ in detail.keyBits = 3072 }
        try rsa { _, modulus in modulus[0] &= 0x7F }
        var symmetric = try SoftKey.iak().area
        symmetric.parameters = .keyedHash(.hmac(.sha256), unique: [UInt8](repeating: 1, count: 32))
        let refusal = #expect(throws: KeyRefusal.self) { try EnrolledKey(publicArea: symmetric.bytes, template: nil) }
        #expect(refusal?.reasons.map(\.code) == [.keyParameters, .keyScheme])
    }

    @Test func schemesThatDoNotAttest() throws {
        let schemes: [TPMTAsymScheme] = [
            .null, .ecdsa(.sha1), .ecdsa(.sha3_256), .ecdaa(.sha256, count: 1), .sm2(.sha256), .ecschnorr(.sha256),
            .ecdsa(.null),
        ]
        for scheme in schemes {
            var key = try SoftKey.iak()
            guard case .ecc(var detail, let point) = key.area.parameters else { throw OtherKind() }
            detail.scheme = scheme
            key.area.parameters = .ecc(detail, unique: point)
            let refusal = #expect(throws: KeyRefusal.self) { try key.enrolled() }
            #expect(refusal?.reasons.map(\.code) == [.keyScheme])
        }
        try expectRefused(.keyScheme, template: .rsa2048) { area in
            guard case .rsa(var detail, let modulus) = area.parameters else { return }
            detail.scheme = .rsassa(.sha256)
            area.parameters = .rsa(detail, unique: modulus)
        }
    }

    @Test func bytesThatAreNoPublicArea() throws {
        let area = try SoftKey.iak().area.bytes
        for bytes in [[], Array(area.dropLast()), area + [0], TPM2B(try TPMTPublic(parsing: area)).bytes] {
            let refusal = #expect(throws: KeyRefusal.self) { try EnrolledKey(publicArea: bytes, template: nil) }
            #expect(refusal?.reasons.map(\.code) == [.keyParameters])
        }
    }

    @Test func aBirthRecordsNamesMustFollowFromItsKey() throws {
        let key = try SoftKey.iak()
        let enrolled = try key.enrolled(template: .eccP256)
        var born = BornKey(
            template: try #require(Label("H-2")),
            handle: 0x8102_0001,
            publicArea: Blob(key.area.bytes),
            name: HexBytes(enrolled.name.contents),
            qualifiedName: HexBytes(enrolled.qualifiedName.contents),
            certificate: nil
        )
        #expect(throws: Never.self) { try EnrolledKey(born) }
        born.qualifiedName = born.name
        #expect(throws: KeyRefusal.self) { try EnrolledKey(born) }
        born.qualifiedName = HexBytes(enrolled.qualifiedName.contents)
        born.name = born.qualifiedName
        #expect(throws: KeyRefusal.self) { try EnrolledKey(born) }
        born.name = HexBytes(enrolled.name.contents)
        for label in ["H-1", "H-3", "L-1", "none"] {
            born.template = try #require(Label(label))
            #expect(throws: KeyRefusal.self) { try EnrolledKey(born) }
        }
    }
}
