import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages
import Wording

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says what this device believes of itself.",
        discussion: """
            Nothing is changed, and nobody is asked but the TPM, or what unseals its identity.

            Example: birthmark-device status --json
            """
    )

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let directory = try StateDirectory(existing: device.state)
        var trust: TrustBundle?
        var trustTrouble: String?
        do throws(AgentError) { trust = try directory.heldTrust() } catch { trustTrouble = error.message }
        var status: AgentStatus
        if try directory.speaksWithoutTPM(at: UTCTime.now) {
            status = try await AgentStatus.ofCompensated(directory, trust: trust, wallClock: UTCTime.now)
        } else {
            let tcti = try device.tcti ?? directory.configuration().tcti
            status = try await AgentStatus.of(directory, trust: trust, tcti: tcti, wallClock: UTCTime.now)
        }
        status.trustTrouble = trustTrouble
        try output.print(status) { text(status) }
    }

    private func text(_ status: AgentStatus) -> String {
        let lease = status.lease.map { lease in
            (status.leaseHolds ? "until " : "ended at ") + UTCTime.text(lease.expires)
        }
        let running = status.running.map { "\($0.name) \($0.version) (security version \($0.securityVersion))" }
        let update = status.update.map { "\($0.package.name) \($0.package.version): \($0.step.rawValue)" }
        return lines([
            ("instance", status.instance?.text ?? "unknown"),
            ("serial", status.serial?.text),
            ("tier", status.tier?.rawValue),
            ("verifier", status.trustTrouble ?? status.verifier ?? "none: give its trust.json with --trust"),
            ("trust", status.trustVersion.map { "version \($0)" }),
            ("lease", lease ?? "none"),
            (
                "not renewed",
                status.renewalTrouble.map { "since \(UTCTime.text($0.since)), \(Counted.of($0.attempts, "time"))" }
            ),
            ("last tried", status.renewalTrouble.map { "\(UTCTime.text($0.lastTried)): \($0.because)" }),
            ("running", running ?? "what it was born with"),
            ("floor", status.securityFloor.map(String.init)),
            ("grants spent", status.grantsSpent.map(String.init)),
            ("update", update),
            ("", status.update?.failure),
            ("next", status.update?.next),
            ("TPM", status.tpmTrouble),
            ("identity", status.identity.map(text)),
        ])
    }

    private func text(_ identity: AgentStatus.IdentityReport) -> String {
        if let trouble = identity.trouble { return trouble }
        let place = identity.isSealed ? "sealed on the disk" : "a file: whoever reads the disk has it"
        return identity.isAtFirstKey == true ? "the first key signs still: no contact yet; " + place : place
    }
}
