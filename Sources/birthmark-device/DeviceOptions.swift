import ArgumentParser
import CommandLineContract
import DeviceAgent
import DurableFiles
import Messages

/// Where the device's own things are: the same for every command, so that a script can give them to all.
struct DeviceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The agent's state directory, 0700, made when it is missing.", valueName: "dir"))
    var state = StateDirectory.defaultPath

    @Option(
        help: ArgumentHelp(
            "The TPM, as tpm2-tools spell it: device:/dev/tpmrm0, swtpm:path=/run/tpm.sock, tabrmd:. "
                + "Default: agent.json, then TPM2TOOLS_TCTI, then the search of tpm2-tools.",
            valueName: "tcti"
        )
    )
    var tcti: String?

    @Option(
        help: ArgumentHelp(
            "The verifier's trust bundle; kept in the state directory from its first use on.",
            valueName: "file"
        )
    )
    var trust: String?

    @Option(
        name: .customLong("event-log"),
        help: ArgumentHelp(
            "The firmware's event log, for what quotes. "
                + "Default: agent.json, then \(AgentConfiguration.defaultEventLog).",
            valueName: "path"
        )
    )
    var eventLog: String?

    @Option(
        name: .customLong("ima-list"),
        help: ArgumentHelp(
            "The binary list of what Linux measured, for what quotes; read when the verifier asks for it. "
                + "Default: agent.json, then \(AgentConfiguration.defaultIMAList).",
            valueName: "path"
        )
    )
    var imaList: String?

    @Option(
        help: ArgumentHelp(
            "Of a device without a TPM: the gateway that it speaks through: gateway.json of birthmark-gateway init, or line:/dev/ttyS0; kept in the "
                + "state directory until another is given.",
            valueName: "file"
        )
    )
    var gateway: String?
}

extension DeviceOptions {
    /// The agent of this directory.
    func agent() throws(AgentError) -> Agent {
        try Agent.configured(
            in: state,
            tcti: tcti,
            trust: trust,
            eventLog: eventLog,
            imaList: imaList,
            wallClock: { UTCTime.now }
        ).agent
    }
}

extension DeviceOptions {
    /// The agent of this directory, when its device has no TPM.
    func compensatedAgent() throws(AgentError) -> CompensatedAgent? {
        guard let directory = try? StateDirectory(existing: state), try directory.speaksWithoutTPM(at: UTCTime.now)
        else { return nil }
        return CompensatedAgent(
            state: directory,
            trust: try directory.trust(offered: trust),
            gateway: try directory.gateway(offered: gateway),
            bootID: BootID(path: try directory.configuration().bootID ?? BootID.defaultPath),
            wallClock: { UTCTime.now }
        )
    }
}

extension DeviceOptions {
    /// The agent of this directory, whatever its device has.
    func holder() throws(AgentError) -> LeaseHolder {
        if let agent = try compensatedAgent() { return .compensated(agent) }
        return .measured(try agent())
    }
}

/// A signed release out of a file.
func readRelease(_ path: String) throws -> SignedEnvelope {
    let bytes = try InputFile.read(path, limit: SignedEnvelope.maximumSize, what: "the signed release")
    do {
        return try SignedEnvelope(parsing: bytes)
    } catch {
        throw CommandFailure(
            .malformed,
            "\(path) is no signed release: \(error.detail)",
            hint: "give the .dsse.json file that `birthmark release sign` wrote"
        )
    }
}

/// What is known, a line each, with the values in one column.
func lines(_ pairs: [(name: String, value: String?)]) -> String {
    let width = 14
    return pairs.compactMap { pair in
        guard let value = pair.value else { return nil }
        let name = pair.name.isEmpty ? "" : pair.name + ":"
        return name + String(repeating: " ", count: max(1, width - name.count)) + value
    }
    .joined(separator: "\n")
}
