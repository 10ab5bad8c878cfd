public import TPMWire

extension Name {
    /// The Name of an object: nameAlg and the digest of its public area (Part 1, 16).
    ///
    /// Computed from the area as it was received: parsed and written areas are equal byte for byte. An object with a
    /// nameAlg of TPM_ALG_NULL has the empty Name.
    public init(of area: TPMTPublic) throws(TPMCryptoError) {
        self = try Name(nameAlg: area.nameAlg, over: area.bytes)
    }

    /// The Name of an NV index: nameAlg and the digest of its public area.
    ///
    /// It changes when the index is first written or locked, because the attributes do.
    public init(of index: TPMSNVPublic) throws(TPMCryptoError) {
        self = try Name(nameAlg: index.nameAlg, over: index.bytes)
    }

    /// The qualified Name of this object under a parent (Part 1, 26.5): nameAlg and the digest of both Names.
    ///
    /// - Parameter parent: the *qualified* Name of the parent; for a primary key `Name(handle:)` of its hierarchy.
    public func qualified(under parent: Name) throws(TPMCryptoError) -> Name {
        guard let algorithm else {
            throw TPMCryptoError(.unsuitableKey, "only an object with a digest for a Name has a qualified Name")
        }
        return try Name(nameAlg: algorithm, over: parent.contents + contents)
    }

    private init(nameAlg: AlgorithmID, over bytes: [UInt8]) throws(TPMCryptoError) {
        guard nameAlg != .null else {
            self = .empty
            return
        }
        guard let name = Name(algorithm: nameAlg, digest: try HashAlgorithm(nameAlg).digest(bytes)) else {
            throw TPMCryptoError(.library, "a digest has a wrong length")
        }
        self = name
    }
}
