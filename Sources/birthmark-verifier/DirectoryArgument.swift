import ArgumentParser
import VerifierService

/// The verifier's directory.
struct DirectoryArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The verifier's directory.", valueName: "dir"), completion: .directory)
    var path: String

    var directory: VerifierDirectory { VerifierDirectory(path) }
}
