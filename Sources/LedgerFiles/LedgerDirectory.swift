public import DurableFiles
import FoundationEssentials
import Glibc
import Ledger

/// A ledger in a directory as C2SP tlog-tiles lays it out: any web server can serve it, and anybody can check it without a network.
public struct LedgerDirectory: Sendable {
    /// Its path.
    public let path: String

    /// The most bytes of a file: a full bundle of entries, each behind its length.
    public static let maximumFileSize = TilePath.fullWidth * (2 + LogEntry.maxByteCount)
    static let checkpointName = "checkpoint"
    private static let tilesName = "tile"
    /// Everybody may read it: it is for strangers.
    private static let mode: UInt32 = 0o644

    /// - Parameter path: a directory, which need not be there to be written.
    public init(_ path: String) { self.path = path }

    /// A file by its path in the log: `checkpoint`, `tile/0/000`, `tile/entries/000.p/5`.
    public func file(_ name: String) throws(FileError) -> [UInt8] {
        try BoundedFile.readKept("\(path)/\(name)", limit: Self.maximumFileSize)
    }

    func fileIfThere(_ name: String) throws(FileError) -> [UInt8]? {
        try BoundedFile.readIfThere("\(path)/\(name)", limit: Self.maximumFileSize)
    }

    /// Whether a copy without a checkpoint can be begun here, or gone on with: there is nothing but what one that was cut off leaves.
    func isFree() throws(FileError) -> Bool {
        let names = try DirectoryEntries.names(in: path)
        return names.allSatisfy { $0 == Self.tilesName || $0.hasPrefix(Self.checkpointName + ".") }
    }

    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    func write(_ bytes: [UInt8], to name: String) throws(FileError) {
        let file = "\(path)/\(name)"
        let parent = file.lastIndex(of: "/").map { String(file[..<$0]) } ?? path
        if !FileManager.default.fileExists(atPath: parent) { try Self.make(parent) }
        try AtomicFile.write(bytes, to: file, mode: Self.mode)
    }

    /// Makes a directory and those above it; what Foundation says when it cannot names no errno.
    private static func make(_ directory: String) throws(FileError) {
        // What is written into it makes its own entries durable, and not the one that leads to it.
        guard unsafe mkdir(directory, 0o777) != 0 else { return try AtomicFile.synchronize(directoryOf: directory) }
        let number = errno
        guard number != EEXIST else { return }
        guard number == ENOENT, let slash = directory.lastIndex(of: "/"), slash > directory.startIndex else {
            throw FileError(errno: number, .write, directory)
        }
        try make(String(directory[..<slash]))
        guard unsafe mkdir(directory, 0o777) == 0 || errno == EEXIST else {
            throw FileError(errno: errno, .write, directory)
        }
        try AtomicFile.synchronize(directoryOf: directory)
    }

    /// Removes the partial forms of a tile that is full now (C2SP tlog-tiles allows it from then on).
    func removePartials(of tile: TilePath) {
        try? FileManager.default.removeItem(atPath: "\(path)/\(tile.text).p")
    }
}
