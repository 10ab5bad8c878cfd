import AttestationResults
import Messages

extension CompensatedInput {
    /// The purpose `confirm`: what the device says that it runs closes the grant, and what its gateway has read back.
    func confirm(_ ground: Ground, draft: TransitionDraft) throws(MessageError) -> CompensatedDecision {
        guard let jti = request.request.grant else { return .unchanged(.undecided("a confirmation without a grant")) }
        // The answer to the first confirmation was lost: the receipt stands.
        if state.running.grant == jti, ground.boot == .current {
            return try accept(ground, because: .attested, draft: draft)
        }
        guard let pending = state.openGrant(jti) else {
            return try refuse([.grantUnknown], ground.shown, rule: ground.rule, ground.controls, draft: draft)
        }
        // What is reinstalled is what ran before, and cannot be told from it by what the device says.
        let isSame = request.request.running.manifest == pending.package.manifest
        guard isSame, ground.controls.allSatisfy({ $0.control != .readBack || $0.isMet }) else {
            return try refuse(
                [isSame ? .controlsUnmet : .claimNotAsGranted],
                ground.shown,
                rule: ground.rule,
                ground.controls,
                renewing: ground,
                draft: draft
            )
        }
        var draft = draft
        _ = draft.state.close(pending)
        try draft.record(
            .receipt(
                ReceiptEntry(
                    grant: pending.grant,
                    jti: pending.jti,
                    package: pending.package,
                    securityFloor: draft.state.securityFloor,
                    quote: evidence
                )
            )
        )
        return try accept(ground, because: .confirmed, draft: draft)
    }
}
