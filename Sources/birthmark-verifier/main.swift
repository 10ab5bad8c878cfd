import ArgumentParser
import CommandLineContract
import DurableFiles
import HTTPService
import StoreSQLite
import VerifierService
import VerifierStore

struct VerifierCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark-verifier",
        abstract: "Judges what devices quote, and grants what they may install.",
        discussion: """
            Example:
              birthmark-verifier init /var/lib/birthmark-verifier \\
                  --host verifier.example --listen 0.0.0.0:8443 \\
                  --release-keys release-keys.json --birth-keys line-1/birth-keys.json \\
                  --factory-roots line-1/factory-roots.pem --ek-roots vendor-root.pem \\
                  --trust-keys trust-keys.json
              birthmark-verifier check /var/lib/birthmark-verifier
              birthmark-verifier operator /var/lib/birthmark-verifier alice \\
                  --role operator --role release-manager
              birthmark-verifier operator /var/lib/birthmark-verifier line-1 --role factory
              birthmark-verifier serve /var/lib/birthmark-verifier

            init writes trust.json, which devices and operators are given; each operator gets a directory of his own under operators/.
            Exit status: 0 done, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [
            InitCommand.self, CheckCommand.self, OperatorCommand.self, ServeCommand.self,
            BackupCommand.self, RestoreCommand.self,
            KeyCommand.self, RestorePolicyCommand.self,
        ]
    )
}

await CommandLineProgram.main(VerifierCommand.self) { error in
    switch error {
    case let error as SetupError:
        CommandFailure(error.kind == .malformed ? .malformed : .environment, error.message, hint: error.hint)
    case let error as StoreError:
        CommandFailure(.environment, error.message, hint: error.hint)
    case let error as FileError where error.code == .exposed:
        CommandFailure(.environment, error.description, hint: error.hint)
    default: nil
    }
}
