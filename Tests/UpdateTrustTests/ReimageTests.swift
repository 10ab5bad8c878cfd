import AttestationResults
import Crypto
import Messages
import Testing

@testable import UpdateTrust

/// The same TPM and a good boot, and another installation on the disk.
@Suite struct ReimageTests {
    @Test func theFirstInstallationIsRecordedAndStays() throws {
        var world = try World()
        #expect(world.state.installation == nil)
        try world.ask(.attest)
        let key = ContentDigest(of: Array(world.device.installation.publicKey.rawRepresentation))
        #expect(world.state.installation == Installation(key: key, since: world.now))
        let since = world.now
        world.now += 60
        try world.ask(.attest)
        #expect(world.state.installation?.since == since)
        let told = world.log.entries.compactMap { written -> ContentDigest? in
            if case .decision(let decision) = written.entry.body { decision.installation } else { nil }
        }
        #expect(told == [key], "told once")
    }

    @Test func anotherOneEndsLeaseAndGrantUntilAnOperatorReinstates() throws {
        var world = try World()
        let delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        let before = world.state
        let lease = try #require(before.lease)
        world.device.installation = P256.Signing.PrivateKey()
        let reimaged = try world.ask(.attest)
        #expect(reimaged.reasonCodes == ["reimaged"])
        #expect(world.state.lifecycle == .reimaged && world.state.lease == nil)
        #expect(world.state.pending?.jti == delivered.claims.jti && world.state.pending?.status == .ended)
        #expect(world.state.installation == before.installation)
        let entries = world.log.entries.suffix(2).map(\.entry.body)
        let end = LeaseEntry(id: lease.id, event: .ended, cause: .reimaged, expires: world.now)
        #expect(entries.last == .lease(end))
        guard case .decision(let decision)? = entries.first else {
            Issue.record("no decision's entry")
            return
        }
        let key = ContentDigest(of: Array(world.device.installation.publicKey.rawRepresentation))
        #expect(decision.installation == key && decision.lifecycle == .reimaged && !decision.accepted)

        // It stays where it is, and fills no ledger.
        let frozen = world.state
        let again = try world.ask(.update, package: try Sample.known(try Sample.release("1.1.0", securityVersion: 4)))
        #expect(again.reasonCodes == ["reimaged"] && again.transition == nil && world.state == frozen)

        try world.act(.reinstate)
        #expect(world.state.lifecycle == .born && world.state.installation?.key == key && world.state.reimage == nil)
        #expect(world.state.instance == before.instance)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted && world.state.lease != nil)
    }

    /// What an operator accepted is the installation that was seen, and no later one.
    @Test func theNextOneAfterAReinstatementIsAnotherReimage() throws {
        var world = try World()
        try world.ask(.attest)
        world.device.installation = P256.Signing.PrivateKey()
        try world.ask(.attest)
        try world.act(.reinstate)
        world.device.installation = P256.Signing.PrivateKey()
        #expect(try world.ask(.attest).reasonCodes == ["reimaged"])
        #expect(world.state.lifecycle == .reimaged)
    }

    /// Whoever copied the public key, or a proof of it, and has not the key.
    @Test func aKeyThatIsNotProvenIsAReimage() throws {
        var world = try World()
        try world.ask(.attest)
        world.device.clock += 1000
        var input = try world.input(.attest)
        var request = input.request.request
        let honest = request
        request.installation = try InstallationProof(
            by: world.device.installation,
            for: world.record.instance,
            challenge: "an earlier one"
        )
        let bytes = try request.bytes
        input.request = try ReceivedRequest(parsing: bytes)
        input.verdict = try world.verdict(on: bytes, purpose: .attest)
        input.quote = world.quote(bytes)
        #expect(request.installation.key == honest.installation.key)
        #expect(try world.settle(decide(input)).reasonCodes == ["reimaged"])
        #expect(world.state.lifecycle == .reimaged && world.state.reimage == Reimage(key: nil, at: world.now))
        // Nothing was shown that could be accepted: whoever asks next is the first.
        try world.act(.reinstate)
        #expect(world.state.installation == nil)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted && world.state.installation != nil)
    }

    /// A rescue image need not reach the state directory of what it rescues.
    @Test func aRescueImageIsNotHeldToTheKey() throws {
        var world = try World()
        world.known = [try Sample.known(Sample.release("rescue", securityVersion: 1) { $0.role = .rescue })]
        try world.ask(.attest)
        let (installed, recorded) = (world.device.installation, world.state.installation)
        world.device.installation = P256.Signing.PrivateKey()
        try world.device.reboot(into: "rescue")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .rescue && world.state.installation == recorded)
        // What it rescued is itself again; had it been written anew, that would show now.
        world.device.installation = installed
        try world.device.reboot(into: "1.0.0")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
    }

    /// Evidence that is refused says nothing of the installation, and a stranger says nothing at all.
    @Test func onlyGoodEvidenceShowsAReimage() throws {
        var world = try World()
        try world.ask(.attest)
        let before = world.state
        world.device.installation = P256.Signing.PrivateKey()
        var input = try world.input(.attest)
        input.verdict = .refused(Refusal(reasons: [Reason(.signatureInvalid)], authentic: nil))
        #expect(decide(input).outcome == .notAuthentic)
        #expect(try world.settle(decide(input)).transition == nil && world.state == before)
        try world.device.reboot(into: "tampered")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended && world.state.reimage == nil)
        #expect(world.state.installation == before.installation)
        // Repaired by writing the disk anew and reinstated: the new key is still to be accepted.
        try world.act(.reinstate)
        try world.device.reboot(into: "1.0.0")
        #expect(try world.ask(.attest).reasonCodes == ["reimaged"])
        // An operator may stop it altogether; taking it back then accepts the key as well.
        try world.act(.suspend)
        try world.act(.reinstate)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
    }

    @Test func theRemarkNamesWhatWasSeen() throws {
        var world = try World()
        try world.ask(.attest)
        world.device.installation = P256.Signing.PrivateKey()
        try world.ask(.attest)
        let key = try #require(world.state.reimage?.key)
        #expect(world.state.remark == "it was reimaged, or lost its state directory: installation key \(key) asked")
    }
}
