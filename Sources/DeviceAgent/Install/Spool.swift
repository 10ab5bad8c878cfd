import DurableFiles
import Glibc
import Messages

/// The directory in which the verified package waits for the installer: nobody else can write there.
struct Spool {
    let directory: String

    /// Where an artifact lies: by its content, under its own name so that an installer that looks at suffixes finds one.
    func path(of artifact: Artifact) -> String { "\(directory)/\(artifact.sha256)-\(artifact.name)" }

    /// Takes a package in: copies it while it is digested, and keeps the copy only when it is what the release says.
    ///
    /// A copy that is there already, from a run that was cut off, is checked instead.
    func admit(_ source: String, as artifact: Artifact, progress: (UInt64) -> Void) throws(AgentError) {
        if (try? open(artifact, progress: progress)) != nil { return }
        clear()
        let source = try PackageFile(opening: source)
        let place = path(of: artifact)
        let partial = place + ".part"
        let descriptor = unsafe Glibc.open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard descriptor >= 0 else { throw AgentError(FileError(errno: errno, .write, partial)) }
        do throws(AgentError) {
            defer { close(descriptor) }
            try reserve(artifact.size, descriptor, partial)
            try source.check(against: artifact, copyingTo: (descriptor, partial), progress: progress)
            try Self.settle(descriptor, partial, at: place)
        } catch {
            _ = unsafe unlink(partial)
            throw error
        }
    }

    /// Puts a copy that is whole where it is looked for, durably; nobody writes to it any more.
    static func settle(_ descriptor: Int32, _ partial: String, at place: String) throws(AgentError) {
        guard fchmod(descriptor, 0o400) == 0, fsync(descriptor) == 0, unsafe rename(partial, place) == 0 else {
            throw AgentError(FileError(errno: errno, .write, partial))
        }
        do {
            try AtomicFile.synchronize(directoryOf: place)
        } catch {
            throw AgentError(error)
        }
    }

    /// Opens the copy and digests it again through the descriptor that the installer will read.
    func open(_ artifact: Artifact, progress: (UInt64) -> Void) throws(AgentError) -> PackageFile {
        guard unsafe access(path(of: artifact), F_OK) == 0 else {
            throw AgentError(
                .environment,
                "the agent's copy of the package is gone",
                hint: "run birthmark-device update again with --package, --manifest and --install-command"
            )
        }
        let package = try PackageFile(opening: path(of: artifact))
        try package.check(against: artifact, progress: progress)
        return package
    }

    /// Says that the disk is full before anything is granted, not half-way through.
    private func reserve(_ size: UInt64, _ descriptor: Int32, _ path: String) throws(AgentError) {
        guard let size = Int(exactly: size) else {
            throw AgentError(.malformed, "no disk holds a package of \(size) bytes")
        }
        // Zero bytes cannot be reserved (EINVAL), and need not be.
        guard size > 0 else { return }
        let number = posix_fallocate(descriptor, 0, size)
        guard number == 0 || number == EOPNOTSUPP || number == EINVAL else {
            throw AgentError(FileError(errno: number, .write, path))
        }
    }

    /// Removes what earlier updates left.
    /// - Parameter kept: the path of a file that stays.
    func clear(except kept: String? = nil) {
        for name in (try? DirectoryEntries.names(in: directory)) ?? [] where "\(directory)/\(name)" != kept {
            _ = unsafe unlink("\(directory)/\(name)")
        }
    }
}
