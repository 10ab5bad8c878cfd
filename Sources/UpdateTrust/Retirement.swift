public import Messages

extension Transition {
    /// Retires an instance whose board was swapped on the line, on the word of the station that signed the next birth under its serial
    /// number: its lease and what was granted under it end, and nothing leads back.
    ///
    /// An instance that an operator retired before stays what it is; its chain then says what replaced it.
    /// - Parameters:
    ///   - birth: the birth that replaces it, judged.
    ///   - replacement: what its record says of that.
    ///   - payload: SHA-256 of that record's exact bytes.
    /// - Returns: `nil` when the birth does not replace this instance.
    /// - Throws: `MessageError` when the ledger entry cannot be written.
    public static func retirement(
        of state: InstanceState,
        replacedBy birth: BirthFacts,
        _ replacement: Replacement,
        payload: ContentDigest,
        at now: Int64
    ) throws(MessageError) -> Transition? {
        guard replacement.instance == state.instance else { return nil }
        var draft = TransitionDraft(of: state, at: now, actor: Actor(.station, birth.station))
        try draft.record(.rework(ReworkEntry(replacedBy: birth.instance, payload: payload, replacement)))
        try draft.endLease(because: .boardSwapped)
        draft.state.lifecycle = .retired
        draft.state.remark =
            "replaced by \(birth.instance) at \(birth.station), by \(replacement.by): \(replacement.reason)"
        return draft.finished
    }
}
