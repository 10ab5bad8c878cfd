import Glibc
import Messages
import Subprocess
import SystemPackage

/// Runs the user's install command over a verified package.
struct Installer {
    /// What /bin/sh -c gets.
    let command: String
    /// Seconds it may take.
    let seconds: Int64

    /// Seconds unless somebody says otherwise: writing an image to slow flash takes minutes.
    static let defaultSeconds: Int64 = 3600

    /// Locks the open package for as long as any process holds it, which the installer's do: so an agent that was killed and
    /// started again sees that its installer is still at work.
    func claim(_ package: borrowing PackageFile) throws(AgentError) {
        guard flock(package.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw AgentError(
                .environment,
                "the installer that an earlier run started is still at work",
                hint: "wait until it has ended and run the same command again"
            )
        }
    }

    /// Runs the command: standard input is the verified open file, standard output goes to standard error.
    /// - Returns: what went wrong with it, in one sentence for people; nil when all went well.
    func run(_ package: borrowing PackageFile, for release: Release) async throws(AgentError) -> String? {
        let environment: [Environment.Key: String?] = [
            "BIRTHMARK_PACKAGE": package.path,
            "BIRTHMARK_PACKAGE_NAME": release.name.text,
            "BIRTHMARK_VERSION": release.version.text,
        ]
        do {
            let ended = try await ShellCommand(text: command, seconds: seconds).run(
                input: FileDescriptor(rawValue: package.descriptor),
                output: .fileDescriptor(.standardError, closeAfterSpawningProcess: false),
                environment: environment
            )
            // What the installer left running has no more to do with this install.
            flock(package.descriptor, LOCK_UN)
            return ended.end.trouble(of: "the install command")
        } catch {
            throw AgentError(.environment, "the install command could not be started: \(error)")
        }
    }
}
