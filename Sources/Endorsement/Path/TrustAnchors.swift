/// The certificates that end a path, and those that may stand in the middle of one.
public struct TrustAnchors: Sendable, Hashable {
    /// Self-signed certificates: where a path may end.
    public let roots: [ParsedCertificate]
    /// All others.
    public let intermediates: [ParsedCertificate]

    /// Certificates as they come: the self-signed are roots, all others intermediates.
    ///
    /// Repeated ones count once.
    public init(_ certificates: [ParsedCertificate]) {
        var seen: Set<[UInt8]> = []
        let distinct = certificates.filter { seen.insert($0.bytes).inserted }
        // Checked by signature: anybody can write his own name into both places.
        roots = distinct.filter(\.isSelfSigned)
        intermediates = distinct.filter { !$0.isSelfSigned }
    }
}
