import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// What decisions are taken on is put down whole, in one spelling, and named by the entry.
@Suite struct ArchivedDecisionTests {
    private func evidence(_ input: DecisionInput, _ world: World) throws -> Evidence {
        Evidence(
            request: Blob(try CanonicalJSON.encode(input.request.request)),
            attest: Blob([1, 2, 3]),
            signature: Blob([4, 5, 6]),
            pcrs: world.device.pcrs,
            log: Sample.digest("log"),
            ima: IMAListPart(offset: 7, bytes: Blob([7, 8, 9]))
        )
    }

    /// A decision on an update that is granted.
    private func granting() throws -> (archived: ArchivedDecision, input: DecisionInput) {
        var world = try World()
        let release = try Sample.known(try Sample.release("1.1.0", securityVersion: 4))
        let input = try world.input(.update, package: release)
        let archived = ArchivedDecision(
            of: input,
            .decision,
            evidence: try evidence(input, world),
            list: ContentDigest(of: [7, 8, 9]),
            tried: [release]
        )
        return (archived, input)
    }

    private func isRefused(_ archived: ArchivedDecision) throws -> Bool {
        let bytes = try CanonicalJSON.encode(archived)
        return (try? ArchivedDecision(parsing: bytes)) == nil
    }

    @Test func itIsReadBackFromItsBytes() throws {
        let (archived, input) = try granting()
        let bytes = try archived.bytes
        #expect(try ArchivedDecision(parsing: bytes) == archived)
        #expect(archived.state == input.state && archived.identifiers == input.identifiers)
        #expect(archived.at == input.now && archived.policy == input.policy.digest)
        #expect(archived.measured?.evidence.ima == nil && archived.measured?.list?.offset == 7)
        #expect(archived.measured?.list?.digest == ContentDigest(of: [7, 8, 9]))
        for carried in [CarriedFreshness.epoch(from: 5), .challenge(from: 6), .grant] {
            var other = archived
            other.measured?.carried = carried
            #expect(try ArchivedDecision(parsing: try other.bytes) == other)
        }
        var spaced = bytes
        spaced.append(UInt8(ascii: " "))
        #expect((try? ArchivedDecision(parsing: spaced)) == nil)
    }

    @Test func whatCannotBeMeantIsRefused() throws {
        let (archived, _) = try granting()
        #expect(try !isRefused(archived))
        var other = archived
        other.formatVersion = 2
        #expect(try isRefused(other))
        other = archived
        other.measured = nil
        #expect(try isRefused(other), "nobody showed anything")
        other = archived
        other.measured?.evidence.ima = IMAListPart(offset: 0, bytes: Blob([1]))
        #expect(try isRefused(other), "a list has its own place")
        other = archived
        other.measured?.evidence.attest = Blob([UInt8](repeating: 0, count: Evidence.maximumAttestSize + 1))
        #expect(try isRefused(other), "a part is too large")
        let text = String(decoding: try archived.bytes, as: UTF8.self)
        let names = text.replacing(archived.identifiers.grant, with: "AAAA")
        #expect((try? ArchivedDecision(parsing: Array(names.utf8))) == nil, "no name of a grant")
    }

    @Test func theEntryNamesItsBasis() throws {
        var (archived, input) = try granting()
        input.basis = ContentDigest(of: try archived.bytes)
        let decision = decide(input)
        let entries = try #require(decision.transition).entries
        #expect(entries.decided?.entry.body.basis == input.basis)
        #expect(entries.compactMap(\.entry.body.basis).count == 1)
        archived.at += 1
        #expect(ContentDigest(of: try archived.bytes) != input.basis)
    }

    @Test func entriesOfAGrantAreThoseThatAreWritten() throws {
        let (_, input) = try granting()
        let decision = decide(input)
        guard case .granting(let terms, _) = decision.outcome else {
            Issue.record("nothing was granted: \(decision.outcome)")
            return
        }
        let grant = try GrantSigner(key: World().grantKey).sign(terms)
        let issued = try #require(try decision.issuing(grant).transition)
        #expect(decision.entries(ofGrant: grant.digest) == issued.entries.map(\.entry))
        #expect(decision.entries(ofGrant: Sample.digest("another")) != issued.entries.map(\.entry))
    }

    @Test func ofAnInstanceWithoutATPMToo() throws {
        var world = try CompensatedWorld()
        let disk = world.born
        var input = try world.input(disk, .attest)
        let request = world.request(disk, .attest)
        let evidence = try CompensatedEvidence(request, signedBy: disk.key, next: disk.next)
        let archived = ArchivedDecision(
            of: input,
            .decision,
            evidence: evidence,
            positions: [request.key: 0]
        )
        #expect(archived.software?.keyPosition == 0 && archived.software?.nextPosition == nil)
        #expect(try ArchivedDecision(parsing: try archived.bytes) == archived)
        input.basis = ContentDigest(of: try archived.bytes)
        #expect(decide(input).transition?.entries.decided?.entry.body.basis == input.basis)
    }

    /// A decision on a release that people have spoken of.
    private func decided(
        _ policy: Policy,
        _ speak: (inout World, KnownRelease) throws -> Void
    ) throws -> (archived: ArchivedDecision, input: DecisionInput) {
        var world = try World(policy: policy)
        let release = try Sample.known(try Sample.release("1.1.0", securityVersion: 4))
        try speak(&world, release)
        let input = try world.input(.update, package: release)
        let archived = ArchivedDecision(
            of: input,
            .decision,
            evidence: try evidence(input, world),
            list: ContentDigest(of: [7, 8, 9]),
            tried: nil
        )
        #expect(try ArchivedDecision(parsing: try archived.bytes) == archived)
        return (archived, input)
    }

    /// What is kept of what people have said gives the decision that all of it gives.
    private func isEnough(_ archived: ArchivedDecision, _ input: DecisionInput) throws -> Bool {
        var again = input
        let package = input.request.request.package
        again.authority = try #require(archived.authority(over: package, input.record.facts, by: input.policy))
        return decide(again) == decide(input)
    }

    @Test func approvalsAreKeptWhereARuleWantsThem() throws {
        let wanting = try Sample.policy(approvals: #"{"count":1}"#)
        func speak(_ world: inout World, _ release: KnownRelease) throws {
            try world.approve(release, by: "ann")
            try world.approve(release, by: "bob", environment: "production")
        }
        let (kept, asked) = try decided(wanting, speak)
        #expect(kept.approvals?.map(\.entry) == [Sample.digest("approval 0")], "those for others have no say")
        #expect(try isEnough(kept, asked))
        guard case .granting = decide(asked).outcome else {
            Issue.record("nothing was granted")
            return
        }
        let (silent, refused) = try decided(wanting) { _, _ in }
        #expect(silent.approvals == [] && decide(refused).reasonCodes == ["release-not-approved"])
        #expect(try isEnough(silent, refused))
        let (unasked, input) = try decided(try Sample.policy(), speak)
        #expect(unasked.approvals == nil)
        #expect(try isEnough(unasked, input))
        let package = input.request.request.package
        #expect(unasked.authority(over: package, input.record.facts, by: wanting) == nil, "nobody asked then")
        #expect(unasked.authority(over: nil, input.record.facts, by: wanting) == ReleaseAuthority())
    }

    @Test func emergenciesAreKept() throws {
        let closed = try Sample.policy(window: #"{"days":["sun"],"from":"02:00","to":"04:00"}"#)
        let (kept, input) = try decided(closed) { world, release in
            try world.declare(release, by: "ann")
            try world.declare(release, by: "bob")
        }
        #expect(kept.emergencies == input.authority.emergencies && kept.emergencies?.count == 2)
        #expect(try isEnough(kept, input))
        var other = kept
        other.emergencies?.removeLast()
        let package = input.request.request.package
        var alone = input
        alone.authority = try #require(other.authority(over: package, input.record.facts, by: closed))
        #expect(decide(alone).reasonCodes == ["outside-window"], "one person lifts nothing")
        other.emergencies = []
        #expect(try isRefused(other), "none has one spelling")
    }

    @Test func whatPeopleSaidOfOneWithoutATPMToo() throws {
        var world = try CompensatedWorld(
            policy: CompensatedWorld.policy(
                controls: #"{"releases":"*","approvals":1,"claims":false}"#,
                releaseApprovals: #"{"count":1}"#
            )
        )
        let release = try Sample.known(try Sample.release("1.1.0", securityVersion: 4))
        try world.approve(release, by: "ann", wholeRelease: true)
        try world.approve(release, by: "bob")
        try world.approve(release, by: "carol", environment: "elsewhere")
        let disk = world.born
        let input = try world.input(disk, .update, package: release)
        let request = world.request(disk, .update, package: release)
        let evidence = try CompensatedEvidence(request, signedBy: disk.key, next: disk.next)
        let archived = ArchivedDecision(of: input, .decision, evidence: evidence, positions: [request.key: 0])
        #expect(archived.approvals == Array(world.approvals.prefix(2)) && archived.emergencies == nil)
        #expect(try ArchivedDecision(parsing: try archived.bytes) == archived)
        var again = input
        again.approvals = archived.approvals ?? []
        #expect(decide(again) == decide(input))
        guard case .granting = decide(again).outcome else {
            Issue.record("nothing was granted: \(decide(again).outcome)")
            return
        }
    }
}
