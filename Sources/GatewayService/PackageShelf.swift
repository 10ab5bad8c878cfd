import Crypto
import DurableFiles
import Glibc
import Logging
import Messages
import Synchronization

/// Packages that the gateway's children need: each is fetched once, checked, and kept while there is room.
///
/// What lies there under its digest is whole and has that digest; a part has another name, and is gone on with after a kill.
actor PackageShelf {
    private let directory: String
    private let source: PackageSource
    /// The most bytes of all packages together.
    private let room: UInt64
    private let logger: Logger
    private var fetching: [ContentDigest: Progress] = [:]
    private var troubles: [ContentDigest: (text: String, until: ContinuousClock.Instant)] = [:]

    /// How long a failed attempt stands before another child's question begins the next.
    private static let pause = Duration.seconds(5)

    private final class Progress: Sendable {
        /// How many it will be.
        let size: UInt64
        private let bytes = Mutex<UInt64>(0)
        init(of size: UInt64) { self.size = size }
        var received: UInt64 { bytes.withLock { $0 } }
        func set(_ count: UInt64) { bytes.withLock { $0 = count } }
    }

    init(_ directory: String, _ source: PackageSource, room: UInt64, logger: Logger) throws {
        self.directory = directory
        self.source = source
        self.room = room
        self.logger = logger
        try PrivateDirectory.make(directory)
    }

    nonisolated func path(of digest: ContentDigest) -> String { "\(directory)/\(digest)" }

    /// How far a package is; the first question after which it is not there begins to fetch it.
    func status(of artifact: Artifact) -> PackageStatus {
        func status(_ received: UInt64, isReady: Bool = false, _ trouble: String? = nil) -> PackageStatus {
            PackageStatus(
                sha256: artifact.sha256,
                size: artifact.size,
                received: received,
                isReady: isReady,
                trouble: trouble
            )
        }
        if unsafe access(path(of: artifact.sha256), R_OK) == 0 {
            noteUse(of: artifact.sha256)
            return status(artifact.size, isReady: true)
        }
        if let progress = fetching[artifact.sha256] { return status(progress.received) }
        if let trouble = troubles[artifact.sha256], ContinuousClock.now < trouble.until {
            return status(0, trouble.text)
        }
        // What is on its way keeps its room: this one is begun when somebody asks once that is whole.
        if artifact.size <= room, artifact.size > room - min(room, underWay) { return status(0) }
        let progress = Progress(of: artifact.size)
        fetching[artifact.sha256] = progress
        Task { await self.fetch(artifact, progress) }
        return status(0)
    }

    private func fetch(_ artifact: Artifact, _ progress: Progress) async {
        do {
            try makeRoom(for: artifact.size)
            try await source.bring(artifact, to: path(of: artifact.sha256)) { progress.set($0) }
            troubles[artifact.sha256] = nil
            logger.notice("package", metadata: ["sha256": "\(artifact.sha256)", "bytes": "\(artifact.size)"])
        } catch {
            troubles[artifact.sha256] = (PackageTrouble.text(of: error), .now + Self.pause)
            logger.warning(
                "a package could not be fetched",
                metadata: ["sha256": "\(artifact.sha256)", "why": "\(error)"]
            )
        }
        fetching[artifact.sha256] = nil
    }

    /// A file system may note reading never (noatime) or once a day: what is asked for all the time would go first.
    private func noteUse(of digest: ContentDigest) { _ = unsafe utimes(path(of: digest), nil) }

    struct NoRoom: Error, CustomStringConvertible {
        var needed: UInt64
        var room: UInt64
        var description: String { "a package of \(needed) bytes does not fit into the \(room) that the gateway keeps" }
    }

    /// The bytes of all that is being fetched, once it is whole.
    private var underWay: UInt64 {
        fetching.values.reduce(0) { sum, progress in
            // What does not fit is not fetched either.
            guard progress.size <= room else { return sum }
            let (next, overflow) = sum.addingReportingOverflow(progress.size)
            return overflow ? .max : next
        }
    }

    /// Removes what was not asked for the longest, until the rest leaves room for all that is being fetched.
    private func makeRoom(for size: UInt64) throws {
        guard size <= room else { throw NoRoom(needed: size, room: room) }
        let fetched = Set(fetching.keys.flatMap { [path(of: $0), Self.part(of: path(of: $0))] })
        let left = room - min(room, underWay)
        var kept = try DirectoryEntries.names(in: directory).compactMap {
            name -> (path: String, size: UInt64, used: Int)? in
            let path = "\(directory)/\(name)"
            var status = stat()
            guard !fetched.contains(path), unsafe stat(path, &status) == 0, let size = UInt64(exactly: status.st_size)
            else { return nil }
            return (path, size, status.st_atim.tv_sec)
        }.sorted { $0.used < $1.used }
        var total = kept.reduce(0) { $0 + $1.size }
        while total > left, let oldest = kept.first {
            kept.removeFirst()
            // One that is being sent stays whole for who has it open.
            _ = unsafe unlink(oldest.path)
            total -= oldest.size
        }
    }

    /// Where a package is that is not whole yet.
    static func part(of place: String) -> String { place + ".part" }
}

extension PackageSource {
    /// Brings a package to its place, or the rest of one: away from the shelf, where others ask how far it is.
    @concurrent fileprivate func bring(
        _ artifact: Artifact,
        to place: String,
        progress: @escaping @Sendable (UInt64) -> Void
    ) async throws {
        let part = try PackagePart(PackageShelf.part(of: place), of: artifact, progress: progress)
        // Of one that is whole there is no rest: a server answers that with an error (RFC 9110 section 15.5.17).
        if part.received < artifact.size {
            try await fetch(
                artifact,
                from: part.received,
                restart: { try part.restart() },
                keep: { try part.append($0) }
            )
        }
        try part.finish(as: place)
    }
}

/// A package on its way, in a file that another run can go on with.
final class PackagePart: Sendable {
    private struct State {
        var digest = SHA256()
        var received: UInt64 = 0
    }

    private let path: String
    private let artifact: Artifact
    private let descriptor: CInt
    private let state = Mutex(State())
    private let progress: @Sendable (UInt64) -> Void

    struct Different: Error, CustomStringConvertible {
        var description: String { "what came is not the package that the release names" }
    }

    /// Opens the part that an earlier run has left, or begins one.
    init(_ path: String, of artifact: Artifact, progress: @escaping @Sendable (UInt64) -> Void) throws(FileError) {
        self.path = path
        self.artifact = artifact
        self.progress = progress
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        var reader = ChunkReader(descriptor, path: path)
        while let piece = try reader.next() {
            state.withLock { state in
                state.digest.update(data: piece)
                state.received += UInt64(piece.count)
            }
        }
        if received > artifact.size { try restart() }
        progress(received)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var received: UInt64 { state.withLock(\.received) }

    func restart() throws(FileError) {
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError(errno: errno, .write, path)
        }
        state.withLock { $0 = State() }
    }

    func append(_ piece: [UInt8]) throws {
        let received = state.withLock { state in
            state.digest.update(data: piece)
            state.received += UInt64(piece.count)
            return state.received
        }
        guard received <= artifact.size else { throw Different() }
        try AtomicFile.write(piece, descriptor: descriptor, path: path)
        progress(received)
    }

    /// Puts it in its place when it is whole and has its digest; what is something else is removed.
    func finish(as place: String) throws {
        let (digest, received) = state.withLock { (ContentDigest(bytes: Array($0.digest.finalize())), $0.received) }
        guard received == artifact.size, digest == artifact.sha256 else {
            // Shorter may go on; of the right size it is wrong for good.
            if received >= artifact.size { _ = unsafe unlink(path) }
            throw Different()
        }
        guard fchmod(descriptor, 0o400) == 0, fsync(descriptor) == 0, unsafe rename(path, place) == 0 else {
            throw FileError(errno: errno, .write, place)
        }
        try AtomicFile.synchronize(directoryOf: place)
    }
}
