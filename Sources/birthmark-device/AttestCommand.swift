import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct AttestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Quotes the boot to the verifier and renews the lease.",
        discussion: """
            Examples:
              birthmark-device attest --trust /media/stick/trust.json
              birthmark-device attest --ear /run/result.jwt
            """
    )

    @Option(
        help: ArgumentHelp(
            "Where to write the attestation result for relying parties, an EAR, also of evidence that is refused; "
                + "birthmark ear verify reads it.",
            valueName: "file"
        )
    )
    var ear: String?
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        if let agent = try device.compensatedAgent() { return try await attest(agent) }
        let agent = try device.agent()
        let lock = try StateDirectory(device.state).lock()
        let outcome: AttestOutcome
        do throws(AgentError) {
            outcome = try await agent.attest(lock, wantsResult: ear != nil)
        } catch {
            var refusal = error
            // Wherever its result cannot be put: a script is told that it was refused.
            do { try keep(refusal.ear) } catch { refusal.message += "; its result is not kept: \(error.message)" }
            throw refusal
        }
        try keep(outcome.ear)
        try output.print(outcome) {
            lines([
                ("accepted", "the boot is as expected (\(outcome.bootState))"),
                ("instance", outcome.instance.text),
                ("lease", "until \(UTCTime.text(outcome.lease.expires))"),
                ("rule", outcome.rule),
                ("result", ear),
            ])
        }
    }

    private func attest(_ agent: CompensatedAgent) async throws {
        let lock = try StateDirectory(device.state).lock()
        let outcome = try await agent.attest(lock, wantsResult: ear != nil)
        try keep(outcome.ear)
        try output.print(outcome) {
            lines([
                (
                    "accepted",
                    "key \(outcome.position) of this device, which has no TPM; nobody has measured what it runs"
                ),
                ("instance", outcome.instance.text),
                (
                    "tier",
                    outcome.tier.rawValue
                        + (outcome.lowered.map {
                            ", lowered until \(UTCTime.text($0.until)) by \($0.by) because \($0.reason)"
                        } ?? "")
                ),
                ("lease", "until \(UTCTime.text(outcome.lease.expires))"),
                ("rule", outcome.rule),
                (
                    "controls",
                    outcome.controls.map { "\($0.control.rawValue) \($0.isMet ? "met" : "not met")" }.joined(
                        separator: ", "
                    )
                ),
                ("result", ear),
            ])
        }
    }

    private func keep(_ result: String?) throws(CommandFailure) {
        if let ear, let result { try OutputFile.write(Array(result.utf8), to: ear, mode: 0o644) }
    }
}
