/// Which fields an entry of an IMA measurement list has (Linux, Documentation/security/IMA-templates).
///
/// A closed list: what an entry of another template says cannot be judged, so it is refused by its name.
public enum IMATemplate: String, Hashable, Sendable, CaseIterable, Codable {
    /// A SHA-1 file digest and a name of at most 255 bytes, in the fixed layout of the first kernels with IMA.
    case ima
    /// A file digest with its algorithm, and a path.
    case imaNG = "ima-ng"
    /// The same, and whether the digest is of the whole file or of an fs-verity tree.
    case imaNGv2 = "ima-ngv2"
    /// `ima-ng`, and the signature of the file's `security.ima` attribute.
    case imaSig = "ima-sig"
    /// `ima-ngv2` and a signature.
    case imaSigV2 = "ima-sigv2"
    /// The digest of some data, the name of where they came from, and the data: keys, command lines, policies.
    case imaBuf = "ima-buf"

    /// What follows digest and name.
    enum Tail { case nothing, signature, buffer }

    var tail: Tail {
        switch self {
        case .ima, .imaNG, .imaNGv2: .nothing
        case .imaSig, .imaSigV2: .signature
        case .imaBuf: .buffer
        }
    }

    /// Whether the digest's algorithm stands behind its type, `ima:` or `verity:`.
    var hasDigestType: Bool { self == .imaNGv2 || self == .imaSigV2 }
}
