import DurableFiles
import Glibc
import Messages
import VerifierClient

/// Where a gateway gets packages: a directory, or an HTTPS server of files.
enum PackageSource: Sendable {
    /// Packages stand there by their SHA-256, or by the artifact's name.
    case directory(String)
    /// Below an address they stand by their SHA-256.
    case server(url: String, tlsRoots: String)

    private static let pieceSize = 256 << 10

    /// Brings the rest of an artifact.
    /// - Parameters:
    ///   - offset: how much of it is there already.
    ///   - restart: called when the whole comes in the place of the rest.
    func fetch(
        _ artifact: Artifact,
        from offset: UInt64,
        restart: @escaping @Sendable () throws -> Void,
        keep: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        switch self {
        case .directory(let path): try copy(artifact, in: path, from: offset, keep: keep)
        case .server(let url, let roots):
            try await VerifierClient.with(packagesAt: url, tlsRoots: roots) { client in
                try await client.file(
                    artifact.sha256,
                    from: offset,
                    size: artifact.size,
                    restart: restart,
                    keep: keep
                )
            }
        }
    }

    private func copy(
        _ artifact: Artifact,
        in directory: String,
        from offset: UInt64,
        keep: ([UInt8]) throws -> Void
    ) throws {
        let places = ["\(directory)/\(artifact.sha256)", "\(directory)/\(artifact.name)"]
        let descriptor =
            places.lazy.map { path -> CInt in unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }.first { $0 >= 0 }
            ?? CInt(-1)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, places[0]) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(errno: errno, .read, places[0]) }
        guard status.st_mode & S_IFMT != S_IFIFO else { throw FileError(.pipe, .read, places[0]) }
        var place = offset
        while place < artifact.size {
            guard let start = off_t(exactly: place) else { throw FileError(errno: EFBIG, .read, directory) }
            var failure: CInt = 0
            let most = Int(clamping: min(UInt64(Self.pieceSize), artifact.size - place))
            let piece = unsafe [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
                let read = unsafe pread(descriptor, buffer.baseAddress, most, start)
                failure = read < 0 ? errno : 0
                count = max(0, read)
            }
            guard failure == 0 else { throw FileError(errno: failure, .read, places[0]) }
            guard !piece.isEmpty else { return }
            try keep(piece)
            place += UInt64(piece.count)
        }
    }
}
