import Glibc

/// Tells one state of files from another without reading them: which files there are, their sizes and times.
///
/// What is written in place twice within a tick of the file system's clock, to the same length, looks the same.
public struct FileStamps: Hashable, Sendable {
    private struct Stamp: Hashable {
        var path: String
        var device: dev_t
        var inode: ino_t
        var size: off_t
        var modified: Time
        var changed: Time
    }

    private struct Time: Hashable {
        var seconds: Int
        var nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    private var stamps: [Stamp] = []

    // More than any directory of certificates has; whatever lies beyond is not looked at.
    private static let maximumDepth = 5
    private static let maximumCount = 8192

    /// Looks at files, and at directories with all that is in them; what is not there is a state, too.
    public init(of paths: [String]) {
        for path in paths { add(path, depth: 0) }
    }

    private mutating func add(_ path: String, depth: Int) {
        var status = stat()
        guard depth <= Self.maximumDepth, stamps.count < Self.maximumCount, unsafe stat(path, &status) == 0 else {
            return
        }
        stamps.append(
            Stamp(
                path: path,
                device: status.st_dev,
                inode: status.st_ino,
                size: status.st_size,
                modified: Time(status.st_mtim),
                changed: Time(status.st_ctim)
            )
        )
        guard status.st_mode & S_IFMT == S_IFDIR else { return }
        // One that cannot be read looks like an empty one; whoever reads the files themselves is told.
        let names = (try? DirectoryEntries.names(in: path)) ?? []
        for name in names.sorted() { add("\(path)/\(name)", depth: depth + 1) }
    }
}
