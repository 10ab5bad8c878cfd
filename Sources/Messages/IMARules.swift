/// What Linux may have measured: a part of the policy's file, which rules name by its id.
///
/// A file is allowed by its digest, by a signature or by its path; what nothing allows is refused.
public struct IMARules: Hashable, Sendable, Codable {
    /// What rules call it.
    public var id: Label
    /// Digests of files as the list writes them, `sha256:` and hexadecimal, wherever the files lie.
    public var digests: [String]?
    /// Whose signatures allow a file.
    public var signers: [Signer]?
    /// Paths that nothing is said of.
    public var exclusions: [Exclusion]?
    /// Data that are no files: keys, command lines, policies.
    public var buffers: [Buffer]?
    /// Why files may have changed while they were measured; absent: they may not.
    public var violationsToleratedBecause: Remark?
    /// How kernels extend banks other than SHA-1: `per-bank`, `padded-sha1`; absent: the quote tells.
    public var extensions: [String]?

    /// More than this make no list that a person looks after.
    static let maximumDigests = 20_000
    /// The most of everything else.
    static let maximumParts = 1000

    /// A key that signs files.
    public struct Signer: Hashable, Sendable, Codable {
        /// The four bytes by which the kernel finds the key, in hexadecimal.
        public var keyID: HexBytes
        /// SubjectPublicKeyInfo in PEM.
        public var key: String
    }

    /// Files that are not judged.
    public struct Exclusion: Hashable, Sendable, Codable {
        /// A directory with a slash at its end, for everything below it; or one path.
        public var path: String
        /// Why.
        public var because: Remark
    }

    /// Data with a name that the kernel gave them.
    public struct Buffer: Hashable, Sendable, Codable {
        /// The name, as in `.ima` or `kexec-cmdline`.
        public var name: String
        /// Digests that the data may have; exactly one of this and `anyBecause` is there.
        public var digests: [String]?
        /// Why they may be anything.
        public var anyBecause: Remark?
    }

    /// Holds the parts to one another and to their bounds.
    /// - Throws: `MessageError` that names these rules and what cannot be meant.
    public func check() throws(MessageError) {
        let parts = [signers?.count, exclusions?.count, buffers?.count, buffers?.compactMap(\.digests).joined().count]
        guard (digests?.count ?? 0) <= Self.maximumDigests, parts.allSatisfy({ ($0 ?? 0) <= Self.maximumParts }) else {
            throw fault("at most \(Self.maximumDigests) digests and \(Self.maximumParts) of anything else")
        }
        for signer in signers ?? [] where signer.keyID.bytes.count != 4 {
            throw fault("a \"keyID\" has four bytes: the last of the subject key identifier")
        }
        for exclusion in exclusions ?? [] where !exclusion.path.hasPrefix("/") {
            throw fault("\"\(exclusion.path)\" is not a path from the root")
        }
        for buffer in buffers ?? [] where (buffer.digests == nil) == (buffer.anyBecause == nil) {
            throw fault("\"\(buffer.name)\" needs \"digests\" or \"anyBecause\", and not both")
        }
        guard Set((buffers ?? []).map(\.name)).count == (buffers ?? []).count else {
            throw fault("a name of \"buffers\" stands twice")
        }
        guard extensions?.isEmpty != true else { throw fault("no \"extensions\" would refuse every list") }
    }

    /// SHA-256 of the canonical form: which rules a list was judged by.
    public var digest: ContentDigest {
        get throws(MessageError) { ContentDigest(of: try CanonicalJSON.encode(self)) }
    }

    /// What cannot be meant, under the id of these rules.
    public func fault(_ what: String) -> MessageError { MessageError(.outOfRange, "ima \"\(id)\": \(what)") }
}
