import Messages
import UpdateTrust

extension StateDirectory {
    /// `jti` is 16 random bytes.
    static let tokenIDSize = 16

    /// Keeps a grant before it is used: its file for provenance, the journal to go on from.
    /// - Parameter verify: gives the grant's id, once it is held to the keys of the trust bundle.
    func keep(
        _ delivery: GrantDelivery?,
        _ journal: JournalKeeper,
        verify: (String) throws(JWSError) -> String
    ) throws(AgentError) {
        guard let delivery, let request = journal.update?.request else {
            throw AgentError(
                .environment,
                "the verifier accepted the request and gave no grant",
                hint: "check that both sides are of fitting versions; nothing was installed"
            )
        }
        let jti: String
        do {
            jti = try verify(delivery.grant)
        } catch {
            try journal.fail("the verifier's grant is none: \(error)")
            throw AgentError(shut: [GateReason(error.code)])
        }
        try keep(GrantFile(request: request, delivery: delivery), as: jti)
        try journal.reach(.granted) { update in
            update.grant = jti
            update.delivery = delivery
        }
    }

    /// Keeps a grant under its id.
    private func keep(_ grant: GrantFile, as jti: String) throws(AgentError) {
        guard let path = grantPath(jti) else {
            throw AgentError(
                .refused,
                "the grant's id is no token id",
                hint: "nothing was installed; ask the verifier's operator"
            )
        }
        try write(grant, as: "the grant", to: path)
    }
}
