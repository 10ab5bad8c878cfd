import Messages
import UpdateTrust

/// What is looked for in the chain of an instance, found without walking it.
///
/// A bundle is a stranger's, and may have a million entries in one chain: a walk for each of them would take days.
struct ChainIndex {
    /// The record that the first birth names.
    private(set) var birth: ContentDigest?
    /// Accepted decisions on a package by the request, in the order of the ledger.
    private(set) var onPackages: [ContentDigest: [AuditRecord.PlacedEntry]] = [:]
    /// What became of a lease, in the order of the ledger.
    private(set) var leases: [Label: [AuditRecord.PlacedEntry]] = [:]
    /// Where the first receipt of a release stands.
    private(set) var received: [ContentDigest: Int] = [:]
    /// What states a higher security floor than all before it, in the order of the ledger.
    private(set) var raisingTheFloor: [AuditRecord.PlacedEntry] = []
    /// The first decision on the evidence of a device without a TPM, by the evidence.
    private(set) var words: [ContentDigest: CompensatedDecisionEntry] = [:]

    /// - Parameter chain: the entries of one instance, in the order of the ledger.
    init(_ chain: [AuditRecord.PlacedEntry]) {
        var floor: UInt64 = 0
        for placed in chain {
            if let stated = placed.entry.body.securityFloor, stated > floor {
                floor = stated
                raisingTheFloor.append(placed)
            }
            switch placed.entry.body {
            case .birth(let body): birth = birth ?? body.record
            case .decision(let body):
                if body.accepted { accept(placed, body.request, body.purpose) }
            case .compensated(let body):
                if words[body.evidence] == nil { words[body.evidence] = body }
                if body.accepted { accept(placed, body.request, body.purpose) }
            case .lease(let body): leases[body.id, default: []].append(placed)
            case .receipt(let body):
                let release = body.package.manifest
                received[release] = received[release] ?? placed.index
            default: break
            }
        }
    }

    private mutating func accept(_ placed: AuditRecord.PlacedEntry, _ request: ContentDigest, _ purpose: Purpose) {
        if purpose.namesPackage { onPackages[request, default: []].append(placed) }
    }
}

extension [AuditRecord.PlacedEntry] {
    /// The last of them before a place; they are in the order of the ledger.
    func last(before index: Int) -> AuditRecord.PlacedEntry? {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if self[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? self[low - 1] : nil
    }
}

extension LedgerEntry.Body {
    /// The security floor from then on, where it says one.
    var securityFloor: UInt64? {
        switch self {
        case .birth(let body): body.bornWith.securityVersion
        case .receipt(let body): body.securityFloor
        case .restoration(let body): body.securityFloor
        default: nil
        }
    }
}
