import MeasuredBoot
import TPMCrypto
import TPMWire

/// Holds entries of a list to a policy, one after the other.
struct IMAJudge {
    private let policy: IMAPolicy
    private let aggregates: [IMAFileDigest]
    /// What some of the entries that are not allowed are, and why they are not.
    private var told: [(entry: Int, says: String)] = []
    /// How many are not allowed.
    private(set) var refused = 0
    /// Entries that nothing but their signature can allow.
    private var signed: [IMAEntry] = []

    /// As many as a person reads; the list can have thousands.
    private static let shown = 8

    /// - Parameter aggregates: the digests that boot_aggregate may have by the quoted PCRs, as far as that can be told.
    init(_ policy: IMAPolicy, aggregates: [IMAFileDigest]) {
        self.policy = policy
        self.aggregates = aggregates
    }

    /// What the first entries that are not allowed are, and why they are not.
    var findings: [String] { told.sorted { $0.entry < $1.entry }.prefix(Self.shown).map { $0.says } }

    mutating func judge(_ entry: IMAEntry) {
        switch opinion(of: entry) {
        case .allowed: break
        case .refused(let objection): refuse(entry, objection, telling: Self.shown)
        case .dependingOnSignature: signed.append(entry)
        }
    }

    /// The same judge after a look at the signatures, which cost more than all else: of a list that leads to the quoted value alone,
    /// because a device can invent thousands that lead nowhere.
    func concluded() -> IMAJudge {
        var judge = self
        judge.signed = []
        for entry in signed {
            guard let field = entry.signature, let objection = objection(to: field, over: entry.digest) else {
                continue
            }
            judge.refuse(entry, objection, telling: told.count + Self.shown)
        }
        return judge
    }

    private mutating func refuse(_ entry: IMAEntry, _ objection: String, telling most: Int) {
        refused += 1
        guard told.count < most else { return }
        let name = IMAText.printable(entry.name, limit: 200)
        // What a violation says of itself may be anybody's invention.
        let subject = entry.isViolation ? "" : "\(name) \(entry.digest) "
        told.append((entry: entry.index, says: "entry \(entry.index) \(subject)" + objection))
    }

    private enum Opinion {
        case allowed
        /// With what speaks against it.
        case refused(String)
        case dependingOnSignature
    }

    private func opinion(of entry: IMAEntry) -> Opinion {
        if entry.isViolation { return policy.violations == .refused ? .refused("is a violation") : .allowed }
        if let data = entry.buffer { return objection(to: entry, data: data).map(Opinion.refused) ?? .allowed }
        if entry.name.elementsEqual(IMABootAggregate.name) {
            return isBootAggregate(entry) ? .allowed : .refused("is not over the quoted PCRs")
        }
        if policy.exclusions.contains(where: { $0.covers(entry.name) }) || policy.digests.contains(entry.digest) {
            return .allowed
        }
        guard entry.signature != nil, !policy.signers.isEmpty else { return .refused("is not allowed") }
        return .dependingOnSignature
    }

    private func objection(to entry: IMAEntry, data: ArraySlice<UInt8>) -> String? {
        guard let rule = policy.buffers[Array(entry.name)] else {
            return "are data that are not allowed"
        }
        guard let hash = entry.digest.algorithmID.flatMap({ try? HashAlgorithm($0) }),
            hash.digest(Array(data)) == entry.digest.bytes
        else { return "are data with another digest" }
        switch rule {
        case .any: return nil
        case .digests(let digests): return digests.contains(entry.digest) ? nil : "are data that are not allowed"
        }
    }

    private func objection(to field: ArraySlice<UInt8>, over digest: IMAFileDigest) -> String? {
        guard let signature = IMASignature(field), !digest.isVerity, signature.hash == digest.algorithmID,
            Hashes.accepted(signature.hash), let hash = try? HashAlgorithm(signature.hash)
        else { return "has a signature of a kind that allows nothing" }
        let signers = policy.signers.filter { $0.keyID == signature.keyID }
        guard !signers.isEmpty else { return "is signed by \(signature.keyID.hexadecimal), which is not allowed" }
        return signers.contains { $0.key.verifies(signature.bytes, over: digest.bytes, of: hash) }
            ? nil : "has a signature that does not verify"
    }

    /// Whether an entry of that name is the kernel's own over PCRs 0 to 9.
    ///
    /// The digest can be told when it is in the quoted bank, and all PCRs that a kernel may take are quoted. When it cannot,
    /// only the first entry is taken for what it says it is: the kernel writes that one itself, and a file may be called
    /// anything.
    private func isBootAggregate(_ entry: IMAEntry) -> Bool {
        if aggregates.contains(entry.digest) { return true }
        let canBeTold =
            aggregates.count == IMABootAggregate.forms && aggregates.first?.algorithm == entry.digest.algorithm
        return !canBeTold && (entry.index == 0 || policy.digests.contains(entry.digest))
    }
}
