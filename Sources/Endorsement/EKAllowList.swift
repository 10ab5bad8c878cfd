import Crypto
public import TPMWire

/// Endorsement keys that an owner trusts without a certificate, one by one.
///
/// A text file: one SHA-256 of a TPMT_PUBLIC a line in hexadecimal (the digest part of a SHA-256 Name), `#` begins a
/// comment. Nothing else is a line: a misspelt entry must not read as absent.
public struct EKAllowList: Sendable, Hashable {
    private let digests: Set<[UInt8]>

    /// More uncertified keys than anybody compares by hand.
    private static let maximumEntries = 10_000

    /// The empty list: every key needs a certificate.
    public init() { digests = [] }

    /// Reads the file's text; nil when a line is not a digest.
    public init?(parsing text: String) {
        var digests: Set<[UInt8]> = []
        for line in text.split(whereSeparator: \.isNewline) {
            let entry = line.prefix { $0 != "#" }.filter { $0 != " " && $0 != "\t" }
            guard !entry.isEmpty else { continue }
            guard let digest = [UInt8](hexadecimal: entry), digest.count == SHA256.byteCount,
                digests.count < Self.maximumEntries
            else { return nil }
            digests.insert(digest)
        }
        self.digests = digests
    }

    /// SHA-256 of the public area, whatever its nameAlg.
    public static func digest(of publicArea: TPMTPublic) -> [UInt8] { Array(SHA256.hash(data: publicArea.bytes)) }

    /// How many keys are listed.
    public var count: Int { digests.count }

    /// Whether none is.
    public var isEmpty: Bool { digests.isEmpty }

    /// Whether a digest is listed.
    func contains(_ digest: [UInt8]) -> Bool { digests.contains(digest) }
}
