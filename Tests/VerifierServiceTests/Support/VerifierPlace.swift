import DurableFiles
import FoundationEssentials
import Messages
import StoreSQLite
import TemporaryDirectories
import VerifierStore

@testable import VerifierService

extension TemporaryDirectory {
    /// Where a test's verifier has its directory.
    var verifier: VerifierDirectory { VerifierDirectory(path + "/verifier") }
}

/// What the program and its operators do with the directory.
extension VerifierDirectory {
    /// Opens the record.
    func openRecord(_ configuration: VerifierConfiguration) throws -> any VerifierStore {
        try SQLiteStore.open(at: database(configuration))
    }

    /// What `birthmark-verifier check` finds.
    func check() async -> [DirectoryCheck.Finding] {
        await DirectoryCheck(self, now: Date.now).run(openStore: openRecord)
    }

    /// Edits `config.json`.
    func edit(_ change: (inout VerifierConfiguration) -> Void) throws {
        var edited = try readConfiguration()
        change(&edited)
        try AtomicFile.write(try EditedJSON.encode(edited), to: configuration)
    }
}
