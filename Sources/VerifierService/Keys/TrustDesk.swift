import HTTPService
import Ledger
import Logging
import Messages
import SwiftASN1
import UpdateTrust
import VerifierStore
import X509

/// What devices trust, version after version.
extension Verifier {
    /// `GET /v1/trust/{version}`: for anybody, since each version proves itself.
    func showTrust(_ exchange: Exchange) async throws -> Answer {
        let text = try exchange.parameter("version")
        guard let version = Int64(text), String(version) == text, let stored = try await store.trust(version) else {
            throw ServiceProblem.notFound
        }
        return Answer(mediaType: "application/json", body: stored.envelope)
    }

    /// `POST /v1/trust`: publishes the next version, which is judged as a device judges it.
    func publishTrust(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let envelope = try exchange.message(SignedEnvelope.init(parsing:))
        let held = published.now
        let step: TrustStep
        switch TrustStep.judge(envelope, after: held) {
        case .success(let judged): step = judged
        case .failure(.wentBack): return try await publishedBefore(envelope)
        case .failure(let refusal):
            throw ServiceProblem.refused(refusal.sentence, reasons: [refusal.rawValue])
        }
        try checkUse(of: step.bundle)
        let now = clock.seconds
        let entry = try entry(.trust(TrustEntry(step, after: held)), acting, at: now)
        guard entry.bytes.count <= LogEntry.maxByteCount else {
            throw ServiceProblem.refused("It changes more keys than one entry of the ledger names.", reasons: [])
        }
        let stored = StoredTrust(
            version: step.bundle.number,
            digest: step.digest,
            envelope: exchange.body,
            publishedAt: now,
            publishedBy: acting.by
        )
        switch try await commit(.trust(stored, entry: entry), acting) {
        case .committed, .known: break
        case .stale: throw ServiceProblem.conflict("Another trust bundle was published at the same time.")
        case .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused a trust bundle")
        }
        published.replace(with: step)
        copyTrust(step.bytes)
        logger.notice(
            "trust bundle published",
            metadata: ["operator": "\(acting.by)", "version": "\(step.bundle.number)", "bundle": "\(step.digest)"]
        )
        return try .json(TrustReport(step, after: held), status: 201)
    }

    /// The very same that is on record is answered as if it were new; anything else has been overtaken.
    private func publishedBefore(_ envelope: SignedEnvelope) async throws -> Answer {
        let digest = ContentDigest(of: envelope.payload.bytes)
        guard let version = TrustStep.claimedVersion(of: envelope), let stored = try await store.trust(version),
            stored.digest == digest
        else {
            throw ServiceProblem.refused(TrustRefusal.wentBack.sentence, reasons: [TrustRefusal.wentBack.rawValue])
        }
        return try .json(TrustReport(version: version, digest: digest, added: [], removed: []))
    }

    /// Refuses a version under which devices would believe this verifier nothing any more.
    private func checkUse(of bundle: TrustBundle) throws {
        let wanted = policy.now.policy.mostWitnesses
        if let why = materials.stranded(by: bundle, besides: compromised, wanting: wanted) {
            throw ServiceProblem.refused(
                "Devices would not believe this verifier any more: \(why).",
                reasons: ["trust-strands-devices"]
            )
        }
        let roots = (try? PEMDocument.parseMultiple(pemString: bundle.tlsRoots)) ?? []
        guard !roots.isEmpty, roots.allSatisfy({ (try? Certificate(derEncoded: $0.derBytes)) != nil }) else {
            throw ServiceProblem.refused(
                "Its TLS roots are no certificates in PEM.",
                reasons: ["trust-strands-devices"]
            )
        }
    }
}

extension TrustReport {
    init(_ step: TrustStep, after held: TrustBundle) {
        let (added, removed) = held.changes(to: step.bundle)
        self.init(version: step.bundle.number, digest: step.digest, added: added, removed: removed)
    }
}
