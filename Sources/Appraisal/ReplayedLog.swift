import AttestationResults
import MeasuredBoot
public import Messages

/// An event log that was parsed, replayed and read once, so that it can be kept under its digest and serve every later quote.
///
/// Its facts are what the log would prove if a quote had the replayed values; whether one has is for every appraisal to
/// compare (E3).
public struct ReplayedLog: Sendable {
    /// SHA-256 of its bytes.
    public let digest: ContentDigest
    /// The PCRs it was replayed for.
    public let selection: PCRSet
    /// What it says, or why it cannot be read.
    let reading: Result<Reading, Finding>

    /// A log that could be read.
    ///
    /// Shared: it has a dozen arrays, and every appraisal of the machine takes a copy.
    final class Reading: Sendable {
        let replay: Replay
        /// The selected PCRs that the log has events for, with the values they lead to.
        let covered: PCRValues
        /// The selected PCRs whose events lead to no value.
        let unreplayable: [Int]
        /// The selected PCRs that the log has no events for, with their reset values.
        let untouched: PCRValues
        let facts: LogFacts

        init(_ bytes: [UInt8], _ selection: PCRSet) throws(Finding) {
            let log: EventLog
            do { log = try EventLog(parsing: bytes) } catch { throw Finding(.logMalformed, error.description) }
            do { replay = try Replay(log, bank: selection.bank.algorithm) } catch {
                throw Finding(.logMalformed, error.description)
            }
            var covered: [Int: [UInt8]] = [:]
            var untouched: [Int: [UInt8]] = [:]
            var unreplayable: [Int] = []
            for pcr in selection.pcrs {
                guard let value = replay.value(of: pcr).map(Array.init) else {
                    unreplayable.append(pcr)
                    continue
                }
                if replay.extended.contains(pcr) { covered[pcr] = value } else { untouched[pcr] = value }
            }
            // Every appraisal compares its quote with the values (E3) before it looks at the facts.
            guard let unconfirmed = AuthenticatedLog(unconfirmed: replay, pcrs: PCRMask(selection.pcrs)),
                let covered = PCRValues(bank: selection.bank, values: covered),
                let untouched = PCRValues(bank: selection.bank, values: untouched)
            else { throw Finding(.logMalformed, "the log's values are not of the bank") }
            self.covered = covered
            self.untouched = untouched
            self.unreplayable = unreplayable
            facts = LogFacts(BootFacts(unconfirmed))
        }
    }

    /// Replays a log; one that cannot be read is kept as that.
    /// - Parameters:
    ///   - digest: SHA-256 of the bytes, which the caller has computed to know that it needs them.
    ///   - selection: the PCRs to replay it for, in one bank.
    public init(_ bytes: [UInt8], digest: ContentDigest, selection: PCRSet) {
        self.digest = digest
        self.selection = selection
        reading = Result { () throws(Finding) in try Reading(bytes, selection) }
    }
}
