public import TPMWire

/// What a TPM signed about itself, byte for byte as it left the TPM.
public struct SignedAttestation: Sendable, Hashable {
    /// TPMS_ATTEST, without the size of a TPM2B.
    public let attest: [UInt8]
    /// TPMT_SIGNATURE over `attest`.
    public let signature: [UInt8]
}

/// The circumstances of an object's creation, and the TPM's ticket for them.
public struct Creation: Sendable, Hashable {
    /// TPMS_CREATION_DATA, without the size of a TPM2B.
    public let data: [UInt8]
    /// Digest of `data` with the object's nameAlg, as CertifyCreation wants it.
    public let hash: [UInt8]
    public let ticket: TPMTTKCreation
}

/// A primary object that has just been made.
public struct CreatedPrimary: ~Copyable {
    public let object: TransientObject
    public let creation: Creation
}

/// An object that was made under a parent and is not loaded.
public struct CreatedObject: Sendable {
    public let privateArea: TPM2BPrivate
    public let publicArea: TPMTPublic
    public let creation: Creation
}

/// What TPM2_ReadPublic says of an object.
public struct PublicInformation: Sendable, Hashable {
    public let publicArea: TPMTPublic
    public let name: Name
    public let qualifiedName: Name
}
