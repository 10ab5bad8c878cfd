/// The certificates that end a path, and those that may stand in the middle of one.
public struct TrustAnchors: Sendable, Hashable {
    /// Self-signed certificates: where a path may end.
    public let roots: [ParsedCertificate]
    /// All others.
    public let intermediates: [ParsedCertificate]
    private let bySubject: [[UInt8]: [Issuer]]

    /// A certificate whose key may have signed another.
    struct Issuer: Sendable, Hashable {
        let certificate: ParsedCertificate
        let isRoot: Bool
    }

    /// Certificates as they come: the self-signed are roots, all others intermediates.
    ///
    /// Repeated ones count once.
    public init(_ certificates: [ParsedCertificate]) {
        var seen: Set<[UInt8]> = []
        let distinct = certificates.filter { seen.insert($0.bytes).inserted }
        // Checked by signature: anybody can write his own name into both places.
        let sorted = distinct.map { Issuer(certificate: $0, isRoot: $0.isSelfSigned) }
        roots = sorted.filter(\.isRoot).map(\.certificate)
        intermediates = sorted.filter { !$0.isRoot }.map(\.certificate)
        bySubject = Dictionary(grouping: sorted, by: { $0.certificate.subject.folded })
    }

    /// Those of this name.
    func issuers(named name: CertificateName) -> [Issuer] { bySubject[name.folded] ?? [] }
}
