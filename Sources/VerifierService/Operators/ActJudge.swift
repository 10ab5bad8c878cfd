import Endorsement
import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// An operator who acts, and what he has signed for it: nothing that changes anything is done for anybody else.
struct Acting: Sendable {
    let caller: CallingOperator
    let signed: StoredAct

    var by: Label { caller.name }
    /// What the ledger names.
    var statement: ContentDigest { signed.digest }
}

extension Verifier {
    /// Holds a request to what its caller has signed: this request, to this verifier, now, once, with the key of the connection's
    /// certificate.
    func acting(_ exchange: Exchange) throws -> Acting {
        guard let caller = exchange.caller else { throw ServiceProblem.unauthenticated }
        guard let header = exchange.statement else { throw ActFault.unsigned.problem() }
        let signed: SignedStatement
        do { signed = try SignedStatement(header: header) } catch { throw ActFault.malformed.problem(error.detail) }
        let statement = signed.claimed
        guard statement.certificate == ContentDigest(of: caller.certificate) else {
            throw ActFault.certificate.problem()
        }
        let certificate: OperatorCertificate
        do { certificate = try OperatorCertificate(der: caller.certificate) } catch {
            throw ActFault.certificate.problem(error.description)
        }
        guard certificate.name == caller.name, certificate.roles == caller.roles else {
            throw ActFault.certificate.problem("two readings of one certificate")
        }
        guard signed.isSigned(by: certificate.key) else { throw ActFault.signature.problem() }
        guard statement.verifier == materials.configuration.name else {
            throw ActFault.verifier.problem("for \(statement.verifier)")
        }
        guard statement.path == exchange.target, statement.body == ContentDigest(of: exchange.body) else {
            throw ActFault.request.problem("for \(statement.path)")
        }
        guard statement.isSigned(within: ActStatement.tolerance, of: clock.seconds) else {
            throw ActFault.time.problem("at \(statement.at)")
        }
        switch actNonces.consume(statement.nonce.bytes, now: clock.milliseconds()) {
        case .first: break
        case .repeated: throw ActFault.repeated.problem()
        case .full: throw ServiceProblem.busy("more acts were signed than can be remembered")
        }
        return Acting(
            caller: caller,
            signed: try StoredAct(signed, certificate: caller.certificate, body: exchange.body)
        )
    }

    /// What the ledger says of an act, in the operator's name.
    /// - Parameter now: when it was done, in seconds since 1970.
    func entry(_ body: LedgerEntry.Body, _ acting: Acting, at now: Int64) throws -> WrittenEntry {
        try WrittenEntry(
            LedgerEntry(at: now, actor: Actor(.operator, acting.by), statement: acting.statement, body: body)
        )
    }

    /// Carries out what an operator has signed for, with his statement.
    func commit(_ change: StoreChange, _ acting: Acting) async throws -> StoreOutcome {
        let entries = change.entries.map(\.entry)
        guard entries.allSatisfy({ $0.actor.kind != .operator || $0.statement == acting.statement }) else {
            throw ServiceProblem.undecided("an entry of an act does not name what was signed for it")
        }
        let outcome = try await committer.commit(.signed(change, acting.signed)).outcome
        // The record remembers nonces for ever, and not for as long as this verifier runs.
        guard outcome != .challengeUsed else { throw ActFault.repeated.problem("on record") }
        return outcome
    }

    /// The release that a path names; what is no digest names none.
    func manifest(_ exchange: Exchange) throws -> ContentDigest {
        guard let manifest = ContentDigest(try exchange.parameter("manifest")) else { throw ServiceProblem.notFound }
        return manifest
    }

    func reason(_ exchange: Exchange) throws -> Remark {
        try exchange.message(OperatorReason.init(parsing:)).reason
    }
}
