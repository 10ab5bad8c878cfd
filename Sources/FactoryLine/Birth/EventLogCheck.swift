import FactoryAuthority
import MeasuredBoot
import Messages

/// Whether an event log belongs to the boot that was quoted.
enum EventLogCheck {
    /// Replays the log in the quote's bank and compares every quoted PCR that it has events for.
    ///
    /// A PCR without events may still have been extended by the operating system, whose logs are others.
    static func check(_ bytes: [UInt8], leadsTo pcrs: PCRValues) throws {
        let replay: Replay
        do {
            replay = try Replay(EventLog(parsing: bytes), bank: pcrs.bank.algorithm)
        } catch {
            throw BirthRefusal(.logUnreadable(String(describing: error)))
        }
        let covered = pcrs.values.filter { replay.extended.contains($0.key) }
        guard !covered.isEmpty else { throw BirthRefusal(.logUnreadable("it has no event for the profile's PCRs")) }
        guard case .failure(let mismatch) = replay.authenticated(by: covered) else { return }
        throw BirthRefusal(.logDoesNotMatch(mismatch.pcrs.map(\.pcr)))
    }
}
