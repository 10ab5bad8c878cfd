import ArgumentParser
import CommandLineContract
import Messages
import VerifierService

struct RestorePolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore-policy",
        abstract: "Writes the policy in force back to its file.",
        discussion: """
            In force is what the record says.

            For a file that was changed, damaged or lost where "policies" in config.json is "signed", so that no file changes the policy. What \
            was in the file is gone then. May run beside the service.

            Example: birthmark-verifier restore-policy verifier
            """
    )

    @OptionGroup var place: DirectoryArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let directory = place.directory
        let restored = try await PolicyRestoration(directory).run { try directory.openStore($0) }
        try output.print(restored) { "\(restored.file) holds the policy in force again; digest \(restored.digest)" }
    }
}
