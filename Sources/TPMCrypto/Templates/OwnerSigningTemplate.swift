public import TPMWire

/// An unrestricted P-256 signing key of a TPM's owner, as a certificate authority may keep its key in one.
public enum OwnerSigningTemplate {
    /// What TPM2_CreatePrimary takes in the owner hierarchy.
    ///
    /// - Parameter handle: where it is kept; another handle is another key, and the same one comes back until TPM2_Clear
    ///   takes the owner's seed.
    public static func area(for handle: Handle) -> TPMTPublic {
        TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDA, .sign],
            parameters: .ecc(
                TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: .p256),
                unique: TPMSECCPoint(x: Array("birthmark \(handle)".utf8), y: [])
            )
        )
    }

    /// Whether a public area is that of such a key.
    public static func describes(_ area: TPMTPublic) -> Bool {
        guard case .ecc(let detail, _) = area.parameters else { return false }
        return detail.curveID == .p256 && area.objectAttributes.contains([.fixedTPM, .sensitiveDataOrigin, .sign])
            && area.objectAttributes.isDisjoint(with: [.restricted, .decrypt])
            && (detail.scheme == .ecdsa(.sha256) || detail.scheme == .null)
    }
}
