/// The answer to a receipt that came as a file.
public struct ReceiptAnswer: Hashable, Sendable, Codable {
    /// What became of it.
    public enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
        /// It closes its update: the instance is on record as running the package.
        case closed
        /// It came after a later update's; it is on the ledger, and what runs is what the later one says.
        case late
        /// It was taken before.
        case known
    }

    /// The instance.
    public var instance: InstanceID
    /// How it proves itself.
    public var tier: Tier
    /// The `jti` of the grant.
    public var grant: String
    /// What became of it.
    public var outcome: Outcome
    /// What the instance runs, as the record now says.
    public var running: RunningPackage

    /// The most bytes accepted.
    public static let maximumSize = 4096

    /// Joins the parts.
    public init(instance: InstanceID, tier: Tier, grant: String, outcome: Outcome, running: RunningPackage) {
        self.instance = instance
        self.tier = tier
        self.grant = grant
        self.outcome = outcome
        self.running = running
    }
}
