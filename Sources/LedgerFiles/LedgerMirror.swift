import DurableFiles
public import Ledger
import Wording

/// Brings a directory up to a checkpoint of its log, and holds what is offered to what the directory has.
///
/// Whatever is there after a kill or a refusal, the directory's checkpoint is over files that stand there whole: tiles come
/// first, what an earlier checkpoint covers is never written again, and the checkpoint comes last.
public struct LedgerMirror: Sendable {
    /// Where it is written.
    public let directory: LedgerDirectory
    private let logKeys: [VerifierKey]

    /// - Parameter logKeys: whose checkpoints count: one key, or several while one follows another.
    public init(_ directory: LedgerDirectory, logKeys: [VerifierKey]) {
        self.directory = directory
        self.logKeys = logKeys
    }

    /// Why nothing was brought over.
    public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// What is offered is not a log that continues the one in the directory, or its signature does not hold.
        case log(LedgerRefusal)
        /// The entries offered are not those that the checkpoint was signed over.
        case notSigned(size: Int)
        /// The directory's own files are not those that its checkpoint was signed over.
        case damaged(path: String)
        /// The directory holds somebody's files, and no copy of a ledger.
        case foreign(path: String)

        public var description: String {
            switch self {
            case .log(let refusal): refusal.description
            case .notSigned(let size):
                "\(Counted.of(size, "entry is not the one", "entries are not those")) that the checkpoint was signed over"
            case .damaged(let path): "the files in \(path) are not those that its own checkpoint was signed over"
            case .foreign(let path): "\(path) holds other files, and no copy of a ledger"
            }
        }
    }

    /// The checkpoint that the directory has; `nil` when it has none.
    public func checkpoint() throws -> VerifiedCheckpoint? {
        guard let bytes = try directory.fileIfThere(LedgerDirectory.checkpointName) else { return nil }
        return try SignedCheckpoint(parsing: bytes).verify(logKeys: logKeys).mapError(Refusal.log).get()
    }

    /// Brings it up to a checkpoint.
    /// - Parameters:
    ///   - offered: signed by the log's key.
    ///   - progress: is told how many entries were looked at.
    ///   - file: gives a file of the log by its path.
    /// - Returns: the checkpoint that holds now.
    /// - Throws: `Refusal`, `FileError`, `LedgerFormatError`, or what `file` throws.
    public func update(
        to offered: SignedCheckpoint,
        progress: (Int) -> Void = { _ in },
        file: @escaping @Sendable (_ path: String) async throws -> [UInt8]
    ) async throws -> Checkpoint {
        let new = try offered.verify(logKeys: logKeys).mapError(Refusal.log).get().checkpoint
        let old = try checkpoint()?.checkpoint
        if old == nil, try !directory.isFree() { throw Refusal.foreign(path: directory.path) }
        if let old, new.size < old.size { throw Refusal.log(.truncated(seen: old.size, offered: new.size)) }
        let log = TiledLog(size: new.size, file: file)
        var walk = Walk(directory: directory, old: old, new: new, keepsAll: true)
        var found = try await walk.run(log, progress)
        if found == .another, walk.hasKeptUnproven {
            walk = Walk(directory: directory, old: old, new: new, keepsAll: false)
            found = try await walk.run(log, progress)
        }
        guard found == .same else { throw try await refusal(old, new, log) }
        // Another run may have gone further meanwhile: that is not taken back.
        if let held = try checkpoint()?.checkpoint, held.size > new.size { return held }
        for (path, bytes) in walk.partials { try directory.write(bytes, to: path.text) }
        try directory.write(offered.bytes, to: LedgerDirectory.checkpointName)
        for path in walk.filled { directory.removePartials(of: path) }
        return new
    }

    /// Who is at fault when the directory and what is offered do not fit.
    private func refusal(_ old: Checkpoint?, _ new: Checkpoint, _ log: TiledLog) async throws -> Refusal {
        if let old {
            let own = TiledLog(size: old.size) { [directory] path in try directory.file(path) }
            guard try await Self.root(own) == old.root else { return .damaged(path: directory.path) }
        }
        guard let old, try await Self.root(log) == new.root else { return .notSigned(size: new.size) }
        return .log(.forked(seen: old.size, offered: new.size))
    }

    private static func root(_ log: TiledLog) async throws -> TreeHash {
        var frontier = TreeFrontier()
        for bundle in log.bundles() {
            for entry in try await log.entries(bundle) { _ = frontier.append(entry.leafHash) }
        }
        return frontier.root
    }
}
