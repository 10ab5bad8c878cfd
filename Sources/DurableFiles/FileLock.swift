import Glibc

/// A lock between processes that the kernel lets go when its holder ends, however it ends (flock(2)).
///
/// The file stays: removing it would let two holders have two locks of one name.
public struct FileLock: ~Copyable, Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    /// Takes the lock, waiting for whoever has it: for moments only.
    public static func waiting(for path: String) throws(FileError) -> FileLock {
        let descriptor = try open(path)
        while flock(descriptor, LOCK_EX) != 0 {
            let number = errno
            if number == EINTR { continue }
            close(descriptor)
            throw FileError(errno: number, .write, path)
        }
        return FileLock(descriptor: descriptor)
    }

    /// Takes the lock if nobody has it; nil when somebody has.
    public static func trying(_ path: String) throws(FileError) -> FileLock? {
        let descriptor = try open(path)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw FileError(errno: number, .write, path) }
            return nil
        }
        return FileLock(descriptor: descriptor)
    }

    private static func open(_ path: String) throws(FileError) -> Int32 {
        let descriptor = unsafe Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileError(errno: errno, .write, path) }
        return descriptor
    }

    /// Lets the lock go; its end does the same.
    public borrowing func release() { _ = flock(descriptor, LOCK_UN) }

    deinit {
        // A child between fork and exec has the descriptor too; unlocking reaches what closing alone would not.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
