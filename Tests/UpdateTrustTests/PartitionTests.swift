import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// One record and one set of keys, served twice: by a verifier and by a copy of it that does not hear of what the other does.
@Suite struct PartitionTests {
    private func root(_ log: TestLog, of size: Int) throws -> TreeHash {
        var tree = TreeFrontier()
        for entry in log.entries.prefix(size) { _ = tree.append(try LogEntry(entry.bytes).leafHash) }
        return tree.root
    }

    @Test func attack70_twoVerifiersOnePartitioned() throws {
        var here = try World()
        try here.ask(.attest)
        var there = here
        let common = here.log.entries.count
        let one = try here.granted(try Sample.release("1.1.0", securityVersion: 4))
        // The copy is asked as well, before anything is installed: it cannot know.
        there.device = here.device
        try there.ask(.attest)
        let other = try there.granted(try Sample.release("1.2.0", securityVersion: 5))
        guard case .open = GateCheck.judge(try there.gate(other), trust: try there.trust()) else {
            Issue.record("the copy's grant is not good before the counter moved")
            return
        }

        // The TPM's counter is one: of two grants one is carried out.
        try here.install(one)
        there.device = here.device
        guard case .shut(let reasons) = GateCheck.judge(try there.gate(other), trust: try there.trust()) else {
            Issue.record("two grants were carried out")
            return
        }
        #expect(reasons.contains(.alreadySpent) && reasons.contains(.rebooted))

        // The one that granted it sees its release, the other one a release that it never granted.
        guard case .accepted = try here.ask(.confirm, grant: one.claims.jti).outcome else {
            Issue.record("not confirmed")
            return
        }
        there.device = here.device
        there.known = [try Sample.known(one.release)]
        #expect(try there.ask(.attest).reasonCodes == ["drifted"])
        #expect(there.state.lifecycle == .drifted && there.state.lease == nil)

        // Neither can hide it: two checkpoints of one key that no history joins.
        let size = min(here.log.entries.count, there.log.entries.count)
        #expect(size > common)
        #expect(try root(here.log, of: common) == root(there.log, of: common))
        #expect(try root(here.log, of: size) != root(there.log, of: size))
        #expect(here.log.signer.verifierKey == there.log.signer.verifierKey)
    }
}
