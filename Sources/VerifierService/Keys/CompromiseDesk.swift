import HTTPService
import Ledger
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// A key is in other hands: what hangs on it is found and ended in one act.
extension Verifier {
    /// `POST /v1/keys/compromised`.
    func reportCompromise(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(CompromiseOrder.init(parsing:))
        let key = try await key(order.kind, calledBy: order.key)
        let compromise = KeyCompromise(
            key,
            by: acting.by,
            reason: order.reason,
            statement: acting.statement,
            at: clock.seconds,
            releaseKeys: releaseKeys
        )
        guard order.isRehearsal == nil else {
            return try .json(report(compromise, try await store.extent(of: compromise), entry: nil))
        }
        // Before the transaction, and also when what became of it is not known: from here on everything is judged without the key.
        compromised.insert(key)
        if key.kind == .witness { await cosignatures.exclude([key.name]) }
        return try await carryOut(compromise, acting)
    }

    private func carryOut(_ compromise: KeyCompromise, _ acting: Acting) async throws -> Answer {
        let index: Int
        switch try await commit(.compromise(compromise), acting) {
        case .committed(let at): index = at
        case .known: return try .json(report(compromise, CompromiseExtent(), entry: nil))
        case .stale, .challengeUsed, .conflict:
            throw ServiceProblem.undecided("the record refused that a key is compromised")
        }
        var extent = CompromiseExtent()
        if let written = try await store.ledgerEntries(index..<index + 1).first,
            case .compromise(let body) = try LedgerEntry(parsing: written.bytes).body
        {
            (extent.grants, extent.instances, extent.releases) = (body.grants, body.instances, body.releases)
        }
        metrics.count(.compromisedKeys, compromise.key.kind.rawValue)
        logger.error(
            "key compromised",
            metadata: [
                "kind": "\(compromise.key.kind.rawValue)", "key": "\(compromise.key.name)",
                "operator": "\(compromise.by)", "reason": "\(compromise.reason)", "grants": "\(extent.grants)",
                "instances": "\(extent.instances)", "releases": "\(extent.releases)",
            ]
        )
        return try .json(report(compromise, extent, entry: index), status: 201)
    }

    private func report(_ compromise: KeyCompromise, _ extent: CompromiseExtent, entry: Int?) -> CompromiseReport {
        CompromiseReport(compromise, extent, entry: entry, isInUse: isInUse(compromise.key))
    }

    /// Whether this verifier signs with it, so that another has to take its place.
    private func isInUse(_ key: NamedKey) -> Bool {
        switch key.kind {
        case .grant: key.name == materials.grantSigner.publicKey.name(as: .grant)
        case .results: key.name == materials.resultSigner.publicKey.name(as: .results)
        case .ledger: key.name == materials.checkpointSigner.verifierKey.id.description
        case .witness, .release, .station, .trust: false
        }
    }

    /// The key that a person means: by its whole name, a station's or witness's also by the name that only one of them has.
    private func key(_ kind: KeyKind, calledBy name: String) async throws -> NamedKey {
        switch kind {
        case .station:
            if let station = trust.now.birthKeys?.stations.first(where: { $0.name.text == name }) {
                return NamedKey(kind, station.key.id)
            }
            // One that was taken out of the list may have signed births all the same.
            guard ContentDigest(name) != nil else { throw ServiceProblem.notFound }
            return NamedKey(kind, name)
        case .witness:
            let named = materials.witnesses.map(\.key).filter { $0.name == name || $0.description == name }
            if let witness = named.first, named.count == 1 { return NamedKey(kind, witness.description) }
        case .grant, .results, .ledger, .release, .trust: break
        }
        // What no bundle names any more was given up before; it may have signed what is still out there.
        let isWellFormed =
            switch kind {
            case .grant, .results: Base64URL.decode(name)?.count == ContentDigest.size
            case .release, .trust: ContentDigest(name) != nil
            case .ledger, .witness, .station: false
            }
        let text = "\(kind.rawValue):\(name)"
        if isWellFormed || published.now.keyNames.contains(text) { return NamedKey(kind, name) }
        // The list of keys has it still.
        guard try await earlierKeyNames().contains(where: { $0.contains(text) }) else {
            throw ServiceProblem.notFound
        }
        return NamedKey(kind, name)
    }
}

extension CompromiseReport {
    init(_ compromise: KeyCompromise, _ extent: CompromiseExtent, entry: Int?, isInUse: Bool) {
        self.init(
            kind: compromise.key.kind,
            key: compromise.key.name,
            entry: entry,
            grants: extent.grants,
            instances: extent.instances,
            releases: extent.releases,
            next: Self.next(compromise.key.kind, isInUse: isInUse)
        )
    }

    /// What nobody but people can do.
    private static func next(_ kind: KeyKind, isInUse: Bool) -> String {
        switch kind {
        case .grant where isInUse:
            "no grant is given until birthmark-verifier key use grant; then publish a trust bundle without the key"
        case .results where isInUse:
            "birthmark-verifier key use results, then publish a trust bundle without the key"
        case .grant, .results: "publish a trust bundle without the key, where one names it still"
        case .ledger:
            "nothing is ended: \(isInUse ? "birthmark-verifier key use ledger, " : "")publish a trust bundle without the key, where one names it still, and have auditors compare the copies that they kept"
        case .witness:
            "publish a trust bundle without the key, where one names it still, and take it out of config.json; until there are as many witnesses as are required, no grant is given"
        case .release: "publish a trust bundle without the key; release recall what must not run either"
        case .station:
            "look at each device: device reinstate those that are genuine; take the key out of the list of stations"
        case .trust: "publish a trust bundle without the key, signed by the others"
        }
    }
}
