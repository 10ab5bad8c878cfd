import CommandLineContract
import Ledger
import Messages

/// Whose signatures a trust bundle says that a ledger has.
struct LedgerKeys {
    /// One, or several while one follows another.
    let logs: [VerifierKey]
    let witnesses: [VerifierKey]
    let quorum: Int

    init(_ bundle: TrustBundle) throws(CommandFailure) {
        do {
            logs = try bundle.allLedgerKeys.map { try VerifierKey(parsing: $0) }
            var keys: [VerifierKey] = []
            for text in bundle.ledgerWitnesses?.keys ?? [] { keys.append(try VerifierKey(parsing: text)) }
            witnesses = keys
        } catch {
            throw CommandFailure(.malformed, "the trust bundle's keys of the ledger: \(error)")
        }
        quorum = bundle.ledgerWitnesses?.required ?? 0
    }

    func verified(_ bytes: [UInt8], _ what: String, quorum: Int) throws(CommandFailure) -> VerifiedCheckpoint {
        let signed: SignedCheckpoint
        do {
            signed = try SignedCheckpoint(parsing: bytes)
        } catch {
            throw CommandFailure.ledgerRefused("\(what): \(error)")
        }
        switch signed.verify(logKeys: logs, witnesses: witnesses, quorum: quorum) {
        case .success(let verified): return verified
        case .failure(let refusal): throw CommandFailure.ledgerRefused("\(what): \(refusal.description)")
        }
    }
}
