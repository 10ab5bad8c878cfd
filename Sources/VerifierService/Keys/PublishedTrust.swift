import HTTPService
import Ledger
import Messages
import Synchronization
import UpdateTrust
import VerifierStore

/// What devices are to trust: the newest trust bundle that was published, or the one that `init` has made.
///
/// The record has every version that was published; `trust.json` in the verifier's directory is a copy of the newest.
final class PublishedTrust: Sendable {
    private let bundle: Mutex<TrustBundle>

    init(_ bundle: TrustBundle) { self.bundle = Mutex(bundle) }

    /// The newest version on record with its exact bytes; while there is none, the bundle of the directory.
    /// - Throws: `SetupError` when devices that hold the newest version would not believe this verifier.
    static func newest(
        _ store: any VerifierStore,
        _ materials: VerifierMaterials,
        compromised: CompromisedKeys
    ) async throws -> (bundle: TrustBundle, bytes: [UInt8]?) {
        guard let (bundle, bytes) = try await onRecord(store) else { return (try materials.firstTrustBundle, nil) }
        if let why = materials.stranded(by: bundle, besides: compromised) {
            throw SetupError(
                .environment,
                "devices that hold version \(bundle.number) of the trust bundle would not believe this verifier: \(why)",
                hint: "put back the keys that were in use when it was published; birthmark-verifier key use checks that"
            )
        }
        return (bundle, bytes)
    }

    /// The newest version on record with its exact bytes; `nil` while none was published.
    static func onRecord(_ store: any VerifierStore) async throws -> (bundle: TrustBundle, bytes: [UInt8])? {
        try await store.newestTrust()?.opened()
    }

    var now: TrustBundle { bundle.withLock { $0 } }

    /// Takes up a version that is on record.
    func replace(with step: TrustStep) {
        // Of two that are published at once the later one stays.
        bundle.withLock { held in
            guard held.number < step.bundle.number else { return }
            held = step.bundle
        }
    }
}

extension StoredTrust {
    /// The bundle with its exact bytes.
    /// - Throws: `SetupError` when what is on record is none.
    func opened() throws -> (bundle: TrustBundle, bytes: [UInt8]) {
        do throws(MessageError) {
            let bytes = try SignedEnvelope(parsing: envelope).payload.bytes
            return (try TrustBundle(parsing: bytes), bytes)
        } catch {
            throw SetupError(
                .environment,
                "version \(version) of the trust bundle on record cannot be read: \(error.detail)",
                hint: "restore the latest backup of the record"
            )
        }
    }
}

extension VerifierMaterials {
    /// Why devices that hold a bundle would not believe what this verifier says; `nil` when they would.
    /// - Parameters:
    ///   - compromised: a key of those signs nothing any more, so that a bundle may leave it out before the next one is in use.
    ///   - wanted: how many witnesses a rule of the policy wants at most.
    func stranded(by bundle: TrustBundle, besides compromised: CompromisedKeys, wanting wanted: Int = 0) -> String? {
        func isMissing(_ kind: KeyKind, _ name: String) -> Bool {
            !bundle.keyNames.contains("\(kind.rawValue):\(name)") && !compromised.contains(kind, name)
        }
        if isMissing(.grant, grantSigner.publicKey.name(as: .grant)) {
            return "it does not name the key that signs grants now"
        }
        if isMissing(.results, resultSigner.publicKey.name(as: .results)) {
            return "it does not name the key that signs results now"
        }
        if isMissing(.ledger, checkpointSigner.verifierKey.id.description) {
            return "it does not name the key that signs the ledger now"
        }
        let quorum = bundle.ledgerWitnesses ?? LedgerQuorum(required: 0, keys: [])
        guard max(quorum.required, wanted) > 0 else { return nil }
        let asked = configuration.witnesses?.required ?? 0
        guard quorum.required <= asked else {
            return "of the witnesses it requires \(quorum.required), and \"witnesses.required\" in config.json says "
                + "\(asked): that is raised first, with a restart of the service"
        }
        let named = witnesses.map(\.key).filter { !compromised.contains(.witness, $0.description) }
        guard named.allSatisfy({ quorum.keys.contains($0.text) }) else {
            return "it does not name every witness that config.json names"
        }
        return nil
    }
}
