public import Messages

/// A retired instance's TPM was born again: another instance, with other keys.
public struct SuccessionEntry: Hashable, Sendable, Codable {
    /// The instance that follows it.
    public var followedBy: InstanceID
    /// SHA-256 of that instance's birth record.
    public var record: ContentDigest
    /// Who gave the TPM another life, by the station's word.
    public var by: Label
    /// Why.
    public var reason: Remark
}

/// What becomes of a retired instance whose TPM is born again.
public enum Succession: Hashable, Sendable {
    /// Its chain says what follows it: to be stored with the new birth or not at all. Nothing else of it changes.
    case applied(Transition)
    /// It lives: first an operator retires it.
    case living(Lifecycle)
    /// Another one follows it already.
    case followed(by: InstanceID)

    /// Carries out what a birth record says of the TPM's former life.
    /// - Parameters:
    ///   - state: of the instance that the record follows.
    ///   - record: the new birth, judged.
    ///   - payload: SHA-256 of that record's exact bytes.
    /// - Returns: `nil` when the birth does not follow this instance.
    /// - Throws: `MessageError` when the ledger entry cannot be written.
    public static func of(
        _ state: InstanceState,
        by record: BirthRecord,
        payload: ContentDigest,
        at now: Int64
    ) throws(MessageError) -> Succession? {
        guard let former = record.follows, former.instance == state.instance else { return nil }
        guard state.lifecycle == .retired else { return .living(state.lifecycle) }
        if let other = state.followedBy { return .followed(by: other) }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.station, record.station))
        try draft.record(
            .succession(
                SuccessionEntry(followedBy: record.instance, record: payload, by: former.by, reason: former.reason)
            )
        )
        draft.state.followedBy = record.instance
        return .applied(draft.finished)
    }
}
