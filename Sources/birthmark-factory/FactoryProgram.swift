import ArgumentParser
import CommandLineContract
import Endorsement
import FactoryAuthority
import FactoryLine
import HTTPService
import Messages
import TPMDevice
import VerifierClient

struct FactoryProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-factory",
        abstract: "Gives devices their birth: keys in their own TPM, certificates, counters, a signed record.",
        discussion: """
            The usual life of a station:
              birthmark-factory init line-1 --name line-1
              cp vendor-root.pem line-1/ek-roots/
              birthmark-factory provision line-1 --serial GW-0001 --model gw-100 \\
                  --hardware-revision B --environment production --profile p256.json \\
                  --package gateway-os --package-version 2.4.0 --security-version 7
              birthmark-factory export line-1 --out births.json

            A device without a TPM, with the key that it made (birthmark-device enrol):
              birthmark-factory enrol line-1 SENSOR-0007.request.json \\
                  --serial SENSOR-0007 --model sn-10 --hardware-revision A \\
                  --environment production --product sensor --package sensor-os \\
                  --package-version 1.7.0 --security-version 3 \\
                  --out SENSOR-0007.birth.json

            Exit status: 0 done, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [
            InitCommand.self, InspectCommand.self, ProvisionCommand.self, LineCommand.self, EnrolCommand.self,
            ExportCommand.self, ReworkCommand.self,
            CACommand.self, EscrowCommand.self,
        ]
    )

    /// What the errors of the libraries below mean to a person and to a script.
    @Sendable static func explain(_ error: any Error) -> CommandFailure? {
        switch error {
        case let error as TPMError:
            CommandFailure(.environment, error.description, hint: error.hint)
        case let error as BirthInterruption:
            CommandFailure(.environment, error.description, hint: error.hint)
        case let error as Station.Failure:
            switch error {
            case .file(let file): CommandFailure(file)
            case .authority(let failure): command(failure)
            case .noStation(let path):
                CommandFailure(
                    .malformed,
                    error.description,
                    hint: "check the path, or make one: birthmark-factory init \(path) --name NAME"
                )
            case .damaged, .message:
                CommandFailure(.malformed, error.description, hint: "put that right and run the same command again")
            }
        case let error as AuthorityFailure: command(error)
        case let error as FactoryAuthority.RevocationFailure:
            CommandFailure(.refused, error.description, hint: error.hint)
        case let error as SetupError:
            CommandFailure(error.kind == .malformed ? .malformed : .environment, error.message, hint: error.hint)
        case let error as VerifierClientError:
            CommandFailure(
                .environment,
                error.description(asking: .factoryCA),
                hint: error.hint(asking: .factoryCA)
            )
        case let error as TrustDirectory.Failure:
            CommandFailure(
                .malformed,
                error.description,
                hint: "ek-roots/ has TPM vendors' CA certificates, and nothing else"
            )
        case let error as CertificateAuthority.Failure:
            CommandFailure(.malformed, error.description)
        case let error as Station.ExportFailure:
            if case .expired = error {
                CommandFailure(.environment, error.description, hint: error.hint)
            } else {
                CommandFailure(.malformed, error.description, hint: error.hint)
            }
        case let error as Escrow.Failure:
            CommandFailure(
                .refused,
                error.description,
                hint: "give this device's file out of escrows/, and the private key that the station had the half of"
            )
        case let error as MessageError:
            CommandFailure(.malformed, error.description)
        default: nil
        }
    }
}

/// A key that cannot be reached is the environment's fault; a file that is wrong is not.
private func command(_ failure: AuthorityFailure) -> CommandFailure {
    switch failure {
    case .file(let file): CommandFailure(file)
    case .key(let detail, let hint): CommandFailure(.environment, detail, hint: hint)
    case .pin(let detail, let hint): CommandFailure(.malformed, detail, hint: hint)
    case .certificate(.library):
        CommandFailure(
            .environment,
            failure.description,
            hint: "see that the token or TPM that has the CA's key is still there, then run the same command again"
        )
    case .damaged, .certificate: CommandFailure(.malformed, failure.description)
    }
}
