import Messages

/// What one renewal brought.
struct Renewal: Hashable, Sendable {
    /// The lease as it now is.
    var lease: LeaseStatement
    /// The package whose boot was confirmed by it.
    var confirmed: PackageReference?
    /// An installed update that the verifier did not confirm.
    var unconfirmed: Unconfirmed?

    /// A confirmation that was refused although the boot as such was not.
    struct Unconfirmed: Hashable, Sendable {
        var grant: String
        var because: String
    }
}

extension LeaseHolder {
    /// Renews the lease once: by the receipt of an installed update when one waits for its boot, by an attestation otherwise.
    /// - Parameter refused: a grant that is not to be confirmed: it was tried in this boot, and refused.
    func renew(
        _ lock: borrowing AgentLock,
        notConfirming refused: String?
    ) async throws(AgentError) -> Renewal {
        var unconfirmed: Renewal.Unconfirmed?
        if let update = try state.journal()?.update, update.isConfirmable, let grant = update.grant, grant != refused {
            do throws(AgentError) {
                let outcome = try await confirm(lock)
                if let lease = outcome.lease { return Renewal(lease: lease, confirmed: outcome.running) }
            } catch  where error.kind == .refused && endsLease.isDisjoint(with: error.reasons) {
                // Before the reboot there is nothing to confirm, and nothing wrong.
                if !error.reasons.contains("not-rebooted") {
                    unconfirmed = Renewal.Unconfirmed(grant: grant, because: error.line)
                }
            }
        }
        return Renewal(lease: try await attest(lock), unconfirmed: unconfirmed)
    }
}
