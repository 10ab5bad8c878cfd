import AuditCollection
import CommandLineContract
import DurableFiles
import Messages
import Reappraisal
import UpdateTrust
import VerifierClient

/// Decisions that were taken again out of a verifier's archive.
struct RetakenDecisions: Encodable {
    /// Decisions that were taken again.
    var decisions = 0
    var same = 0
    /// Decisions of which the archive keeps nothing, or nothing any more.
    var unkept = 0
    var different: [Line] = []

    /// One that does not come out the same.
    struct Line: Encodable {
        var at: String
        var instance: InstanceID?
        /// The place on the ledger.
        var entry: Int
        var differences: [Difference]
        /// Why it could not be taken again.
        var fault: String?
    }

    /// Takes decisions again, each held to the ledger that the verifier has signed.
    /// - Parameters:
    ///   - subject: what is asked about, to be named where the verifier has no such thing.
    ///   - other: the policy to decide by in the place of the one of then.
    ///   - open: says which decisions.
    static func taken(
        from verifier: VerifierOptions,
        about subject: AskedAbout? = nil,
        by other: JudgedPolicy? = nil,
        _ open: (VerifierClient) async throws -> ArchiveReader
    ) async throws -> RetakenDecisions {
        let keys = try LedgerKeys(try verifier.bundle())
        return try await verifier.ask(about: subject) { client in
            let bar = ProgressBar("taking decisions again")
            defer { bar.finish() }
            let ledger = try await OpenedLedger(.served(by: client), keys)
            let prover = try EntryProver(client, ledger.checkpoint)
            var reader = try await open(client)
            var collector = ArchiveCollector(client, provenBy: prover) { ZoneInfo.file(of: $0.text) }
            var retaken = RetakenDecisions()
            while let archived = try await reader.next() {
                guard !collector.isBeyond(archived) else { continue }
                bar.update(reader.progress.done, of: reader.progress.all)
                retaken.decisions += 1
                if let line = try await line(archived, by: other, &collector) {
                    retaken.different.append(line)
                } else {
                    retaken.same += 1
                }
            }
            retaken.unkept = reader.unkept
            return retaken
        }
    }

    /// - Returns: `nil` when the decision comes out the same.
    private static func line(
        _ archived: ArchivedReport,
        by other: JudgedPolicy?,
        _ collector: inout ArchiveCollector
    ) async throws -> Line? {
        var line = Line(at: "", instance: nil, entry: archived.index, differences: [], fault: nil)
        do {
            let decision = try await collector.decision(archived, by: other)
            line.at = UTCTime.text(decision.at)
            line.instance = decision.instance
            line.entry = decision.index
            let again = try decision.reappraiser.retake()
            let compared =
                if other == nil {
                    ComparedDecision(decision.entries, again)
                } else {
                    ComparedDecision(decision.entries, underAnotherPolicy: again)
                }
            line.differences = compared.differences
            return line.differences.isEmpty ? nil : line
        } catch let fault as ReappraisalFault {
            line.fault = fault.description
        } catch let error as MessageError {
            line.fault = "it cannot be read: \(error.detail)"
        }
        return line
    }
}
