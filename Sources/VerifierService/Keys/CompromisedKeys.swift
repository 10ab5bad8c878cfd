import Messages
import Synchronization
import UpdateTrust

/// The keys that were reported compromised.
final class CompromisedKeys: Sendable {
    private let keys: Mutex<Set<NamedKey>>

    init(_ keys: Set<NamedKey>) { self.keys = Mutex(keys) }

    func contains(_ kind: KeyKind, _ name: String) -> Bool { keys.withLock { $0.contains(NamedKey(kind, name)) } }

    /// The names of those of one kind.
    func names(_ kind: KeyKind) -> Set<String> {
        keys.withLock { Set($0.filter { $0.kind == kind }.map(\.name)) }
    }

    func insert(_ key: NamedKey) { keys.withLock { _ = $0.insert(key) } }
}
