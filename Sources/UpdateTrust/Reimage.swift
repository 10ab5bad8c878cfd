import AttestationResults
public import Messages

/// The installation that asks for an instance, as its key shows: what was made with its state directory, and is lost with it.
public struct Installation: Hashable, Sendable, Codable {
    /// SHA-256 of the public key.
    public internal(set) var key: ContentDigest
    /// When it asked first, in seconds since 1970.
    public internal(set) var since: Int64
}

/// Another installation than the one on record asked, with the instance's own TPM.
public struct Reimage: Hashable, Sendable, Codable {
    /// SHA-256 of its public key; `nil` when it did not prove the one that it named.
    public internal(set) var key: ContentDigest?
    /// When, in seconds since 1970.
    public internal(set) var at: Int64

    /// For operators.
    var remark: String {
        let seen = key.map { "installation key \($0) asked" } ?? "an installation key was named that was not proven"
        return "it was reimaged, or lost its state directory: \(seen)"
    }
}

extension InstanceState {
    /// Takes the installation that asked last for the instance's own: an operator has looked into it.
    ///
    /// Another one after it is another reimage. One that proved nothing is forgotten, and the next one is the first.
    mutating func acceptReimage() {
        guard let reimage else { return }
        installation = reimage.key.map { Installation(key: $0, since: reimage.at) }
        self.reimage = nil
    }
}

extension DecisionInput {
    /// What to note of another installation; `nil` when it is the one on record, or the first.
    ///
    /// A rescue image need not reach the state directory of what it rescues, so its key says nothing.
    func reimage(_ attested: AttestedState) -> Reimage? {
        guard attested.boot != .rescue else { return nil }
        let (proof, challenge) = (request.request.installation, request.request.challenge)
        guard proof.isValid(for: state.instance, challenge: challenge) else { return Reimage(key: nil, at: now) }
        let isKnown = state.installation.map { $0.key == proof.thumbprint } ?? true
        return isKnown ? nil : Reimage(key: proof.thumbprint, at: now)
    }

    /// The installation on record after a request whose proof is good.
    var installation: Installation {
        state.installation ?? Installation(key: request.request.installation.thumbprint, since: now)
    }

    /// Ends the lease: what is on the disk now is not what was trusted, however good its boot looks.
    func refuse(
        _ reimage: Reimage,
        _ attested: AttestedState,
        rule: PolicyRule?,
        draft: TransitionDraft
    ) throws(MessageError) -> Decision {
        var draft = draft
        draft.state.lifecycle = state.lifecycle.after(.reimaged) ?? state.lifecycle
        draft.state.reimage = reimage
        draft.state.remark = reimage.remark
        return try refuse([.reimaged], attested, rule: rule, renewing: nil, ending: .reimaged, draft: draft)
    }

    /// What the ledger says of the installation; `nil` when that says it already.
    func newInstallation(in changed: InstanceState) -> ContentDigest? {
        if changed.reimage != state.reimage { return changed.reimage?.key }
        return changed.installation == state.installation ? nil : changed.installation?.key
    }
}
