import TPMWire

/// The hashes that are accepted wherever a hash protects something.
enum Hashes {
    /// SHA-256, SHA-384 and SHA-512; everything else on the list of TPM algorithms is weaker, or not used for signing here.
    static func accepted(_ algorithm: AlgorithmID) -> Bool {
        algorithm == .sha256 || algorithm == .sha384 || algorithm == .sha512
    }
}
