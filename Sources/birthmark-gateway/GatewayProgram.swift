import ArgumentParser
import CommandLineContract
import DeviceAgent
import Endorsement
import GatewayService
import HTTPService
import Messages
import TPMDevice

struct GatewayProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-gateway",
        abstract:
            "Speaks for devices without a TPM: a device with one, which says on its own quote what it saw of them.",
        discussion: """
            The gateway is a device with a TPM that was born like any other. Its policy rule says "gateway": true, and an operator assigns \
            devices to it (birthmark device assign). It decides nothing: while the verifier cannot be reached, nobody behind it gets anything.

            The usual life of a gateway:
              birthmark-gateway init gw --host 192.168.7.1
              birthmark-gateway serve gw --trust /media/stick/trust.json
              birthmark-gateway status gw
            gw/gateway.json goes to the devices: birthmark-device attest --gateway gateway.json

            Exit status: 0 done, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [InitCommand.self, ServeCommand.self, LineCommand.self, StatusCommand.self]
    )

    /// What the errors of the libraries below mean to a person and to a script.
    @Sendable static func explain(_ error: any Error) -> CommandFailure? {
        switch error {
        case let error as AgentError:
            CommandFailure(
                error.kind == .refused ? .refused : error.kind == .malformed ? .malformed : .environment,
                error.message,
                hint: error.hint
            )
        case let error as SetupError:
            CommandFailure(error.kind == .malformed ? .malformed : .environment, error.message, hint: error.hint)
        case let error as CertificateAuthority.Failure: CommandFailure(.malformed, error.description)
        case let error as TPMError: CommandFailure(.environment, error.description, hint: error.hint)
        case let error as MessageError: CommandFailure(.malformed, error.description)
        default: nil
        }
    }
}

struct DirectoryArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The gateway's directory.", valueName: "dir"), completion: .directory)
    var path: String

    var directory: GatewayDirectory { GatewayDirectory(path) }
}
