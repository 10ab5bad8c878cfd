import Glibc

/// Writing of files so that after a crash at any moment the path holds either the old bytes or the new ones, whole.
public enum AtomicFile {
    /// What happens to a file that stands at the path already.
    public enum Existing: Sendable {
        /// It is replaced in one step.
        case replace
        /// It stays, and the write fails with `.exists`: for keys.
        case keep
    }

    // Between a file's name and the number of the process that writes it.
    private static let marker = ".new."

    /// Removes from a directory the temporary files of writers that were killed.
    public static func sweep(_ directory: String) { sweep(directory) { _ in true } }

    /// Removes the temporary files of writers of one file that were killed, and of no other.
    public static func sweep(writersOf path: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        sweep(parent(of: path)) { $0.hasPrefix(name + marker) }
    }

    private static func sweep(_ directory: String, where isMeant: (String) -> Bool) {
        // What is left over is in nobody's way: the next writer looks again.
        for name in (try? DirectoryEntries.names(in: directory)) ?? [] where isMeant(name) {
            guard let range = name.firstRange(of: marker),
                let owner = pid_t(name[range.upperBound...].prefix { $0 != "." }),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            _ = unsafe unlink("\(directory)/\(name)")
        }
    }

    /// Writes to a temporary file beside the path, makes it durable, moves it into place, and makes the directory entry durable.
    /// - Parameter mode: permissions of the new file; the default keeps it from other users.
    /// - Throws: `FileError`; nothing half-written stays.
    public static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        existing: Existing = .replace
    ) throws(FileError) {
        let temporary = temporary(beside: path)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        do throws(FileError) {
            defer { close(descriptor) }
            // The mode asked for, not what the umask left of it.
            guard fchmod(descriptor, mode) == 0 else { throw FileError(errno: errno, .write, path) }
            try write(bytes, descriptor: descriptor, path: path)
            guard fsync(descriptor) == 0 else { throw FileError(errno: errno, .write, path) }
            try place(temporary, at: path, existing: existing)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        try synchronize(directoryOf: path)
    }

    /// The path of a temporary file beside a path, for what somebody else writes; `sweep` removes it when this process has ended.
    public static func temporary(beside path: String) -> String {
        "\(path)\(marker)\(getpid()).\(UInt32.random(in: 0 ... .max))"
    }

    /// Makes a file durable that somebody else has written, moves it to a path on its file system, and makes the directory entry durable.
    /// - Returns: how many bytes it has.
    /// - Throws: `FileError`.
    @discardableResult
    public static func move(_ made: String, to path: String, existing: Existing = .replace) throws(FileError) -> Int {
        let descriptor = unsafe open(made, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, fsync(descriptor) == 0 else {
            throw FileError(errno: errno, .write, path)
        }
        try place(made, at: path, existing: existing)
        try synchronize(directoryOf: path)
        return Int(status.st_size)
    }

    /// Copies a file of any size, for its owner only, to a path where nothing is.
    /// - Throws: `FileError`; nothing half-written stays.
    public static func copy(_ source: String, to path: String) throws {
        let temporary = temporary(beside: path)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        do {
            defer { close(descriptor) }
            try ChunkReader.pieces(of: source) { try write($0, descriptor: descriptor, path: path) }
            try move(temporary, to: path, existing: .keep)
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
    }

    private static func place(_ temporary: String, at path: String, existing: Existing) throws(FileError) {
        switch existing {
        case .replace:
            guard unsafe rename(temporary, path) == 0 else { throw fault(errno, at: path) }
        case .keep:
            // link(2) fails when the name is taken; rename(2) would not.
            if unsafe link(temporary, path) == 0 {
                _ = unsafe unlink(temporary)
            } else {
                // What a FAT stick says, where no file has two names.
                guard errno == EPERM || errno == EOPNOTSUPP else { throw FileError(errno: errno, .write, path) }
                try reserve(path, for: temporary)
            }
        }
    }

    /// What rename(2) says of a directory depends on how it is spelt: of `.` that it is busy, of one with a slash behind it that it is none.
    private static func fault(_ number: Int32, at path: String) -> FileError {
        var status = stat()
        guard [EISDIR, EBUSY, ENOTDIR].contains(number), unsafe stat(path, &status) == 0,
            status.st_mode & S_IFMT == S_IFDIR
        else { return FileError(errno: number, .write, path) }
        return FileError(.isDirectory, .write, path)
    }

    /// Moves a file to a path where nothing is, on a file system without links.
    ///
    /// Cut off in the middle an empty file has the name, which is not replaced either: whoever finds it removes it.
    static func reserve(_ path: String, for temporary: String) throws(FileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        close(descriptor)
        guard unsafe rename(temporary, path) == 0 else {
            let number = errno
            _ = unsafe unlink(path)
            throw FileError(errno: number, .write, path)
        }
    }

    /// Writes all bytes to a descriptor.
    /// - Parameter path: what the descriptor is called in an error.
    public static func write(_ bytes: some Collection<UInt8>, descriptor: Int32, path: String) throws(FileError) {
        var rest = ContiguousArray(bytes)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw FileError(errno: errno, .write, path)
            }
            rest = rest.dropFirst(count)
        }
    }

    /// Removes a file's name, durably; one that is not there is removed already.
    public static func remove(_ path: String) throws(FileError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw FileError(errno: errno, .write, path) }
        try synchronize(directoryOf: path)
    }

    /// Overwrites a file with zeros and removes it, durably; a file that is not there is no error.
    ///
    /// A file system that copies on write, and flash, may keep the old bytes where no path leads to them.
    public static func erase(_ path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            guard errno != ENOENT else { return }
            throw FileError(errno: errno, .write, path)
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(errno: errno, .write, path) }
        try overwrite(descriptor, count: Int(status.st_size), path: path)
        guard fsync(descriptor) == 0 else { throw FileError(errno: errno, .write, path) }
        try remove(path)
    }

    /// Erases a file of any size; of a symbolic link it removes the link alone.
    /// - Returns: false for what is neither: it stays.
    public static func shred(_ path: String) throws(FileError) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw FileError(errno: errno, .write, path) }
            return true
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            // A package in the spool is read-only, to keep others from writing; it is our own.
            if status.st_mode & 0o200 == 0, unsafe chmod(path, 0o600) != 0 {
                throw FileError(errno: errno, .write, path)
            }
            try erase(path)
            return true
        case S_IFLNK:
            try remove(path)
            return true
        default: return false
        }
    }

    private static func overwrite(_ descriptor: Int32, count: Int, path: String) throws(FileError) {
        let zeros = ContiguousArray<UInt8>(repeating: 0, count: min(count, 1 << 20))
        var left = count
        while left > 0 {
            let part = zeros.prefix(left)
            try write(part, descriptor: descriptor, path: path)
            left -= part.count
        }
    }

    /// Makes the entries of a file's directory durable.
    public static func synchronize(directoryOf path: String) throws(FileError) {
        try synchronize(directory: parent(of: path))
    }

    /// Makes a directory's entries durable.
    public static func synchronize(directory: String) throws(FileError) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, directory) }
        defer { close(descriptor) }
        // Some file systems have no fsync of directories and say EINVAL; there is nothing more to ask of them.
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw FileError(errno: errno, .write, directory) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
