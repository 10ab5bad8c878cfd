import Endorsement
import Ledger
import Messages
import UpdateTrust

/// A bundle whose entries and documents were read: what checks and narration look things up in.
struct AuditRecord {
    let bundle: AuditBundle
    /// In the order of the ledger.
    let entries: [PlacedEntry]
    let byDigest: [ContentDigest: PlacedEntry]
    /// Each instance's entries, in the order of the ledger.
    let chains: [InstanceID: [PlacedEntry]]
    /// Of each of them, what stands where.
    private let indices: [InstanceID: ChainIndex]
    /// Where a release was registered first, and where it was withdrawn first.
    let registered: [ContentDigest: Int]
    let withdrawn: [ContentDigest: Int]
    let births: [ContentDigest: (envelope: SignedEnvelope, birth: InstanceBirth)]
    let restorations: [ContentDigest: (envelope: SignedEnvelope, restoration: Restoration)]
    let releases: [ContentDigest: (envelope: SignedEnvelope, release: Release)]
    let policies: [ContentDigest: Policy]
    /// The exact bytes of the policies that stand in the bundle.
    let policyFiles: [ContentDigest: [UInt8]]
    /// By the digest of the compact form.
    let grants: [ContentDigest: String]
    /// By the digest that entries name.
    let acts: [ContentDigest: Act]

    /// What an operator has signed, as it was read; whether it is signed is for a check.
    struct Act {
        var signed: SignedStatement
        var requested: RequestedAct
        var certificate: OperatorCertificate
        /// Of the request; `nil` when it was not kept.
        var body: [UInt8]?

        init(_ act: SignedAct) throws(AuditFinding) {
            do throws(MessageError) {
                signed = try SignedStatement(act.statement)
                requested = try signed.claimed.requested
            } catch { throw Self.unreadable(act, error.detail) }
            do throws(CertificateError) {
                certificate = try OperatorCertificate(der: act.certificate.bytes)
            } catch { throw Self.unreadable(act, error.description) }
            body = act.body?.bytes
        }

        private static func unreadable(_ act: SignedAct, _ why: String) -> AuditFinding {
            AuditFinding("act \(ContentDigest(of: act.statement.payload.bytes).short)", "cannot be read: \(why)")
        }
    }

    /// An entry that was read, and its place on the ledger.
    struct PlacedEntry: Hashable {
        var index: Int
        var entry: LedgerEntry
        var digest: ContentDigest

        var place: String { "entry \(index)" }
    }

    /// Reads what can be read.
    /// - Parameter findings: gets what cannot.
    init(_ bundle: AuditBundle, _ anchors: AuditAnchors, _ findings: inout [AuditFinding]) {
        self.bundle = bundle
        var entries: [PlacedEntry] = []
        for audited in bundle.entries {
            do {
                let entry = try LedgerEntry(parsing: audited.bytes.bytes)
                let digest = ContentDigest(of: audited.bytes.bytes)
                entries.append(PlacedEntry(index: audited.index, entry: entry, digest: digest))
            } catch {
                findings.append(AuditFinding("entry \(audited.index)", "cannot be read: \(error.detail)"))
            }
        }
        self.entries = entries
        byDigest = Dictionary(entries.map { ($0.digest, $0) }) { first, _ in first }
        let chains = Dictionary(grouping: entries.filter { $0.entry.instance != nil }) {
            $0.entry.instance ?? InstanceID(iakName: [])
        }
        self.chains = chains
        indices = chains.mapValues { ChainIndex($0) }
        var (registered, withdrawn): ([ContentDigest: Int], [ContentDigest: Int]) = ([:], [:])
        for placed in entries {
            switch placed.entry.body {
            case .release(let body): registered[body.manifest] = registered[body.manifest] ?? placed.index
            case .withdrawal(let body): withdrawn[body.manifest] = withdrawn[body.manifest] ?? placed.index
            default: break
            }
        }
        self.registered = registered
        self.withdrawn = withdrawn
        births = Self.read(bundle.documents.births, "birth", &findings) { payload throws(MessageError) in
            try InstanceBirth(parsing: payload)
        }
        .mapValues { (envelope: $0.0, birth: $0.1) }
        restorations = Self.read(bundle.documents.restorations, "restoration", &findings) {
            payload throws(MessageError) in try Restoration(parsing: payload)
        }
        .mapValues { (envelope: $0.0, restoration: $0.1) }
        releases = Self.read(bundle.documents.releases, "release", &findings) { payload throws(MessageError) in
            try Release(parsing: payload)
        }
        .mapValues { (envelope: $0.0, release: $0.1) }
        var policies: [ContentDigest: Policy] = [:]
        var policyFiles: [ContentDigest: [UInt8]] = [:]
        for bytes in bundle.documents.policies {
            let digest = ContentDigest(of: bytes)
            policyFiles[digest] = bytes
            do {
                policies[digest] = try Policy(parsing: bytes, zoneFile: anchors.zoneFile)
            } catch {
                findings.append(AuditFinding("policy \(digest.short)", "cannot be read: \(error.detail)"))
            }
        }
        self.policies = policies
        self.policyFiles = policyFiles
        var acts: [ContentDigest: Act] = [:]
        for act in bundle.documents.acts {
            do throws(AuditFinding) {
                let read = try Act(act)
                if let digest = try? read.signed.digest { acts[digest] = read }
            } catch { findings.append(error) }
        }
        self.acts = acts
        grants = Dictionary(bundle.documents.grants.map { (ContentDigest(of: Array($0.utf8)), $0) }) { first, _ in first
        }
    }

    private static func read<Value>(
        _ envelopes: [SignedEnvelope],
        _ what: String,
        _ findings: inout [AuditFinding],
        _ parse: ([UInt8]) throws(MessageError) -> Value
    ) -> [ContentDigest: (SignedEnvelope, Value)] {
        var read: [ContentDigest: (SignedEnvelope, Value)] = [:]
        for envelope in envelopes {
            let digest = ContentDigest(of: envelope.payload.bytes)
            do {
                read[digest] = (envelope, try parse(envelope.payload.bytes))
            } catch {
                findings.append(AuditFinding("\(what) \(digest.short)", "cannot be read: \(error.detail)"))
            }
        }
        return read
    }

    /// The birth of an instance, as its chain names it.
    func birth(of instance: InstanceID) -> InstanceBirth? {
        indices[instance]?.birth.flatMap { births[$0]?.birth }
    }

    /// What stands where in the chain that an entry is part of.
    func index(of placed: PlacedEntry) -> ChainIndex? { placed.entry.instance.flatMap { indices[$0] } }

    /// The accepted decision that a grant answers, which every check has to hold it to; `nil` when none stands before it.
    ///
    /// One request may have several entries on a ledger whose keeper lies, and not all of them of a package.
    func decision(answeredBy grant: GrantEntry, _ placed: PlacedEntry) -> PlacedEntry? {
        index(of: placed)?.onPackages[grant.request]?.last(before: placed.index)
    }

    /// What an instance is called: its serial number, where its birth is here.
    func name(of instance: InstanceID) -> String { birth(of: instance)?.facts.serial.text ?? instance.text }

    /// The instances whose chains are claimed to be whole.
    var subjects: [InstanceID] {
        switch bundle.subject {
        case .instance(let instance): return [instance]
        case .release(let release):
            let granted = entries.compactMap { placed -> InstanceID? in
                guard case .grant(let grant) = placed.entry.body, grant.package.manifest == release else {
                    return nil
                }
                return placed.entry.instance
            }
            return Set(granted).sorted()
        case .entries: return []
        }
    }
}

extension ContentDigest {
    /// Enough of it to be told from others by a person.
    var short: String { String(description.prefix(12)) + "…" }
}
