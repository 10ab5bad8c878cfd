public import TPMWire

/// Templates of endorsement keys (TCG EK Credential Profile, annex B).
///
/// The raw value is the name of the template in the profile.
public enum EndorsementKeyTemplate: String, Sendable, CaseIterable {
    /// RSA-2048, low range.
    case rsa2048 = "L-1"
    /// P-256, low range.
    case eccP256 = "L-2"
    /// P-384, high range.
    case eccP384 = "H-3"

    /// PolicyA of the low range: PolicySecret(TPM_RH_ENDORSEMENT), SHA-256.
    static let policyA: [UInt8] = [
        0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
        0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
    ]

    /// PolicyB of the high range: PolicySecret(TPM_RH_ENDORSEMENT), or the policy in NV index 0x01C07F02; SHA-384.
    static let policyB: [UInt8] = [
        0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
        0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
        0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
    ]

    /// What TPM2_CreatePrimary takes in the endorsement hierarchy.
    public var area: TPMTPublic {
        let low: TPMAObject = [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .adminWithPolicy, .restricted, .decrypt,
        ]
        switch self {
        case .rsa2048:
            return TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: low,
                authPolicy: Self.policyA,
                parameters: .rsa(
                    TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048),
                    unique: Array(repeating: 0, count: 256)
                )
            )
        case .eccP256:
            let zeros = [UInt8](repeating: 0, count: 32)
            return TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: low,
                authPolicy: Self.policyA,
                parameters: .ecc(
                    TPMSECCParms(symmetric: .aes128CFB, scheme: .null, curveID: .p256),
                    unique: TPMSECCPoint(x: zeros, y: zeros)
                )
            )
        case .eccP384:
            return TPMTPublic(
                nameAlg: .sha384,
                objectAttributes: low.union(.userWithAuth),
                authPolicy: Self.policyB,
                parameters: .ecc(
                    TPMSECCParms(symmetric: .aes256CFB, scheme: .null, curveID: .p384),
                    unique: TPMSECCPoint(x: [], y: [])
                )
            )
        }
    }
}
