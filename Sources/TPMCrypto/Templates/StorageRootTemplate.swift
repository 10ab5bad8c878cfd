public import TPMWire

/// Templates of the storage root key (TCG TPM v2.0 Provisioning Guidance, 7.5.1).
public enum StorageRootTemplate: String, Sendable, CaseIterable {
    case rsa2048
    case eccP256

    /// What TPM2_CreatePrimary takes in the owner hierarchy.
    public var area: TPMTPublic {
        let attributes: TPMAObject = [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDA, .restricted, .decrypt,
        ]
        switch self {
        case .rsa2048:
            return TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: attributes,
                parameters: .rsa(
                    TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048),
                    unique: Array(repeating: 0, count: 256)
                )
            )
        case .eccP256:
            let zeros = [UInt8](repeating: 0, count: 32)
            return TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: attributes,
                parameters: .ecc(
                    TPMSECCParms(symmetric: .aes128CFB, scheme: .null, curveID: .p256),
                    unique: TPMSECCPoint(x: zeros, y: zeros)
                )
            )
        }
    }
}
