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
}
