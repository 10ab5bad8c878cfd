import ArgumentParser
import CommandLineContract
import DeviceAgent
import GatewayService
import Logging

/// This device's own agent, which quotes: the same for every command that serves.
struct AgentOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The directory of this device's own agent.", valueName: "dir"))
    var state = StateDirectory.defaultPath
    @Option(
        help: ArgumentHelp(
            "The TPM, as tpm2-tools spell it: device:/dev/tpmrm0, swtpm:path=/run/tpm.sock. "
                + "Default: agent.json, then TPM2TOOLS_TCTI, then the search of tpm2-tools.",
            valueName: "tcti"
        )
    )
    var tcti: String?
    @Option(help: ArgumentHelp("The verifier's trust bundle; kept from its first use on.", valueName: "file"))
    var trust: String?
    @Option(
        name: .customLong("event-log"),
        help: ArgumentHelp(
            "The firmware's event log. Default: agent.json, then where Linux shows it.",
            valueName: "path"
        )
    )
    var eventLog: String?
    @Option(
        name: .customLong("ima-list"),
        help: ArgumentHelp("The list of what Linux measured. Default: agent.json, then where it is.", valueName: "path")
    )
    var imaList: String?
    @Option(help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    var level: Logger.Level { Logger.Level(rawValue: logLevel) ?? .info }

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("\"\(logLevel)\" is not a level") }
    }

    func gateway(
        _ configuration: GatewayConfiguration,
        _ directory: GatewayDirectory,
        status: String? = nil,
        _ logger: Logger
    ) throws -> Gateway {
        let device = try Agent.configured(
            in: state,
            tcti: tcti,
            trust: trust,
            eventLog: eventLog,
            imaList: imaList,
            wallClock: { UTCTime.now }
        )
        return try Gateway(
            agent: device.agent,
            state: device.state,
            configuration,
            directory,
            status: status,
            logger: logger
        )
    }
}
