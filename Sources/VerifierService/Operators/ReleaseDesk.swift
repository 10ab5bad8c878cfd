import HTTPService
import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// What release managers do.
extension Verifier {
    /// `POST /v1/releases`: registers a release that enough of the release keys have signed, or takes further signatures of one that is there.
    func addRelease(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        guard let keys = releaseKeys else {
            throw ServiceProblem.conflict(
                "This verifier knows no release keys yet: give them with birthmark-verifier init --release-keys."
            )
        }
        let envelope: SignedEnvelope
        let payload: [UInt8]
        let release: Release
        do throws(MessageError) {
            envelope = try SignedEnvelope(parsing: exchange.body)
            payload = try envelope.payload(type: Release.payloadType, signedBy: keys)
            release = try Release(parsing: payload)
        } catch {
            throw error.code == .badSignature
                ? Self.unsigned(error.detail) : ServiceProblem.malformed(error.detail)
        }
        let stored = StoredRelease(
            manifest: ContentDigest(of: payload),
            envelope: exchange.body,
            payload: payload,
            addedAt: clock.seconds,
            addedBy: acting.by
        )
        let entry = try entry(
            .release(ReleaseEntry(manifest: stored.manifest, release: release)),
            acting,
            at: stored.addedAt
        )
        // A key that is reported at this moment does not count any more.
        for _ in 0..<5 {
            let reported = compromised.names(.release)
            guard !envelope.rests(on: reported, among: keys) else {
                throw Self.unsigned("without the keys that were reported compromised, too few have signed")
            }
            switch try await commit(.release(stored, without: reported, entry: entry), acting) {
            case .committed: return try .json(Self.report(stored, release), status: 201)
            case .known: return try await keepSignatures(of: envelope, stored.manifest, among: keys, acting)
            case .stale: metrics.count(.staleCommits)
            case .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused a release")
            }
        }
        throw ServiceProblem.busy("keys of makers kept being reported")
    }

    /// Others may have signed a release since it was registered: then it stays when the first one's key goes.
    ///
    /// Nothing is on the ledger of it, where the release is named by what was signed.
    private func keepSignatures(
        of envelope: SignedEnvelope,
        _ manifest: ContentDigest,
        among keys: SigningKeys,
        _ acting: Acting
    ) async throws -> Answer {
        for _ in 0..<5 {
            guard let stored = try await store.release(manifest) else { throw ServiceProblem.notFound }
            let reported = compromised.names(.release)
            let fuller: SignedEnvelope?
            do throws(MessageError) {
                fuller = try SignedEnvelope(parsing: stored.envelope)
                    .joined(with: envelope, among: keys, without: reported)
            } catch {
                throw ServiceProblem.malformed(error.detail)
            }
            guard let fuller else { return try await release(manifest) }
            let change = StoreChange.signatures(
                manifest,
                envelope: try CanonicalJSON.encode(fuller),
                replacing: stored.envelope,
                without: reported
            )
            switch try await commit(change, acting) {
            case .committed, .known: return try await release(manifest)
            case .stale: metrics.count(.staleCommits)
            case .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused signatures")
            }
        }
        throw ServiceProblem.busy("the release kept being signed")
    }

    private static func unsigned(_ detail: String) -> ServiceProblem {
        .refused(
            "The release is not signed by enough of the release keys.",
            reasons: ["release-not-signed"],
            detail: detail
        )
    }

    /// `POST /v1/releases/{manifest}/log`: nothing is on the ledger of it, for the release that is there names the log.
    func addReleaseLog(_ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let log = StoredLog(try exchange.message(ReleaseLog.init(parsing:)).log.bytes)
        let manifest = try manifest(exchange)
        guard let stored = try await store.release(manifest) else { throw ServiceProblem.notFound }
        guard try Release(parsing: stored.payload).boot?.log == log.digest else {
            throw ServiceProblem.conflict("The log is not the one that the release's boot was measured from.")
        }
        switch try await commit(.log(log), acting) {
        case .committed, .known: return try await release(manifest)
        case .stale, .challengeUsed, .conflict: throw ServiceProblem.undecided("the record refused a log")
        }
    }

    /// `GET /v1/releases`.
    func listReleases(_ exchange: Exchange) async throws -> Answer {
        let stored = try await store.releases()
        return try .json(ReleaseList(releases: try stored.map { Self.report($0, try Release(parsing: $0.payload)) }))
    }

    /// `POST /v1/releases/{manifest}/withdraw`: nothing more of it is granted from here on, and what was granted and not spent ends.
    ///
    /// `…/recall`: the leases of those who run it end too.
    func withdrawRelease(_ exchange: Exchange, _ acting: Acting, isRecall: Bool) async throws -> Answer {
        let manifest = try manifest(exchange)
        let reason = try reason(exchange)
        let withdrawal = StoredRelease.Withdrawal(
            at: clock.seconds,
            by: acting.by,
            reason: reason.text,
            isRecall: isRecall
        )
        let entry = try entry(
            .withdrawal(WithdrawalEntry(manifest: manifest, isRecall: isRecall, reason: reason)),
            acting,
            at: withdrawal.at
        )
        switch try await commit(.withdrawal(manifest, withdrawal, entry: entry), acting) {
        case .committed: return try await release(manifest)
        case .conflict(.missing): throw ServiceProblem.notFound
        case .conflict: throw ServiceProblem.conflict("The release was \(isRecall ? "recalled" : "withdrawn") before.")
        case .known, .stale, .challengeUsed: throw ServiceProblem.undecided("the record refused a withdrawal")
        }
    }

    private func release(_ manifest: ContentDigest) async throws -> Answer {
        guard let stored = try await store.release(manifest) else { throw ServiceProblem.notFound }
        return try .json(Self.report(stored, try Release(parsing: stored.payload)))
    }

    private static func report(_ stored: StoredRelease, _ release: Release) -> ReleaseReport {
        ReleaseReport(
            manifest: stored.manifest,
            release: release,
            addedAt: stored.addedAt,
            addedBy: stored.addedBy,
            withdrawal: stored.withdrawal.map {
                .init(at: $0.at, by: $0.by, reason: $0.reason, recalled: $0.isRecall ? true : nil)
            }
        )
    }
}
