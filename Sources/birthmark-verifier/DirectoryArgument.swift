import ArgumentParser
import StoreSQLite
import VerifierService
import VerifierStore

/// The verifier's directory, and the record in it.
struct DirectoryArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The verifier's directory.", valueName: "directory"), completion: .directory)
    var path: String

    var directory: VerifierDirectory { VerifierDirectory(path) }
}

extension VerifierDirectory {
    /// The database's path; the configuration was checked when it was read.
    func database(_ configuration: VerifierConfiguration) -> String {
        file(configuration.databaseFile ?? "verifier.sqlite")
    }

    func openStore(_ configuration: VerifierConfiguration) throws(StoreError) -> SQLiteStore {
        try SQLiteStore.open(at: database(configuration))
    }
}
