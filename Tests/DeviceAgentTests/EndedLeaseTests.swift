import Testing
import UpdateTrust

@testable import DeviceAgent

/// What a device tells of its lease after a no.
@Suite struct EndedLeaseTests {
    /// A reason that is called as the end of a lease is says that it ended: the device does not go on telling that it has one.
    @Test func whatEndedALeaseIsKnownByItsReason() {
        var ends = Set(LeaseCause.allCases.map(\.rawValue)).intersection(DecisionReason.allCases.map(\.rawValue))
        // That is told to the TPM, while the key that speaks instead may have a lease in the same journal.
        ends.remove(DecisionReason.tierLowered.rawValue)
        #expect(Agent.endsLease.union(CompensatedAgent.endsLease) == ends)
        let ofBoth = [DecisionReason.drifted, .retired, .suspended].map(\.rawValue)
        #expect(Agent.endsLease.intersection(CompensatedAgent.endsLease) == Set(ofBoth))
    }
}
