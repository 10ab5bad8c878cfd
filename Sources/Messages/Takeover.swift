/// What a birth says of the owner that its TPM had before: the keys are the same, so the instance is, and all that certifies them is new.
public struct Takeover: Hashable, Sendable, Codable {
    /// The instance, which is the former owner's too: its id follows from the attestation key's Name.
    public var instance: InstanceID
    /// SHA-256 of the former owner's birth record; absent when the record was not handed over.
    ///
    /// By the new station's word: it cannot know the former owner's stations.
    public var record: ContentDigest?
    /// What stood in the templates of its keys, when they were not the TPM's first: the instance that they followed (``TPMLife``).
    public var follows: InstanceID?
    /// Why the device changes hands.
    public var reason: Remark
    /// Who takes it over.
    public var by: Label

    /// Joins the parts.
    public init(
        instance: InstanceID,
        record: ContentDigest? = nil,
        follows: InstanceID? = nil,
        reason: Remark,
        by: Label
    ) {
        self.instance = instance
        self.record = record
        self.follows = follows
        self.reason = reason
        self.by = by
    }
}

extension BirthRecord {
    /// What stood in the templates of its keys, by which they are others than the TPM's first; absent for those.
    public var formerLife: InstanceID? { follows?.instance ?? takesOver?.follows }

    /// Holds what a record says of a former owner to the rest of it.
    func checkTakeover() throws(MessageError) {
        guard let takesOver else { return }
        guard takesOver.instance == instance, takesOver.follows != instance else {
            throw MessageError(.outOfRange, "what is taken over is the same instance, because the keys are the same")
        }
        guard follows == nil else {
            throw MessageError(.outOfRange, "a birth has the keys of a former owner, or others than before, not both")
        }
    }
}

extension BornCounters {
    /// The most grants that stand in a row behind one value of the counter: one that is this far above the value opens for none of them.
    public static let grantsInARow = 8
}
