import Messages

/// The journal of this run; each change is on the disk before it is in effect.
final class JournalKeeper {
    private let state: StateDirectory
    private(set) var journal: Journal

    /// Opens the journal of the TPM with this tag, or begins it.
    init(_ state: StateDirectory, of tag: BirthTag) throws(AgentError) {
        self.state = state
        journal = try state.journal() ?? Journal(instance: tag.instance, takenOver: tag.takenOver)
        guard journal.instance == tag.instance else {
            throw AgentError(
                .refused,
                "\(state.path) belongs to instance \(journal.instance), and this TPM is instance \(tag.instance)",
                hint: "the disk was moved or copied here: give this device a state directory of its own with --state",
                reasons: ["other-instance"]
            )
        }
        guard journal.isOf(tag) else {
            throw AgentError(
                .refused,
                "\(state.path) is what the agent of this device's former owner has left",
                hint: "give the agent an empty directory with --state, and the owner's trust.json with --trust",
                reasons: ["former-owner"]
            )
        }
    }

    /// Opens the journal of an instance without a TPM, or begins it.
    init(_ state: StateDirectory, of instance: InstanceID) throws(AgentError) {
        self.state = state
        journal = try state.journal() ?? Journal(instance: instance)
        guard journal.instance == instance else {
            throw AgentError(
                .refused,
                "\(state.path) has the journal of instance \(journal.instance), and the identity of \(instance)",
                hint: "move journal.json away if the device was born anew; otherwise restore both from one backup",
                reasons: ["other-instance"]
            )
        }
    }

    /// Takes up a journal that this run has opened before.
    init(_ state: StateDirectory, again journal: Journal) {
        self.state = state
        self.journal = journal
    }

    var update: UpdateRecord? { journal.update }

    /// Changes the journal, on the disk first.
    func change(_ body: (inout Journal) -> Void) throws(AgentError) {
        var changed = journal
        body(&changed)
        guard changed != journal else { return }
        try state.write(changed)
        journal = changed
    }

    /// Notes how far the update has come.
    func reach(_ step: UpdateRecord.Step, _ body: (inout UpdateRecord) -> Void = { _ in }) throws(AgentError) {
        try change { journal in
            journal.update?.step = step
            if var update = journal.update {
                body(&update)
                journal.update = update
            }
        }
    }

    /// Notes that the update came to nothing.
    func fail(_ because: String) throws(AgentError) {
        try change { journal in
            guard let step = journal.update?.step else { return }
            // A second trouble after an install is still a trouble after an install.
            let after = step == .failed ? journal.update?.failure?.after ?? step : step
            journal.update?.failure = UpdateRecord.Failure(after: after, because: because)
            journal.update?.step = .failed
        }
    }
}
