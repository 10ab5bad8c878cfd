import Ledger
public import Messages

extension TrustBundle {
    /// The names of all keys in it, as `kind:name`.
    public var keyNames: Set<String> {
        var names: Set<String> = []
        func add(_ kind: KeyKind, _ name: String) { names.insert("\(kind.rawValue):\(name)") }
        for key in grantKeys { add(.grant, key.name(as: .grant)) }
        for key in resultKeys ?? [] { add(.results, key.name(as: .results)) }
        for key in releaseKeys?.keys ?? [] { add(.release, key.name(as: .release)) }
        for key in trustKeys?.keys ?? [] { add(.trust, key.name(as: .trust)) }
        for text in allLedgerKeys { add(.ledger, Self.ledgerKeyName(text)) }
        for text in ledgerWitnesses?.keys ?? [] { add(.witness, Self.witnessName(text)) }
        return names
    }

    /// How many have to sign, as `kind-threshold:number`: of the makers, of the people, and of the ledger's witnesses.
    ///
    /// With the same keys and another number the same people have another say.
    private var thresholds: Set<String> {
        let numbers: [(kind: KeyKind, number: Int?)] = [
            (.release, releaseKeys?.threshold), (.trust, trustKeys?.threshold), (.witness, ledgerWitnesses?.required),
        ]
        return Set(numbers.compactMap { kind, number in number.map { "\(kind.rawValue)-threshold:\($0)" } })
    }

    /// What two versions are told apart by: their keys, and how many of whom have to sign.
    public var particulars: Set<String> { keyNames.union(thresholds) }

    /// What a checkpoint key is called: its C2SP key id; the whole text of one that cannot be read.
    public static func ledgerKeyName(_ vkey: String) -> String {
        (try? VerifierKey(parsing: vkey)).map { $0.id.description } ?? vkey
    }

    /// What a witness's key is called: its C2SP name and key id.
    static func witnessName(_ vkey: String) -> String {
        (try? VerifierKey(parsing: vkey)).map { $0.description } ?? vkey
    }

    /// What comes and goes with a bundle that follows another.
    public func changes(to next: TrustBundle) -> (added: [String], removed: [String]) {
        let (before, after) = (particulars, next.particulars)
        return (after.subtracting(before).sorted(), before.subtracting(after).sorted())
    }
}

extension StatementKey {
    /// What people and entries call it: the RFC 7638 thumbprint where tokens name it by that, the statement key's id elsewhere.
    public func name(as kind: KeyKind) -> String {
        switch kind {
        case .grant, .results: JSONWebKey(self)?.thumbprint ?? id
        case .ledger, .witness, .release, .station, .trust: id
        }
    }
}

/// A trust bundle was published that follows the one before.
public struct TrustEntry: Hashable, Sendable, Codable {
    /// Its version.
    public var version: Int64
    /// SHA-256 of its exact bytes.
    public var bundle: ContentDigest
    /// The keys that came with it, as `kind:name`, and how many have to sign from then on, as `kind-threshold:number`.
    public var added: [String]
    /// The keys, and the numbers, that went with it.
    public var removed: [String]

    /// States a step.
    public init(_ step: TrustStep, after held: TrustBundle) {
        version = step.bundle.number
        bundle = step.digest
        (added, removed) = held.changes(to: step.bundle)
    }
}
