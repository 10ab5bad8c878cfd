/// The answer to a farewell: it is on record, and the device may destroy what made it this instance.
public struct FarewellAnswer: Hashable, Sendable, Codable {
    /// The instance.
    public var instance: InstanceID
    /// When its farewell was taken, in seconds since 1970; of several, the first.
    public var at: Int64
    /// Whether it was on record before.
    public var wasKnown: Bool
    /// The verifier's signature over it (`FarewellWord` as a JWT), so that nobody who carries an answer can make one; for an instance
    /// without a TPM.
    public var word: String?

    /// The most bytes accepted.
    public static let maximumSize = 4096

    /// Joins the parts.
    public init(instance: InstanceID, at: Int64, wasKnown: Bool, word: String? = nil) {
        self.instance = instance
        self.at = at
        self.wasKnown = wasKnown
        self.word = word
    }
}
