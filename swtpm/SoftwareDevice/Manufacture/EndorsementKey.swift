public import TPMWire

/// An endorsement key that the manufacturer certifies (TCG EK Credential Profile, section B).
public enum EndorsementKey: String, Sendable, Hashable, CaseIterable, Codable {
    case rsa2048 = "rsa2048"
    case p256 = "p256"
    case p384 = "p384"

    /// The NV index of the certificate.
    public var certificateIndex: Handle {
        switch self {
        case .rsa2048: Handle(rawValue: 0x01C0_0002)
        case .p256: Handle(rawValue: 0x01C0_000A)
        case .p384: Handle(rawValue: 0x01C0_0016)
        }
    }

    /// The template: L-1, L-2 and H-3 of the profile.
    public var template: TPMTPublic {
        switch self {
        case .rsa2048:
            TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: Self.lowRange,
                authPolicy: Self.policyA,
                parameters: .rsa(
                    TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048),
                    unique: [UInt8](repeating: 0, count: 256)
                )
            )
        case .p256:
            TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: Self.lowRange,
                authPolicy: Self.policyA,
                parameters: .ecc(
                    TPMSECCParms(symmetric: .aes128CFB, scheme: .null, curveID: .p256),
                    unique: TPMSECCPoint(
                        x: [UInt8](repeating: 0, count: 32),
                        y: [UInt8](repeating: 0, count: 32)
                    )
                )
            )
        case .p384:
            TPMTPublic(
                nameAlg: .sha384,
                objectAttributes: Self.highRange,
                authPolicy: Self.policyB384,
                parameters: .ecc(
                    TPMSECCParms(symmetric: .aes256CFB, scheme: .null, curveID: .p384),
                    unique: TPMSECCPoint(x: [], y: [])
                )
            )
        }
    }

    private static let lowRange: TPMAObject = [
        .fixedTPM, .fixedParent, .sensitiveDataOrigin, .adminWithPolicy, .restricted, .decrypt,
    ]
    private static let highRange: TPMAObject = lowRange.union(.userWithAuth)

    /// PolicySecret(TPM_RH_ENDORSEMENT), SHA-256.
    private static let policyA =
        [UInt8](hexadecimal: "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa") ?? []
    /// PolicyOR(PolicyA, PolicyC), SHA-384.
    private static let policyB384 =
        [UInt8](
            hexadecimal: "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ac"
                + "b47ba09699646150f9fc000f3f80e12"
        ) ?? []
}
