import DurableFiles
import Endorsement
public import FoundationEssentials
import HTTPService
import Ledger
import Messages
import UpdateTrust
public import VerifierStore
import Wording
import X509

/// Looks at everything that the service needs, and says what is wrong; changes nothing.
public struct DirectoryCheck: Sendable {
    /// One thing that was looked at.
    public struct Finding: Hashable, Sendable, Codable {
        /// How it is.
        public enum Grade: String, Hashable, Sendable, Codable {
            case ok
            /// It works, and somebody should know.
            case notice
            /// Nothing may be served like this.
            case fault
        }

        public var grade: Grade
        /// What was looked at and how it is.
        public var text: String
        /// What to do.
        public var hint: String?
    }

    private let directory: VerifierDirectory
    private let now: Date
    // A month is time enough to renew.
    private static let expiresSoon: TimeInterval = 30 * 86_400

    /// - Parameter now: the wall clock.
    public init(_ directory: VerifierDirectory, now: Date) {
        self.directory = directory
        self.now = now
    }

    /// Looks.
    /// - Parameter openStore: opens the record.
    public func run(openStore: (VerifierConfiguration) throws -> any VerifierStore) async -> [Finding] {
        let materials: VerifierMaterials
        do {
            materials = try VerifierMaterials(directory)
            try materials.checkValidity(at: now)
        } catch { return [Self.fault(error)] }
        var findings = [Finding(grade: .ok, text: "configuration, keys, certificates and policy fit together")]
        findings += notices(materials)
        do {
            let store = try openStore(materials.configuration)
            try await LedgerGuard(materials: materials, store: store).check()
            let size = try await store.ledgerHead().size
            let entries = Counted.of(size, "entry is the one that was", "entries are the ones that were")
            findings.append(Finding(grade: .ok, text: "the ledger's \(entries) signed"))
            if let taken = try await standings(store) { findings.append(taken) }
            findings.append(try await archive(store))
            if let witnesses = try await witnesses(materials, store) { findings.append(witnesses) }
            if let policy = try await policy(materials, store) { findings.append(policy) }
            if let key = try await previousLedgerKey(materials, store) { findings.append(key) }
        } catch { findings.append(Self.fault(error)) }
        return findings
    }

    /// How the policy's file stands to the record; `nil` when it is the policy in force, or nothing was served yet.
    /// - Throws: `SetupError` for one that may not come into force.
    private func policy(_ materials: VerifierMaterials, _ store: any VerifierStore) async throws -> Finding? {
        let file = PolicyFile(directory, materials.configuration)
        switch try await file.standing(of: materials.policy, store) {
        case .current: return nil
        case .behind:
            return Finding(
                grade: .notice,
                text:
                    "the policy's file is older than the policy that an operator has put; the service writes it again when it starts"
            )
        case .changed(let held):
            try file.check(new: PolicyInForce.Current(parsing: materials.policy, for: materials.configuration).policy)
            guard held != nil else { return nil }
            return Finding(
                grade: .notice,
                text: "the policy's file changed; it comes into force when the service starts or gets SIGHUP"
            )
        case .refused:
            let refusal = file.refusal(directory)
            return Finding(grade: .fault, text: refusal.message, hint: refusal.hint)
        }
    }

    /// How the ledger's key before the current one stands; `nil` when there is none.
    private func previousLedgerKey(_ materials: VerifierMaterials, _ store: any VerifierStore) async throws -> Finding?
    {
        guard let key = materials.previousLedgerKey, let bundle = try await PublishedTrust.onRecord(store)?.bundle
        else {
            return nil
        }
        guard bundle.allLedgerKeys.contains(key.text) else {
            return Finding(
                grade: .notice,
                text: "no published trust bundle names ledger:\(key.id) any more, and its file is there still",
                hint: "restart the service: it removes \(directory.previousLedgerKey) when it starts"
            )
        }
        return Finding(
            grade: .notice,
            text: "ledger:\(key.id) signs beside the key that follows it, for devices that know no other",
            hint:
                "when all have followed: birthmark trust draft --drop ledger:\(key.id); after a restart its file is gone"
        )
    }

    /// What the record gives back that the ledger has taken; `nil` when that is nothing.
    private func standings(_ store: any VerifierStore) async throws -> Finding? {
        do {
            try await StandingAudit(store: store).run()
            return nil
        } catch let fault as StandingAudit.Fault {
            return Finding(
                grade: .fault,
                text: fault.description,
                hint: "stop the service, find out who changed the record, and restore a backup"
            )
        }
    }

    /// Whether what decisions rested on is there as the ledger names it.
    private func archive(_ store: any VerifierStore) async throws -> Finding {
        do {
            let report = try await ArchiveAudit(store: store).run()
            let shed = report.shed == 0 ? "" : "; \(Counted.of(report.shed, "was", "were")) shed, as the ledger says"
            let kept = Counted.of(report.kept, "decision")
            return Finding(grade: .ok, text: "what \(kept) rested on is as the ledger names it\(shed)")
        } catch let fault as ArchiveAudit.Fault {
            // It decides nothing that is to come.
            return Finding(
                grade: .notice,
                text: fault.description,
                hint: "decisions that are there can be taken again; find out who changed the rest, or restore a backup"
            )
        }
    }

    /// What witnesses have signed of the ledger; `nil` when there are none.
    private func witnesses(_ materials: VerifierMaterials, _ store: any VerifierStore) async throws -> Finding? {
        guard let settings = materials.configuration.witnesses, !settings.known.isEmpty else { return nil }
        let hint = "look at the service's log for why a witness has not signed; \"witnesses\" in config.json names them"
        let policy = try PolicyInForce.Current(parsing: materials.policy, for: materials.configuration).policy
        let required = max(settings.required, policy.mostWitnesses)
        let upTo = required == settings.required ? "" : "up to "
        let need = required == 0 ? "none is required" : "\(upTo)\(required) are required before a grant is given out"
        guard let kept = try await store.witnessedCheckpoint() else {
            return Finding(grade: .notice, text: "no witness has signed the ledger yet; \(need)", hint: hint)
        }
        let checkpoint = try SignedCheckpoint(parsing: kept)
        let verified = try checkpoint.verify(
            logKeys: materials.ledgerKeys,
            witnesses: materials.witnesses.map(\.key)
        ).get()
        let size = verified.checkpoint.size
        guard try await size <= store.ledgerHead().size,
            try await AwaitedTree(store, size: size).root() == verified.checkpoint.root
        else {
            throw SetupError(
                .environment,
                "witnesses have signed a ledger of \(Counted.of(size, "entry", "entries")) which this one does not continue",
                hint: "the record was replaced, or restored from a backup: restore the latest one"
            )
        }
        let count = verified.cosignatures.count
        let witnesses = Counted.of(settings.known.count, "witness", "witnesses")
        let text = "\(count) of \(witnesses) signed the ledger's first \(Counted.of(size, "entry", "entries")); \(need)"
        return count >= max(1, required)
            ? Finding(grade: .ok, text: text) : Finding(grade: .notice, text: text, hint: hint)
    }

    private func notices(_ materials: VerifierMaterials) -> [Finding] {
        var findings: [Finding] = []
        func notice(_ text: String, _ hint: String) {
            findings.append(Finding(grade: .notice, text: text, hint: hint))
        }
        let command = "birthmark-verifier init \(directory.path)"
        if materials.tlsCertificate.notValidAfter < now + Self.expiresSoon {
            notice("the TLS certificate expires within 30 days", VerifierMaterials.renewal(of: directory))
        }
        if (try? materials.trustBundle)?.trustKeys == nil {
            notice(
                "no trust keys: no key of this verifier can be changed without a visit to every device",
                materials.published == nil ? "\(command) --trust-keys FILE" : "the published trust bundle names none"
            )
        }
        if let published = materials.published, published.releaseKeys != materials.trust.releaseKeys {
            notice(
                "the release keys of the published trust bundle count, and the directory's file says otherwise",
                "\(command) --release-keys FILE, with those of the bundle; birthmark trust draft --release-keys FILE, when the file is right"
            )
        }
        if materials.trust.releaseKeys == nil {
            notice("no release keys: no release is accepted", "\(command) --release-keys FILE")
        }
        if materials.trust.birthKeys == nil || materials.trust.factories == nil {
            notice("no factory: no birth is accepted", "\(command) --birth-keys FILE --factory-roots FILE")
        }
        let seconds = Int64(now.timeIntervalSince1970)
        for station in materials.trust.birthKeys?.stations ?? [] {
            let hint = "birthmark-factory init its directory with --days, then \(command) --birth-keys FILE"
            if !station.isValid(at: seconds) {
                notice("the station \(station.name)'s word does not count now: its births are refused", hint)
            } else if !station.isValid(at: seconds + Int64(Self.expiresSoon)) {
                notice("the station \(station.name)'s word counts for less than 30 days more", hint)
            }
        }
        if materials.trust.endorsement == nil {
            notice(
                "no TPM vendors' roots: the factory's word on endorsement keys stands alone",
                "\(command) --ek-roots FILE"
            )
        }
        if materials.trust.endorsement?.anchors.roots.isEmpty == true {
            notice(
                "the TPM vendors' CA certificates hold no root, only intermediates: no endorsement certificate is believed",
                "\(command) --ek-roots FILE, with the vendor's self-signed certificate"
            )
        }
        if let list = materials.trust.ekAllowList {
            notice(
                "\(Counted.of(list.count, "endorsement key is", "endorsement keys are")) believed without a certificate",
                "they stand in \(directory.file(materials.configuration.ekAllowList)); take out those that nobody compared"
            )
        }
        if let written = try? BoundedFile.readKept(directory.trustBundle, limit: TrustBundle.maximumSize),
            let bundle = try? TrustBundle(parsing: written), bundle == (try? materials.trustBundle)
        {
            findings.append(Finding(grade: .ok, text: "trust.json says what devices need"))
        } else {
            notice("trust.json is missing or out of date", command)
        }
        return findings
    }

    private static func fault(_ error: any Error) -> Finding {
        switch error {
        case let error as SetupError: Finding(grade: .fault, text: error.message, hint: error.hint)
        case let error as FileError: Finding(grade: .fault, text: error.description, hint: error.hint)
        case let error as StoreError: Finding(grade: .fault, text: error.message, hint: error.hint)
        default: Finding(grade: .fault, text: String(describing: error))
        }
    }
}
