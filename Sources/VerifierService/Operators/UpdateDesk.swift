import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// What became of what was granted.
extension Verifier {
    /// `GET /v1/instances/{name}/updates`, with `?before=<number>`.
    func updatesOfInstance(_ exchange: Exchange) async throws -> Answer {
        let (birth, _) = try await instance(exchange)
        return try .json(try await updates(.instance(birth.facts.instance), exchange))
    }

    /// `GET /v1/releases/{manifest}/updates`, with `?before=<number>`.
    func updatesOfRelease(_ exchange: Exchange) async throws -> Answer {
        let manifest = try manifest(exchange)
        guard try await store.release(manifest) != nil else { throw ServiceProblem.notFound }
        var list = try await updates(.release(manifest), exchange)
        let counts = try await store.updateCounts(of: manifest)
        list.totals = Dictionary(uniqueKeysWithValues: counts.map { ($0.rawValue, $1) })
        let tiers = try await store.updateTiers(of: manifest)
        list.tiers = Dictionary(uniqueKeysWithValues: tiers.map { ($0.rawValue, $1) })
        return try .json(list)
    }

    private func updates(_ query: UpdateQuery, _ exchange: Exchange) async throws -> UpdateList {
        var before: Int64?
        if let text = exchange.query["before"] {
            guard let number = Int64(text), number > 0 else { throw ServiceProblem.malformed("before is no number") }
            before = number
        }
        // One more than is shown says whether there are more.
        let found = try await store.updates(query, before: before, limit: UpdateList.maximumCount + 1)
        let shown = found.prefix(UpdateList.maximumCount)
        return UpdateList(
            updates: shown.map { update in
                UpdateReport(
                    jti: update.jti,
                    instance: update.instance,
                    manifest: update.manifest,
                    tier: update.tier,
                    stage: update.stage.rawValue,
                    steps: update.steps.map { .init(stage: $0.stage.rawValue, at: $0.at) }
                )
            },
            next: found.count > shown.count ? shown.last?.number : nil
        )
    }
}
