public import TPMWire

/// Templates of IAK and IDevID (TCG TPM 2.0 Keys for Device Identity and Attestation, 7.3).
///
/// The raw value is the name of the template in the standard. The same template gives the same key in the same TPM for
/// ever, also after TPM2_Clear, as long as every byte of it is the same.
public enum DeviceIdentityTemplate: String, Sendable, CaseIterable {
    /// RSA-2048 with SHA-256.
    case rsa2048 = "H-1"
    /// P-256 with SHA-256.
    case eccP256 = "H-2"
    /// P-384 with SHA-384.
    case eccP384 = "H-3"

    /// What stands in unique.y of the elliptic-curve templates: implementations differ, and the key with them.
    public enum UniqueY: String, Sendable, CaseIterable {
        /// Nothing, as swtpm has it.
        case empty
        /// The same text as in unique.x, as rust-keylime has it.
        case repeated
    }

    /// The hash of Name, policy and scheme.
    public var nameAlg: AlgorithmID {
        switch self {
        case .rsa2048, .eccP256: .sha256
        case .eccP384: .sha384
        }
    }

    /// The initial attestation key: a restricted signing key, so that what it signs was made by the TPM.
    /// - Parameter former: what tells a TPM's later life from its first, at most 26 bytes (unique.x of P-256 holds 32).
    public func iak(uniqueY: UniqueY = .empty, following former: [UInt8] = []) -> TPMTPublic {
        TPMTPublic(
            nameAlg: nameAlg,
            objectAttributes: [
                .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .restricted, .sign,
            ],
            authPolicy: self == .eccP384 ? Self.iakPolicySHA384 : Self.iakPolicySHA256,
            parameters: parameters(unique: "IAK", former, uniqueY, rsaScheme: .rsapss(nameAlg))
        )
    }

    /// The initial device identity: an unrestricted signing key, for TLS and the like.
    /// - Parameter former: as for the attestation key.
    public func idevid(uniqueY: UniqueY = .empty, following former: [UInt8] = []) -> TPMTPublic {
        TPMTPublic(
            nameAlg: nameAlg,
            objectAttributes: [
                .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .sign,
            ],
            authPolicy: self == .eccP384 ? Self.idevidPolicySHA384 : Self.idevidPolicySHA256,
            parameters: parameters(unique: "IDEVID", former, uniqueY, rsaScheme: .null)
        )
    }

    /// A restricted signing key without adminWithPolicy (0x00050072).
    ///
    /// TPM2_ActivateCredential uses the ADMIN role, for which the identity keys would want a policy that stands only
    /// in the standard. This key stands in for them at enrolment: a credential is activated on it, and it certifies
    /// the creation of the identity keys (TPM2_CertifyCreation wants no authorization of the object).
    public var enrolmentKey: TPMTPublic {
        TPMTPublic(
            nameAlg: nameAlg,
            objectAttributes: [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .restricted, .sign],
            parameters: parameters(unique: "", [], .empty, rsaScheme: .rsapss(nameAlg))
        )
    }

    private func parameters(
        unique: String,
        _ former: [UInt8],
        _ uniqueY: UniqueY,
        rsaScheme: TPMTAsymScheme
    ) -> TPMUPublic {
        let text = Array(unique.utf8) + former
        let point = TPMSECCPoint(x: text, y: uniqueY == .repeated ? text : [])
        switch self {
        case .rsa2048:
            return .rsa(TPMSRSAParms(symmetric: .null, scheme: rsaScheme, keyBits: 2048), unique: text)
        case .eccP256:
            return .ecc(
                TPMSECCParms(symmetric: .null, scheme: .ecdsa(nameAlg), curveID: .p256),
                unique: point
            )
        case .eccP384:
            return .ecc(
                TPMSECCParms(symmetric: .null, scheme: .ecdsa(nameAlg), curveID: .p384),
                unique: point
            )
        }
    }

    // Policies of section 7.3.6.6, table 19, as two independent implementations have them.
    private static let iakPolicySHA256: [UInt8] = [
        0x54, 0x37, 0x18, 0x23, 0x26, 0xe4, 0x14, 0xfc, 0xa7, 0x97, 0xd5, 0xf1, 0x74, 0x61, 0x5a, 0x16,
        0x41, 0xf6, 0x12, 0x55, 0x79, 0x7c, 0x3a, 0x2b, 0x22, 0xc2, 0x1d, 0x12, 0x0b, 0x2d, 0x1e, 0x07,
    ]
    private static let iakPolicySHA384: [UInt8] = [
        0x12, 0x9d, 0x94, 0xeb, 0xf8, 0x45, 0x56, 0x65, 0x2c, 0x6e, 0xef, 0x43, 0xbb, 0xb7, 0x57, 0x51,
        0x2a, 0xc8, 0x7e, 0x52, 0xbe, 0x7b, 0x34, 0x9c, 0xa6, 0xce, 0x4d, 0x82, 0x6f, 0x74, 0x9f, 0xcf,
        0x67, 0x2f, 0x51, 0x71, 0x6c, 0x5c, 0xbb, 0x60, 0x5f, 0x31, 0x3b, 0xf3, 0x45, 0xaa, 0xb3, 0x12,
    ]
    private static let idevidPolicySHA256: [UInt8] = [
        0xad, 0x6b, 0x3a, 0x22, 0x84, 0xfd, 0x69, 0x8a, 0x07, 0x10, 0xbf, 0x5c, 0xc1, 0xb9, 0xbd, 0xf1,
        0x5e, 0x25, 0x32, 0xe3, 0xf6, 0x01, 0xfa, 0x4b, 0x93, 0xa6, 0xa8, 0xfa, 0x8d, 0xe5, 0x79, 0xea,
    ]
    private static let idevidPolicySHA384: [UInt8] = [
        0x4d, 0xb1, 0xaa, 0x83, 0x6d, 0x0b, 0x56, 0x15, 0xdf, 0x6e, 0xe5, 0x3a, 0x40, 0xef, 0x70, 0xc6,
        0x1c, 0x21, 0x7f, 0x43, 0x03, 0xd4, 0x46, 0x95, 0x92, 0x59, 0x72, 0xbc, 0x92, 0x70, 0x06, 0xcf,
        0xa5, 0xcb, 0xdf, 0x6d, 0xc1, 0x8c, 0x4d, 0xbe, 0x32, 0x9b, 0x2f, 0x15, 0x42, 0xc3, 0xdd, 0x33,
    ]
}
