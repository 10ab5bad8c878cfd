import HTTPService
import Ledger
import Messages
import UpdateTrust
import VerifierStore

/// What an auditor takes away: entries about one thing, and the documents that entries name.
extension Verifier {
    /// `GET /v1/ledger/about/{kind}/{key}?from=N`.
    func entriesAbout(_ exchange: Exchange) async throws -> Answer {
        guard
            let subject = LedgerSubject(
                kind: try exchange.parameter("kind"),
                key: try exchange.parameter("key")
            )
        else { throw ServiceProblem.notFound }
        let from = try exchange.query["from"].map { text throws(ServiceProblem) in
            guard let index = Int(text), index >= 0 else {
                throw ServiceProblem.malformed("\"from\" is no place on a ledger")
            }
            return index
        }
        let limit = LedgerPage.maximumEntries
        let found = try await store.ledgerEntries(about: subject, from: from ?? 0, limit: limit + 1)
        let lines = found.prefix(limit).map { LedgerPage.Line(index: $0.index, bytes: $0.entry.bytes) }
        return try .json(LedgerPage(entries: lines, next: found.count > limit ? found[limit].index : nil))
    }

    /// `GET /v1/instances/{name}/birth`: the record in the station's envelope.
    func showBirth(_ exchange: Exchange) async throws -> Answer {
        guard let instance = InstanceID(try exchange.parameter("name")), let birth = try await store.birth(of: instance)
        else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/json", body: birth.envelope)
    }

    /// `GET /v1/instances/{name}/restorations/{number}`: the statement in the station's envelope.
    func showRestoration(_ exchange: Exchange) async throws -> Answer {
        guard let instance = InstanceID(try exchange.parameter("name")),
            let number = UInt32(try exchange.parameter("number")),
            let restoration = try await store.restoration(number, of: instance)
        else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/json", body: restoration.envelope)
    }

    /// `GET /v1/releases/{manifest}`: the release in its makers' envelope.
    func showRelease(_ exchange: Exchange) async throws -> Answer {
        guard let manifest = ContentDigest(try exchange.parameter("manifest")),
            let release = try await store.release(manifest)
        else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/json", body: release.envelope)
    }

    /// `GET /v1/policies/{digest}`: the file of a policy that is or was in force.
    func showPolicyFile(_ exchange: Exchange) async throws -> Answer {
        guard let digest = ContentDigest(try exchange.parameter("digest")), let policy = try await store.policy(digest)
        else { throw ServiceProblem.notFound }
        return Answer(mediaType: "application/json", body: policy.bytes)
    }

    /// `GET /v1/acts/{digest}`: what an operator has signed, by the digest that entries name.
    func showAct(_ exchange: Exchange) async throws -> Answer {
        guard let digest = ContentDigest(try exchange.parameter("digest")), let act = try await store.act(digest) else {
            throw ServiceProblem.notFound
        }
        return try .json(act)
    }

    /// `GET /v1/grants/{jti}`: a grant as it was given.
    func showGrant(_ exchange: Exchange) async throws -> Answer {
        guard let grant = try await store.grant(try exchange.parameter("jti")) else { throw ServiceProblem.notFound }
        return .text(Array(grant.compact.utf8))
    }
}
