import Audit
import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// A bundle is a stranger's, who need not have signed anything: its length alone must not keep an auditor busy.
@Suite(.timeLimit(.minutes(20))) struct LongChainTests {
    private static let start: Int64 = 1_790_000_000

    @Test func aLongChainWithoutItsBirthIsJudgedInOneWalk() throws {
        let instance = InstanceID(iakName: Array("a device".utf8))
        let name = try #require(Label("lease-1"))
        let digest = ContentDigest(of: Array("nothing here".utf8))
        let package = PackageReference(name: name, version: name, sha256: digest, manifest: digest)
        let lease = LeaseEntry(id: name, event: .renewed, cause: .attested, expires: Self.start)
        let grant = GrantEntry(
            grant: digest,
            jti: "grant",
            request: digest,
            lease: name,
            package: package,
            expires: Self.start
        )
        let bodies: [LedgerEntry.Body] = [.lease(lease), .grant(grant)]
        var entries: [AuditedEntry] = []
        var frontier = TreeFrontier()
        for index in 0..<6000 {
            let entry = LedgerEntry(
                at: Self.start,
                instance: instance,
                actor: Actor(.verifier, name),
                body: bodies[index % bodies.count]
            )
            let bytes = try WrittenEntry(entry).bytes
            _ = frontier.append(.leaf(bytes))
            entries.append(AuditedEntry(index: index, bytes: bytes, path: []))
        }
        let origin = "ledger.example"
        let stranger = try CheckpointSigner(origin: origin, privateKey: Curve25519.Signing.PrivateKey())
        let known = try CheckpointSigner(origin: origin, privateKey: Curve25519.Signing.PrivateKey())
        let bundle = AuditBundle(
            subject: .instance(instance),
            checkpoint: try stranger.sign(size: entries.count, root: frontier.root),
            entries: entries,
            documents: AuditDocuments()
        )
        let anchors = AuditAnchors(verifier: name, ledgerKeys: [known.verifierKey], grantKeys: [], releaseKeys: nil)
        let report = Auditor(anchors) { "at \($0)" }.judge(bundle)
        #expect(!report.isProven && report.checkpoint == nil)
        let places = Set(report.findings.map(\.place))
        #expect(places.isSuperset(of: ["the checkpoint", "entry 0", "entry 1", "entry 5999"]))
        #expect(report.timeline.count == entries.count)
    }
}
