import Glibc

/// Directories that hold keys or state: nobody else may look into them, let alone change them.
public enum PrivateDirectory {
    /// Makes the directory with mode 0700, or checks the one that is there: this user's own, closed to others, no symbolic link.
    /// - Throws: `FileError`; `.foreign` for a directory that another user owns, `.exposed` for one that others may read or change,
    ///   `.isNoDirectory` for what is none, and for a link.
    public static func make(_ path: String) throws(FileError) {
        if unsafe mkdir(path, 0o700) == 0 {
            // The umask may have taken bits away, never added any; ask for exactly these.
            guard unsafe chmod(path, 0o700) == 0 else { throw FileError(errno: errno, .write, path) }
            return try AtomicFile.synchronize(directoryOf: path)
        }
        guard errno == EEXIST else { throw FileError(errno: errno, .write, path) }
        try check(path)
    }

    /// Checks that a directory is this user's own and closed to others.
    public static func check(_ path: String) throws(FileError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { throw FileError(errno: errno, .read, path) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(.isNoDirectory, .write, path) }
        guard status.st_uid == geteuid() else { throw FileError(.foreign, .write, path) }
        guard status.st_mode & 0o077 == 0 else { throw FileError(.exposed, .write, path) }
    }
}
