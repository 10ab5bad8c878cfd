import DurableFiles
import Glibc
public import Messages
import VerifierClient

extension CompensatedAgent {
    /// How long a gateway may take to begin with a package that it has to fetch itself, and to go on with one.
    private static let patience = Duration.seconds(600)
    private static let pause = Duration.milliseconds(500)

    /// Fetches the package of a release from the gateway, or the rest of one; it is held to the release's digest.
    /// - Returns: where it is.
    /// - Throws: `AgentError` without a gateway, when the release is not signed by whom this device believes, or what came is something else.
    public func fetch(
        _ envelope: SignedEnvelope,
        _ lock: borrowing AgentLock,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) async throws(AgentError) -> String {
        guard let gateway else {
            throw AgentError(
                .malformed,
                "there is no gateway to fetch the package from",
                hint: "give the package with --package, or the gateway's contact file with --gateway"
            )
        }
        let artifact = try await withNewestTrust { () async throws(AgentError) in
            try VerifiedRelease(envelope, trust).release.artifact
        }
        let spool = Spool(directory: state.spoolPath)
        if (try? spool.open(artifact, progress: { progress($0, artifact.size) })) != nil {
            return spool.path(of: artifact)
        }
        let place = spool.path(of: artifact) + ".fetched"
        // One package has room, as of those that are given as files; an install that was cut off is finished with its
        // own.
        if try state.journal()?.update?.step != .installing { spool.clear(except: place) }
        let part = try FetchedPart(place)
        do {
            try await VerifierClient.with(gateway) { client in
                try await wait(for: envelope, client, progress)
                while part.count < artifact.size {
                    let before = part.count
                    try await client.package(artifact.sha256, from: before, size: artifact.size) { piece in
                        progress(try part.append(piece), artifact.size)
                    }
                    guard part.count > before else {
                        throw VerifierClientError.malformedAnswer("a package that ends early")
                    }
                }
            }
        } catch {
            throw AgentError(of: error, about: "the package")
        }
        try part.finish(as: spool.path(of: artifact), artifact)
        return spool.path(of: artifact)
    }

    private func wait(
        for release: SignedEnvelope,
        _ client: VerifierClient,
        _ progress: (UInt64, UInt64) -> Void
    ) async throws {
        var (last, since) = (UInt64(0), ContinuousClock.now)
        while true {
            let status = try await client.package(of: release)
            if status.isReady { return }
            if let trouble = status.trouble {
                throw AgentError(
                    .environment,
                    "the gateway has not got the package: \(PlainLine.of(trouble.unicodeScalars))",
                    hint: "run the same command again; if it stays so, ask who runs the gateway"
                )
            }
            progress(0, status.size)
            if status.received > last { (last, since) = (status.received, .now) }
            guard ContinuousClock.now - since < Self.patience else {
                throw AgentError(.environment, "the gateway does not get on with the package", hint: "try again later")
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}

/// A package on its way into the spool, in a file that another run can go on with.
private final class FetchedPart: Sendable {
    private let path: String
    private let descriptor: Int32

    init(_ path: String) throws(AgentError) {
        self.path = path
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw AgentError(FileError(errno: errno, .write, path)) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var count: UInt64 {
        var status = stat()
        return unsafe fstat(descriptor, &status) == 0 ? UInt64(clamping: status.st_size) : 0
    }

    func append(_ piece: [UInt8]) throws -> UInt64 {
        do throws(FileError) {
            try AtomicFile.write(piece, descriptor: descriptor, path: path)
        } catch {
            // A disk that it has filled takes no journal any more, and so no lease.
            _ = unsafe unlink(path)
            throw AgentError(error)
        }
        return count
    }

    /// Puts it in its place when it is the artifact; anything else is removed.
    func finish(as place: String, _ artifact: Artifact) throws(AgentError) {
        do throws(AgentError) {
            try PackageFile(opening: path).check(against: artifact) { _ in }
        } catch {
            _ = unsafe unlink(path)
            throw error
        }
        try Spool.settle(descriptor, path, at: place)
    }
}
