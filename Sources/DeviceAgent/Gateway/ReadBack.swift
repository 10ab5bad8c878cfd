public import Messages
import Subprocess

/// Reads the installed image out of another device, by a command that whoever runs the gateway has configured.
public struct ReadBack: Sendable {
    private let command: ShellCommand

    /// - Parameters:
    ///   - command: for /bin/sh -c; writes the image's bytes, and nothing else, to its standard output. It finds who is to be read in
    ///     `BIRTHMARK_CHILD`, `BIRTHMARK_PORT` and `BIRTHMARK_ADDRESS`.
    ///   - seconds: after which it is killed.
    public init(command: String, seconds: Int64) { self.command = ShellCommand(text: command, seconds: seconds) }

    /// Reads it.
    /// - Returns: SHA-256 of the image.
    /// - Throws: `AgentError` when the command did not end with 0, or wrote nothing: whatever it wrote is no image.
    public func digest(
        of child: InstanceID,
        on port: Label,
        at address: Label?
    ) async throws(AgentError) -> ContentDigest {
        let ended: (end: ShellCommand.End, sha256: ContentDigest?)
        do {
            ended = try await command.digest(
                environment: [
                    "BIRTHMARK_CHILD": child.text, "BIRTHMARK_PORT": port.text,
                    "BIRTHMARK_ADDRESS": address?.text ?? "",
                ]
            )
        } catch {
            throw AgentError(.environment, "the read-back command could not be started: \(error)")
        }
        if let trouble = ended.end.trouble(of: "the read-back command") { throw AgentError(.environment, trouble) }
        guard let sha256 = ended.sha256 else { throw AgentError(.environment, "the image cannot be digested") }
        // A shell tells of a pipeline how its last part ended; as an image, nothing would have the child suspended.
        guard sha256 != ContentDigest(of: []) else {
            throw AgentError(.environment, "the read-back command ended well and wrote nothing")
        }
        return sha256
    }
}
