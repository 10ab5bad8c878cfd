import DurableFiles
import HTTPService
import Ledger
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// How a policy comes into force: by what an operator has signed, or by the verifier's file.
extension Verifier {
    /// How often a policy is held again to one that came into force meanwhile.
    private static let policyAttempts = 5

    /// `POST /v1/policy`: on record and on the ledger first, in one transaction; then in force; then in the file.
    func putPolicy(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let order = try exchange.message(PolicyOrder.init(parsing:))
        let next = try judged(order.policy.bytes)
        for _ in 0..<Self.policyAttempts {
            guard let held = try await PolicyOnRecord.read(store) else {
                throw ServiceProblem.undecided("no policy is on record")
            }
            guard held.policy.digest != next.policy.digest else {
                takeUp(next, since: held.index)
                return try .json(PolicyPutReport(digest: next.policy.digest))
            }
            do throws(MessageError) { try next.policy.checkNew() } catch { throw Self.unusable(error.detail) }
            let entry = try entry(
                .policy(PolicyEntry(policy: next.policy.digest, replaces: held.policy.digest, reason: order.reason)),
                acting,
                at: clock.seconds
            )
            switch try await commit(.policy(StoredPolicy(next.bytes), entry: entry), acting) {
            case .committed(let index):
                takeUp(next, since: index)
                logger.notice(
                    "policy put",
                    metadata: [
                        "operator": "\(acting.by)", "policy": "\(next.policy.digest)", "reason": "\(order.reason)",
                    ]
                )
                let report = PolicyPutReport(
                    digest: next.policy.digest,
                    replaces: held.policy.digest,
                    entry: index
                )
                return try .json(report, status: 201)
            case .known, .stale: continue
            case .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused a policy")
            }
        }
        throw ServiceProblem.busy("the policy kept being changed")
    }

    /// Judges a policy as the verifier judges its own file.
    private func judged(_ bytes: [UInt8]) throws -> PolicyInForce.Current {
        let why: String
        do {
            return try PolicyInForce.Current(parsing: bytes, for: materials.configuration)
        } catch let error as MessageError {
            why = error.detail
        } catch let error as SetupError {
            why = error.message
        }
        throw Self.unusable(why)
    }

    private static func unusable(_ why: String) -> ServiceProblem {
        ServiceProblem.refused("The verifier cannot take this policy up: \(why).", reasons: ["policy-unusable"])
    }

    /// Puts a policy that is on record into force here, and into the file; one that cannot be written now is at the next start.
    private func takeUp(_ next: PolicyInForce.Current, since entry: Int) {
        policy.replace(with: next, since: entry)
        do {
            try policyFile.write(next.bytes, since: entry)
        } catch {
            logger.error(
                "the policy in force cannot be written to its file; it is when the service starts",
                metadata: ["error": "\(error)", "hint": "\(error.hint ?? "")"]
            )
        }
    }

    // MARK: By the file

    /// Takes up what the policy's file says: decisions that are under way under another policy are taken again.
    /// - Throws: `SetupError` for a file that may not change the policy; then it stays as it is.
    func activate(policy bytes: [UInt8]) async throws {
        let next = try PolicyInForce.Current(parsing: bytes, for: materials.configuration)
        for _ in 0..<Self.policyAttempts {
            switch try await policyFile.standing(of: bytes, store) {
            case .current(let held): return policy.replace(with: next, since: held.index)
            case .behind(let held):
                logger.warning(
                    "the policy's file is older than the policy that an operator has put; it is written again",
                    metadata: ["policy": "\(held.policy.digest)", "file": "\(next.policy.digest)"]
                )
                return takeUp(
                    try PolicyInForce.Current(parsing: held.policy.bytes, for: materials.configuration),
                    since: held.index
                )
            case .changed(let held):
                try policyFile.check(new: next.policy)
                let entry = try WrittenEntry(
                    LedgerEntry(
                        at: clock.seconds,
                        actor: Actor(.verifier, materials.configuration.name),
                        body: .policy(PolicyEntry(policy: next.policy.digest, replaces: held?.policy.digest))
                    )
                )
                // What came between is looked at again.
                guard
                    case .committed(let index) = try await committer.commit(
                        .policy(StoredPolicy(bytes), entry: entry)
                    ).outcome
                else { continue }
                policy.replace(with: next, since: index)
                logger.notice("policy in force", metadata: ["policy": "\(next.policy.digest)"])
                return
            case .refused: throw policyFile.refusal(materials.directory)
            }
        }
        throw SetupError(.environment, "the policy kept being changed", hint: "start it again, or send SIGHUP")
    }

    /// Reads the policy's file again.
    /// - Throws: `SetupError` or `FileError`; then the policy stays as it is.
    public func reloadPolicy() async throws {
        let hint = VerifierMaterials.policyHint
        let bytes = try VerifierMaterials.parsed(policyFile.path, Policy.maximumSize, hint: hint) { bytes in
            _ = try PolicyInForce.Current(parsing: bytes, for: materials.configuration)
            return bytes
        }
        try await activate(policy: bytes)
    }
}
