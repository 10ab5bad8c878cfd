import Endorsement
import HTTPService
import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// Which keys there are, and how they stand.
extension Verifier {
    /// `GET /v1/keys`.
    func listKeys(_ exchange: Exchange) async throws -> Answer {
        var keys = KnownKeys()
        addSigners(&keys)
        addFactories(&keys)
        keys.add(published.now.keyNames, .named)
        for names in try await earlierKeyNames() { keys.add(names, .former) }
        for key in try await store.compromisedKeys() { keys.report(key) }
        return try .json(KeyList(keys: keys.sorted))
    }

    /// What this verifier signs with, and whose signatures it wants beside its own.
    private func addSigners(_ keys: inout KnownKeys) {
        keys.add(KnownKey(.grant, materials.grantSigner.publicKey.name(as: .grant), .inUse))
        keys.add(KnownKey(.results, materials.resultSigner.publicKey.name(as: .results), .inUse))
        for key in materials.checkpointSigner.verifierKeys { keys.add(KnownKey(.ledger, key.id.description, .inUse)) }
        for key in materials.witnesses.map(\.key) {
            keys.add(KnownKey(.witness, key.description, name: key.name, .inUse))
        }
        for key in releaseKeys?.keys ?? [] { keys.add(KnownKey(.release, key.name(as: .release), .inUse)) }
        for key in published.now.trustKeys?.keys ?? [] { keys.add(KnownKey(.trust, key.name(as: .trust), .inUse)) }
    }

    /// Whose births are taken over.
    private func addFactories(_ keys: inout KnownKeys) {
        let (lists, now) = (trust.now, clock.seconds)
        for station in lists.birthKeys?.stations ?? [] {
            let standing: KnownKey.Standing =
                station.isValid(at: now) ? .inUse : now < station.from ? .named : .former
            keys.add(KnownKey(.station, station.key.id, name: station.name.text, standing))
        }
        guard let anchors = lists.factories?.anchors else { return }
        for certificate in anchors.roots + anchors.intermediates {
            let id = ContentDigest(of: certificate.bytes).description
            let isOver = certificate.notAfter < now
            keys.add(KnownKey(.factoryCA, id, name: certificate.subject.description, isOver ? .former : .inUse))
        }
    }

    /// The names of the keys of each bundle that was published before the newest one; of the first, which nobody published, the second
    /// still has those that it followed in the usual way, beside the new ones.
    func earlierKeyNames() async throws -> [Set<String>] {
        guard let newest = try await store.newestTrust() else { return [] }
        var names: [Set<String>] = []
        var version: Int64 = 2
        while version < newest.version, let stored = try await store.trust(version) {
            names.append(try stored.opened().bundle.keyNames)
            version += 1
        }
        return names
    }
}

/// Keys by what they are called; what is said first of one stands.
private struct KnownKeys {
    private var keys: [Name: KnownKey] = [:]

    private struct Name: Hashable {
        var role: KnownKeyKind
        var id: String
    }

    /// By role and standing, in the order in which those are declared.
    var sorted: [KnownKey] {
        let byName = keys.values.sorted { ($0.name ?? "", $0.id) < ($1.name ?? "", $1.id) }
        return KnownKeyKind.allCases.flatMap { role in
            KnownKey.Standing.allCases.flatMap { standing in
                byName.filter { $0.role == role && $0.standing == standing }
            }
        }
    }

    mutating func add(_ key: KnownKey) {
        let name = Name(role: key.role, id: key.id)
        if keys[name] == nil { keys[name] = key }
    }

    /// Adds keys as a bundle's differences name them: `kind:name`.
    mutating func add(_ names: Set<String>, _ standing: KnownKey.Standing) {
        for text in names {
            let parts = text.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let kind = KeyKind(rawValue: String(parts[0])) else { continue }
            add(KnownKey(KnownKeyKind(kind), String(parts[1]), standing))
        }
    }

    /// Notes that a key was reported compromised; one that nobody names any more was given up before.
    mutating func report(_ key: NamedKey) {
        let name = Name(role: KnownKeyKind(key.kind), id: key.name)
        keys[name, default: KnownKey(name.role, name.id, .former)].compromised = true
    }
}
