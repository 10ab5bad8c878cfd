import Messages
import Subprocess

/// How a platform hides an identity while it lies on the disk: two commands of its own, for /bin/sh -c.
///
/// Each gets bytes on its standard input and gives bytes on its standard output, as `systemd-creds encrypt - -` and
/// `systemd-creds decrypt - -` do. The keys reach no command line, no environment and no other file.
public struct Sealing: Hashable, Sendable {
    /// What seals.
    public var seal: String
    /// What unseals.
    public var unseal: String
    /// Seconds that each may take.
    var seconds = Self.defaultSeconds

    /// A slow security chip takes seconds.
    static let defaultSeconds: Int64 = 60
    /// The most bytes of a sealed form: it has to fit into a pipe.
    static let maximumSize = 32 << 10

    /// Names the two commands.
    public init(seal: String, unseal: String) {
        self.seal = seal
        self.unseal = unseal
    }
}

extension Sealing {
    private static let unsealTitle = "the unseal command"

    /// Seals bytes, and unseals them once to see that it can be done again.
    func sealed(_ bytes: [UInt8]) async throws(AgentError) -> [UInt8] {
        let hint = "nothing was changed on the disk: mend the command, or what it needs, and run this again"
        let sealed = try await run(seal, "the seal command", bytes, limit: Self.maximumSize, hint: hint)
        guard !sealed.isEmpty, sealed != bytes else {
            throw AgentError(.environment, "the seal command seals nothing", hint: hint, reasons: ["not-sealed"])
        }
        guard try await run(unseal, Self.unsealTitle, sealed, limit: bytes.count, hint: hint) == bytes else {
            throw AgentError(
                .environment,
                "the unseal command does not give back what the seal command was given",
                hint: hint,
                reasons: ["not-sealed"]
            )
        }
        return sealed
    }

    /// The identity that was sealed.
    func unsealed(_ sealed: [UInt8]) async throws(AgentError) -> SoftwareIdentity {
        let hint =
            "the identity stays sealed and whole, and no other is made: mend the command, or what it needs, and run this again"
        let bytes = try await run(
            unseal,
            Self.unsealTitle,
            sealed,
            limit: SoftwareIdentity.maximumSize,
            hint: hint
        )
        // What came instead may be anything, also a part of a key: it is not repeated.
        guard let identity = try? SoftwareIdentity(parsing: bytes) else {
            throw AgentError(
                .environment,
                "the unseal command gave something else than this device's identity",
                hint: hint,
                reasons: ["not-unsealed"]
            )
        }
        return identity
    }

    private func run(
        _ command: String,
        _ title: String,
        _ bytes: [UInt8],
        limit: Int,
        hint: String
    ) async throws(AgentError) -> [UInt8] {
        let pipe = try FilledPipe.holding(bytes)
        let trouble: String
        do {
            let ended = try await ShellCommand(text: command, seconds: seconds).run(over: pipe, limit: limit)
            guard let failure = ended.end.trouble(of: title) else { return ended.output }
            trouble = failure
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            trouble = "\(title) gave more than \(limit) bytes"
        } catch {
            trouble = "\(title) could not be started: \(error)"
        }
        throw AgentError(.environment, trouble, hint: hint, reasons: ["seal-failed"])
    }
}
