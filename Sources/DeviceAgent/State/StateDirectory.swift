import DurableFiles
import Glibc
import Messages

/// The agent's one directory: mode 0700, files 0600, its user's own.
public struct StateDirectory: Sendable {
    /// Where it is.
    public let path: String

    /// Where it is unless somebody says otherwise.
    public static let defaultPath = "/var/lib/birthmark"

    /// Makes the directory, or checks that the one that is there is private.
    /// - Throws: `AgentError`.
    public init(_ path: String) throws(AgentError) {
        self.path = path
        do {
            try PrivateDirectory.make(path)
            try PrivateDirectory.make(path + "/spool")
            try PrivateDirectory.make(path + "/grants")
        } catch {
            var failure = AgentError(error)
            if error.code == .missing || error.code == .notPermitted {
                failure.hint = "make it, owned by this user and with mode 0700, or name another with --state"
            }
            throw failure
        }
    }

    /// Takes over a directory that is there, only to read it.
    public init(existing path: String) throws(AgentError) {
        self.path = path
        do {
            try PrivateDirectory.check(path)
        } catch {
            var failure = AgentError(error)
            if error.code == .missing {
                failure.hint =
                    "no agent has run with it yet: name the verifier's trust bundle with --trust, at the first attest or, off line, request"
            }
            throw failure
        }
    }

    var journalPath: String { path + "/journal.json" }
    var configurationPath: String { path + "/agent.json" }
    var trustPath: String { path + "/trust.json" }
    var spoolPath: String { path + "/spool" }

    /// Where the grant of this id is kept; nil for an id that is no token id and so could name another file.
    func grantPath(_ jti: String) -> String? {
        guard let bytes = Base64URL.decode(jti), bytes.count == Self.tokenIDSize else { return nil }
        return path + "/grants/\(jti).json"
    }

    /// Makes this process the only agent on the directory until the lock is given up or the process ends.
    /// - Throws: `AgentError` of kind `.environment` when another one holds it.
    public func lock() throws(AgentError) -> AgentLock {
        guard let lock = try lockIfFree() else {
            throw AgentError(
                .environment,
                "another birthmark-device works on \(path)",
                hint: "wait until it has ended and run the same command again"
            )
        }
        return lock
    }

    /// The same; nil when another process is the agent.
    public func lockIfFree() throws(AgentError) -> AgentLock? {
        let lockPath = path + "/lock"
        let descriptor = unsafe open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw AgentError(FileError(errno: errno, .write, lockPath)) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            guard number == EWOULDBLOCK else { throw AgentError(FileError(errno: number, .write, lockPath)) }
            return nil
        }
        AtomicFile.sweep(path)
        AtomicFile.sweep(path + "/grants")
        return AgentLock(descriptor: descriptor)
    }

    /// A file of the agent's own, or nil when there is none.
    func read(_ path: String, limit: Int) throws(AgentError) -> [UInt8]? {
        do {
            return try BoundedFile.readIfThere(path, limit: limit)
        } catch {
            throw AgentError(error)
        }
    }

    /// The same for a private key, which is not used when others may read or change its file.
    func readPrivate(_ path: String, limit: Int) throws(AgentError) -> [UInt8]? {
        do {
            return try BoundedFile.readPrivateIfThere(path, limit: limit)
        } catch {
            throw AgentError(error)
        }
    }

    /// Writes a message in canonical form.
    /// - Parameter what: what it is, for the error: "the journal".
    func write(_ message: some Encodable, as what: String, to path: String) throws(AgentError) {
        let bytes: [UInt8]
        do {
            bytes = try CanonicalJSON.encode(message)
        } catch {
            throw AgentError(what, error)
        }
        try write(bytes, to: path)
    }

    func write(_ bytes: [UInt8], to path: String) throws(AgentError) {
        do {
            try AtomicFile.write(bytes, to: path)
        } catch {
            throw AgentError(error)
        }
    }
}

/// The right to change a state directory; it ends with this value, and with the process at the latest.
public struct AgentLock: ~Copyable {
    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    deinit {
        // A child between fork and exec holds the descriptor too; unlocking reaches what closing alone would not.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
