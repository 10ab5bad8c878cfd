import Audit
import Messages
import Testing

@testable import UpdateTrust

/// Of each digest in each kind of entry it is said whether bundles have what it is of: whoever forgets a new one is asked here.
@Suite struct CitationTests {
    /// A document or an entry is of it, and nobody can judge the entry without that.
    private static let brought: Set<String> = [
        "birth.record", "restoration.statement", "release.manifest", "withdrawal.manifest", "policy.policy",
        "decision.policy", "decision.release", "decision.approvals", "decision.emergencies", "grant.grant",
        "grant.package.manifest", "grant.downgrade", "update.package.manifest", "receipt.package.manifest",
        "downgrade-allowance.release", "rollout.release", "compensated-decision.policy",
        "compensated-decision.approvals", "compensated-decision.emergencies", "compensated-decision.vouch.entry",
        "approval.release", "witness.release", "emergency.release",
    ]

    /// It only names: what an instance has shown, a key, something in another chain, or what stands beside it.
    private static let named: Set<String> = [
        "birth.takesOver.record", "rework.record", "succession.record", "release.artifact", "policy.replaces",
        "decision.request", "decision.quote", "decision.installation", "decision.vouches", "decision.basis",
        "grant.request", "grant.package.sha256", "update.grant", "update.package.sha256", "update.quote",
        "receipt.grant", "receipt.package.sha256", "receipt.quote", "boot-allowance.quote", "boot-allowance.log",
        "farewell.request", "farewell.quote", "farewell.software.evidence", "farewell.software.key",
        "farewell.basis", "reappearance.request", "reappearance.quote", "reappearance.basis",
        "compensated-decision.request", "compensated-decision.evidence", "compensated-decision.key",
        "compensated-decision.claimed.manifest", "compensated-decision.lowered.entry",
        "compensated-decision.vouch.observed.readBack", "compensated-decision.fork.key",
        "compensated-decision.fork.next", "compensated-decision.basis", "tier.key", "shedding.decisions",
        "trust.bundle", "record-recovery.lostRoot",
        // Of some controls it is entries: which those are, stands beside where they are brought.
        "compensated-decision.controls.evidence",
    ]

    @Test func eachDigestInAnEntryIsBroughtAlongOrOnlyNames() throws {
        for entry in try LedgerEntryTests().entries() {
            var cited = AuditCitations()
            cited.add(entry)
            let documents = cited.births.union(cited.restorations).union(cited.releases).union(cited.policies)
            let all = documents.union(cited.entries).union(cited.grants.keys)
            let body = try #require(Mirror(reflecting: entry.body).children.first).value
            for member in digests(in: body, at: entry.body.type) {
                let isBrought = Self.brought.contains(member.path)
                #expect(isBrought != Self.named.contains(member.path), "\(member.path)")
                #expect(!isBrought || all.isSuperset(of: member.digests), "\(member.path)")
            }
        }
    }

    /// What has a basis rests on evidence, and the archive keeps that under this very name.
    @Test func whateverHasABasisRestsOnEvidence() throws {
        for entry in try LedgerEntryTests().entries() {
            let body = try #require(Mirror(reflecting: entry.body).children.first).value
            let basis = digests(in: body, at: "").first { $0.path == ".basis" }
            #expect(entry.body.restsOnEvidence == (basis != nil), "\(entry.body.type)")
            #expect(entry.body.basis == basis?.digests.first, "\(entry.body.type)")
        }
    }

    /// The digests in a value and in what is inside of it; a place of one that is not there has none.
    private func digests(in value: Any, at path: String) -> [(path: String, digests: [ContentDigest])] {
        if let digest = value as? ContentDigest { return [(path, [digest])] }
        let kind = type(of: value)
        if kind == ContentDigest?.self { return [(path, [])] }
        if kind == [ContentDigest].self || kind == [ContentDigest]?.self {
            return [(path, value as? [ContentDigest] ?? [])]
        }
        let mirror = Mirror(reflecting: value)
        let isWrapped = mirror.displayStyle == .optional || mirror.displayStyle == .collection
        return mirror.children.flatMap { child in
            digests(in: child.value, at: isWrapped ? path : "\(path).\(child.label ?? "")")
        }
    }
}
