import DurableFiles
import HTTPService
import Messages
import Synchronization
import UpdateTrust
import VerifierStore

/// The policy's file in the verifier's directory, held to the record.
///
/// An operator's act is durable on the record, with its ledger entry, before the file is touched. After a crash at any moment:
///
/// - before the commit, nothing has happened: file and record are the old policy;
/// - after the commit and before the file was replaced, the file is older than the act. The next start, or SIGHUP, knows it by that: it
///   holds what an act has replaced. Then the record wins, and the file is written again from it;
/// - the file is replaced in one step (``DurableFiles/AtomicFile``), so it is never half of one;
/// - any other policy in the file was put there by somebody: a change by file, which ``PolicySource`` lets in or not.
///
/// So a file that goes back to what an act has replaced changes nothing: whoever wants that policy again puts it by an act.
final class PolicyFile: Sendable {
    /// How a file stands to the record.
    enum Standing: Sendable {
        /// It holds the policy in force.
        case current(PolicyOnRecord)
        /// It is older than an operator's act, and is to be written again.
        case behind(PolicyOnRecord)
        /// It is to come into force in place of what is on record; `nil` when that is nothing.
        case changed(PolicyOnRecord?)
        /// It is another policy, and here no file brings one.
        case refused
    }

    let path: String
    private let source: PolicySource
    /// Where on the ledger that policy stands which was written last.
    private let written = Mutex(-1)

    init(_ directory: VerifierDirectory, _ configuration: VerifierConfiguration) {
        path = directory.file(configuration.policy)
        source = configuration.policies ?? .files
    }

    /// Holds a file's bytes to the record.
    func standing(of bytes: [UInt8], _ store: any VerifierStore) async throws -> Standing {
        // While there is none, there is nothing that an operator could have signed for.
        guard let held = try await PolicyOnRecord.read(store) else { return .changed(nil) }
        let digest = ContentDigest(of: bytes)
        if held.policy.digest == digest { return .current(held) }
        if try await held.wasReplacedByActs(digest, store) { return .behind(held) }
        return source == .signed ? .refused : .changed(held)
    }

    /// Refuses a policy in the file that may not come into force, because it says what no new one may.
    /// - Throws: `SetupError` that names the rule.
    func check(new policy: Policy) throws(SetupError) {
        do throws(MessageError) {
            try policy.checkNew()
        } catch {
            throw SetupError(
                .malformed,
                "\(path): \(error.detail)",
                hint: "put that right in the file; only where it is in force already may a policy go on with it"
            )
        }
    }

    /// Replaces the file, durably.
    /// - Parameter entry: where the policy stands on the ledger: of two that are put at once the later one stays.
    func write(_ bytes: [UInt8], since entry: Int) throws(FileError) {
        try written.withLock { last throws(FileError) in
            guard last <= entry else { return }
            try AtomicFile.write(bytes, to: path)
            last = entry
        }
    }

    /// What is said of a file that may not bring a policy.
    func refusal(_ directory: VerifierDirectory) -> SetupError {
        SetupError(
            .environment,
            "\(path) is not the policy in force, and \"policies\" in \(directory.configuration) is \"signed\": no file changes it",
            hint:
                "birthmark-verifier restore-policy \(directory.path) puts the policy in force back; to change it, an operator signs: birthmark policy put FILE"
        )
    }
}
