import Glibc

/// Reading of files that other people made: nothing is read past the bound, whatever the file system says of the size.
public enum BoundedFile {
    // Most files that are read whole are small.
    static let chunk = 64 << 10

    /// Reads a whole file, pipe or kernel file (whose size reads as 0).
    /// - Parameter limit: the most bytes accepted.
    /// - Throws: `FileError`.
    public static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, path) }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, path: path, limit: limit)
    }

    /// Reads a whole file that is kept here, and not given: never a pipe, whose reader could be left waiting for ever.
    /// - Parameters:
    ///   - offset: what comes before it is passed over; nothing is read of a file that ends earlier.
    ///   - limit: the most bytes accepted.
    /// - Throws: `FileError`; `.pipe` for one.
    public static func readKept(_ path: String, from offset: UInt64 = 0, limit: Int) throws(FileError) -> [UInt8] {
        try readKept(path, from: offset, limit: limit) { _ throws(FileError) in }
    }

    /// Reads a whole file that is nobody else's business, such as a private key.
    /// - Throws: `FileError`; `.exposed` for one that others may read or change, `.pipe` for a pipe.
    public static func readPrivate(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        try readKept(path, from: 0, limit: limit) { status throws(FileError) in try checkPrivate(status, path) }
    }

    /// Reads a whole file, or a pipe, that a person gives and that is nobody else's business, such as that person's key or passphrase.
    /// - Throws: `FileError`; `.exposed` for one that others may read or change.
    public static func readGivenPrivate(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(errno: errno, .read, path) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw FileError(.isDirectory, .read, path) }
        try checkPrivate(status, path)
        return try read(descriptor: descriptor, path: path, limit: limit)
    }

    private static func checkPrivate(_ status: stat, _ path: String) throws(FileError) {
        guard !isExposed(mode: status.st_mode, owner: status.st_uid, group: status.st_gid, to: geteuid()) else {
            throw FileError(.exposed, .read, path)
        }
    }

    /// Whether others than its owner may read or change a file that a user could open.
    ///
    /// What is root's, and for its own group to read, is not: so systemd hands a credential to a service's user, whose name is in an access
    /// control list of which a mode shows the mask alone (systemd.exec(5), `LoadCredential=`).
    static func isExposed(mode: mode_t, owner: uid_t, group: gid_t, to user: uid_t) -> Bool {
        let isHandedOut = owner == 0 && group == 0 && user != 0
        return mode & (isHandedOut ? 0o037 : 0o077) != 0
    }

    /// The same as ``readKept(_:from:limit:)`` of a file that is admitted by what was opened.
    static func readKept(
        _ path: String,
        from offset: UInt64,
        limit: Int,
        admitting admit: (stat) throws(FileError) -> Void
    ) throws(FileError) -> [UInt8] {
        // Of a pipe that nobody writes to, open(2) would not return.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError(errno: errno, .read, path) }
        guard status.st_mode & S_IFMT != S_IFIFO else { throw FileError(.pipe, .read, path) }
        try admit(status)
        if offset > 0 {
            guard let offset = off_t(exactly: offset), lseek(descriptor, offset, SEEK_SET) == offset else {
                throw FileError(errno: errno, .read, path)
            }
        }
        return try read(descriptor: descriptor, path: path, limit: limit)
    }

    /// The same as ``readKept(_:from:limit:)``; nil when there is no such file.
    /// - Throws: as that, and `.dangling` for a link that leads nowhere.
    public static func readIfThere(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
        try ifThere(path) { () throws(FileError) in try readKept(path, limit: limit) }
    }

    /// The same as ``readPrivate(_:limit:)``; nil when there is no such file.
    /// - Throws: as that, and `.dangling` for a link that leads nowhere.
    public static func readPrivateIfThere(_ path: String, limit: Int) throws(FileError) -> [UInt8]? {
        try ifThere(path) { () throws(FileError) in try readPrivate(path, limit: limit) }
    }

    private static func ifThere(
        _ path: String,
        _ body: () throws(FileError) -> [UInt8]
    ) throws(FileError) -> [UInt8]? {
        do throws(FileError) {
            return try body()
        } catch {
            guard error.code == .missing else { throw error }
            // Of a link that leads nowhere open(2) says the same, and who is told that there is nothing may make
            // another in its place.
            guard try FilePresence.isThere(path) else { return nil }
        }
        // It has come meanwhile.
        return try body()
    }

    /// Reads an open descriptor to its end.
    /// - Parameter path: what the descriptor is called in an error.
    static func read(descriptor: Int32, path: String, limit: Int) throws(FileError) -> [UInt8] {
        var bytes: [UInt8] = []
        var reader = ChunkReader(descriptor, path: path, size: chunk)
        while let piece = try reader.next() {
            guard piece.count <= limit - bytes.count else { throw FileError(.tooLarge(limit: limit), .read, path) }
            bytes.append(contentsOf: piece)
        }
        return bytes
    }
}
