import DurableFiles
import FoundationEssentials
import HTTPService
import Ledger
public import VerifierStore

/// A copy of the record for the day on which the disk is gone; the service may go on meanwhile.
///
/// Keys and configuration are not in it: whoever finds a backup must not be able to sign as the verifier.
public struct RecordBackup: Sendable {
    /// What was backed up.
    public struct Report: Hashable, Sendable, Encodable {
        /// The file.
        public var file: String
        /// Its size in bytes.
        public var bytes: Int
        /// Entries of the ledger in it.
        public var entries: Int
        /// The root over them, in base64; absent while there are none.
        public var root: String?
    }

    private let materials: VerifierMaterials

    /// Reads a verifier's directory.
    /// - Throws: `SetupError`, `FileError`.
    public init(_ directory: VerifierDirectory) throws { materials = try VerifierMaterials(directory) }

    /// Makes the backup: whole under its name, or not at all.
    /// - Parameters:
    ///   - path: must not be there.
    ///   - copy: writes the record into an empty file, and says how far its ledger goes there.
    /// - Throws: `FileError`: `.exists`, `.noSpace`; `SetupError`, or what `copy` throws.
    public func run(
        to path: String,
        copy: (_ configuration: VerifierConfiguration, _ file: String) async throws -> LedgerHead
    ) async throws -> Report {
        guard !FileManager.default.fileExists(atPath: path) else { throw FileError(.exists, .write, path) }
        AtomicFile.sweep(writersOf: path)
        let temporary = AtomicFile.temporary(beside: path)
        // For its owner only from the start.
        try AtomicFile.write([], to: temporary, existing: .keep)
        do {
            let head = try await copy(materials.configuration, temporary)
            let checkpoint = try checked(head)
            let bytes = try AtomicFile.move(temporary, to: path, existing: .keep)
            return Report(file: path, bytes: bytes, entries: head.size, root: checkpoint?.root.base64)
        } catch {
            try? AtomicFile.remove(temporary)
            throw error
        }
    }

    /// - Returns: what was signed over the entries; `nil` when there are none.
    private func checked(_ head: LedgerHead) throws -> Checkpoint? {
        do {
            return try head.checkpoint.map { try materials.checkpoint($0) }
        } catch {
            throw SetupError(
                .environment,
                "the record's checkpoint does not hold: \(error)",
                hint:
                    "keep the backups that are there: birthmark-verifier check \(materials.directory.path) says what is wrong"
            )
        }
    }
}
