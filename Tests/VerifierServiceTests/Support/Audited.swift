import Audit
import AuditCollection
import Crypto
import Endorsement
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient

@testable import VerifierService

/// What tests of audits need of a verifier.
extension TestVerifier {
    /// A bundle as an auditor takes it away.
    func audit(_ subject: AuditSubject) async throws -> AuditBundle {
        try await operating(as: .auditor) { client in
            let signed = try SignedCheckpoint(parsing: try await client.ledgerFile("checkpoint"))
            var collector = AuditCollector(client, signed)
            return try await collector.bundle(about: subject)
        }
    }

    /// Whom a stranger believes who has this verifier's keys, its release keys and those of a factory.
    func anchors(_ factory: TestFactory) throws -> AuditAnchors {
        let (roots, lists) = try TrustDirectory.contents(ofFile: directory.file("factory-roots.pem"), allowing: [])
        return AuditAnchors(
            verifier: try label("test"),
            ledgerKeys: [try VerifierKey(parsing: trust.ledgerKey)],
            grantKeys: trust.grantKeys,
            releaseKeys: trust.releaseKeys,
            factory: AuditAnchors.Factory(
                stations: try factory.birthKeys,
                factories: FactoryPolicy(anchors: TrustAnchors(roots), revocationLists: lists),
                endorsement: nil,
                allowed: nil
            ),
            operators: AuditAnchors.Operators(
                try OperatorTrust(try TrustDirectory.readFile(directory.operatorCA, allowing: []))
            )
        )
    }
}

extension Auditor {
    static func judge(_ bundle: AuditBundle, _ anchors: AuditAnchors) -> Report {
        Auditor(anchors) { "at \($0)" }.judge(bundle)
    }
}

extension AuditBundle {
    var bytes: [UInt8] {
        get throws {
            var bytes: [UInt8] = []
            try write { bytes += $0 }
            return bytes
        }
    }
}

/// A ledger whose keeper writes what he likes: he has every key of the verifier's but those of others.
struct LyingKeeper {
    var subject: AuditSubject
    var entries: [LedgerEntry]
    var documents: AuditDocuments

    private let key = Curve25519.Signing.PrivateKey()

    init(_ bundle: AuditBundle) throws {
        subject = bundle.subject
        entries = try bundle.entries.map { try LedgerEntry(parsing: $0.bytes.bytes) }
        documents = bundle.documents
    }

    /// Changes the first entry that `change` does something to.
    mutating func change(_ change: (inout LedgerEntry) -> Bool) throws {
        for index in entries.indices where change(&entries[index]) { return }
        throw UnexpectedAnswer(text: "there is no such entry")
    }

    mutating func remove(_ isMeant: (LedgerEntry) -> Bool) throws {
        let index = try entries.firstIndex(where: isMeant).found()
        entries.remove(at: index)
    }

    /// The ledger as he would have kept it: chains, tree and checkpoint are whole.
    func judged(_ anchors: AuditAnchors) throws -> Auditor.Report {
        let signer = try CheckpointSigner(origin: "lies.example", privateKey: key)
        var chains: [InstanceID: ContentDigest] = [:]
        var written: [[UInt8]] = []
        var nodes: [TreeNode] = []
        var frontier = TreeFrontier()
        for var entry in entries {
            if let instance = entry.instance { entry.prev = chains[instance] }
            let bytes = try WrittenEntry(entry).bytes
            if let instance = entry.instance { chains[instance] = ContentDigest(of: bytes) }
            written.append(bytes)
            nodes += frontier.append(.leaf(bytes))
        }
        let hashes = Dictionary(nodes.map { ([$0.level, $0.index], $0.hash) }) { first, _ in first }
        let tree = try MerkleTree(size: written.count)
        let audited = try written.enumerated().map { index, bytes in
            let path = try tree.inclusionPath(of: index) { level, index in try hashes[[level, index]].found() }
            return AuditedEntry(index: index, bytes: bytes, path: try path.found().map { Blob($0.bytes) })
        }
        let bundle = AuditBundle(
            subject: subject,
            checkpoint: try signer.sign(size: written.count, root: frontier.root),
            entries: audited,
            documents: documents
        )
        var anchors = anchors
        anchors.ledgerKeys = [signer.verifierKey]
        return Auditor.judge(bundle, anchors)
    }
}

/// Holds an auditor to few words on many grants that answer one decision, whatever it cites that is not there.
/// - Parameters:
///   - cited: what the decision cites.
///   - noun: what findings call it.
func expectFewWords(
    on cited: WritableKeyPath<DecisionEntry, [ContentDigest]?>,
    called noun: String,
    _ bundle: AuditBundle,
    _ anchors: AuditAnchors
) throws {
    var keeper = try LyingKeeper(bundle)
    try keeper.change { entry in
        guard case .decision(var body) = entry.body, body.accepted, body[keyPath: cited] != nil else { return false }
        body[keyPath: cited] = (0..<300).map { ContentDigest(of: Array("\(noun) \($0)".utf8)) }
        entry.body = .decision(body)
        return true
    }
    let grant = try keeper.entries.first { $0.body.isGrant }.found()
    keeper.entries += Array(repeating: grant, count: 100)
    let report = try keeper.judged(anchors)
    #expect(!report.isProven)
    let places = keeper.entries.indices.filter { keeper.entries[$0].body.isGrant }.map { "entry \($0)" }
    let missing = report.findings.filter { $0.problem.hasPrefix("the \(noun) ") }
    let told = Dictionary(grouping: missing) { $0.place }.mapValues(\.count)
    #expect(told == Dictionary(uniqueKeysWithValues: places.map { ($0, 8) }))
    let rest = report.findings.filter { $0.problem == "what else its decision cites was not looked at" }
    #expect(rest.map(\.place).sorted() == places.sorted())
}
