public import Messages

/// What entries of a ledger are looked for by.
public enum LedgerSubject: Hashable, Sendable {
    /// An instance: its chain.
    case instance(InstanceID)
    /// A release, by the SHA-256 of its signed payload: what was done with it, and to whom it was granted.
    case release(ContentDigest)
    /// A policy, by the SHA-256 of its file: when it came into force.
    case policy(ContentDigest)

    /// Reads the two segments of a path: `instance` and 32 digits, `release` or `policy` and 64.
    public init?(kind: String, key: String) {
        switch kind {
        case "instance":
            guard let instance = InstanceID(key) else { return nil }
            self = .instance(instance)
        case "release":
            guard let manifest = ContentDigest(key) else { return nil }
            self = .release(manifest)
        case "policy":
            guard let digest = ContentDigest(key) else { return nil }
            self = .policy(digest)
        default: return nil
        }
    }

    /// The two segments of a path.
    public var path: String {
        switch self {
        case .instance(let instance): "instance/\(instance)"
        case .release(let manifest): "release/\(manifest)"
        case .policy(let digest): "policy/\(digest)"
        }
    }

    /// A byte for the kind and the name's own bytes: what a store keeps.
    public var bytes: [UInt8] {
        switch self {
        case .instance(let instance): [1] + instance.bytes
        case .release(let manifest): [2] + manifest.bytes
        case .policy(let digest): [3] + digest.bytes
        }
    }
}

extension LedgerEntry {
    /// What it can be found by.
    public var subjects: Set<LedgerSubject> {
        var subjects = Set(instance.map { [LedgerSubject.instance($0)] } ?? [])
        switch body {
        case .policy(let body): subjects.insert(.policy(body.policy))
        case .release(let body): subjects.insert(.release(body.manifest))
        case .withdrawal(let body): subjects.insert(.release(body.manifest))
        case .rollout(let body): subjects.insert(.release(body.release))
        case .approval(let body): subjects.insert(.release(body.release))
        case .emergency(let body): subjects.insert(.release(body.release))
        case .witnessCode(let body): subjects.insert(.release(body.release))
        case .downgrade(let body): subjects.insert(.release(body.release))
        case .grant(let body): subjects.insert(.release(body.package.manifest))
        case .update(let body): subjects.insert(.release(body.package.manifest))
        case .receipt(let body): subjects.insert(.release(body.package.manifest))
        case .birth, .rework, .restoration, .decision, .lease, .act, .allowance, .farewell, .reappearance, .succession,
            .compensated, .tier, .assignment, .shedding, .trust, .compromise, .recovery:
            break
        }
        return subjects
    }
}
