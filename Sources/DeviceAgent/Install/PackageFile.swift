import Crypto
import DurableFiles
import Glibc
import Messages
import UpdateTrust

/// A package that stays open: what was digested is what the descriptor reads, whatever happens to the path.
struct PackageFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Opens a regular file.
    /// - Throws: `AgentError` that names the path.
    init(opening path: String) throws(AgentError) {
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        self.path = path
        guard descriptor >= 0 else { throw AgentError(input: FileError(errno: errno, .read, path)) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw AgentError(input: FileError(errno: errno, .read, path))
        }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw AgentError(input: FileError(.isDirectory, .read, path))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw AgentError(.malformed, "\(path) is not a regular file", hint: "give the package as a file")
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Digests the file from its beginning and leaves the descriptor there again.
    /// - Parameters:
    ///   - limit: the most bytes that it may have.
    ///   - copy: a descriptor that receives every byte that is digested.
    ///   - progress: is told the bytes done.
    func measure(
        limit: UInt64 = .max,
        copyingTo copy: (descriptor: Int32, path: String)? = nil,
        progress: (UInt64) -> Void
    ) throws(AgentError) -> MeasuredPackage {
        var digest = SHA256()
        var size: UInt64 = 0
        try rewind()
        var reader = ChunkReader(descriptor, path: path)
        while let piece = try files({ () throws(FileError) in try reader.next() }) {
            guard UInt64(piece.count) <= limit - size else {
                throw Self.different(path, "it is larger than the release says")
            }
            size += UInt64(piece.count)
            digest.update(data: piece)
            if let copy {
                try files { () throws(FileError) in
                    try AtomicFile.write(piece, descriptor: copy.descriptor, path: copy.path)
                }
            }
            progress(size)
        }
        try rewind()
        guard let sha256 = ContentDigest(bytes: Array(digest.finalize())) else {
            throw AgentError(.environment, "\(path) cannot be digested")
        }
        return MeasuredPackage(size: size, sha256: sha256)
    }

    /// Digests the file and holds it to what it has to be.
    /// - Throws: `AgentError` of kind `.refused` when it is something else.
    func check(
        against artifact: Artifact,
        copyingTo copy: (descriptor: Int32, path: String)? = nil,
        progress: (UInt64) -> Void
    ) throws(AgentError) {
        let measured = try measure(limit: artifact.size, copyingTo: copy, progress: progress)
        guard measured.size == artifact.size else { throw Self.different(path, "it is shorter than the release says") }
        guard measured.sha256 == artifact.sha256 else { throw Self.different(path, "its SHA-256 is another") }
    }

    /// Trouble with the disk is the environment's, whichever file it is.
    private func files<Result>(_ body: () throws(FileError) -> Result) throws(AgentError) -> Result {
        do {
            return try body()
        } catch {
            throw AgentError(error)
        }
    }

    private func rewind() throws(AgentError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw AgentError(FileError(errno: errno, .read, path)) }
    }

    private static func different(_ path: String, _ why: String) -> AgentError {
        AgentError(
            .refused,
            "\(path) is not the package of this release: \(why)",
            hint: "fetch the package again, or give the signed release that belongs to it",
            reasons: [GateReason.packageContent.rawValue]
        )
    }
}
