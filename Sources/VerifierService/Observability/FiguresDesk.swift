import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// The fleet as it was counted last; whoever asks while it is counted anew waits for that.
actor FiguresDesk {
    private struct Counted {
        var figures: FleetFigures
        var at: Int64
        var took: Duration
        var since: ContinuousClock.Instant
    }

    /// Scrapers come every ten seconds or more.
    private static let leastAge = Duration.seconds(5)
    /// Counting reads a row of every instance: it takes a tenth of a core at most, however often somebody asks.
    private static let restraint = 9

    private let store: any VerifierStore
    private let clock: VerifierClock
    private var latest: Counted?
    private var counting: Task<Counted, any Error>?

    init(store: any VerifierStore, clock: VerifierClock) {
        self.store = store
        self.clock = clock
    }

    /// The figures and when they were counted, in seconds since 1970.
    func figures() async throws -> (figures: FleetFigures, at: Int64) {
        if let latest, latest.since.duration(to: .now) < max(Self.leastAge, latest.took * Self.restraint) {
            return (latest.figures, latest.at)
        }
        if let counting {
            let counted = try await counting.value
            return (counted.figures, counted.at)
        }
        let task = Task { [store, clock] in
            let (since, now) = (ContinuousClock.now, clock.seconds)
            let figures = try await store.figures(at: now)
            return Counted(figures: figures, at: now, took: since.duration(to: .now), since: since)
        }
        counting = task
        defer { counting = nil }
        let counted = try await task.value
        latest = counted
        return (counted.figures, counted.at)
    }
}

extension Verifier {
    /// `GET /v1/figures`: the fleet in figures, for people.
    func showFigures(_ exchange: Exchange) async throws -> Answer {
        let (figures, at) = try await figures.figures()
        return try .json(try await report(figures, at))
    }

    /// `GET /v1/metrics`: the same for scrapers, with all that this process has counted.
    func showFleetMetrics(_ exchange: Exchange) async throws -> Answer {
        try await publish(try await figures.figures().figures)
        return .exposition(metrics.text())
    }

    /// `GET /metrics`: what this process has counted.
    func showMetrics(_ exchange: Exchange) async throws -> Answer {
        .exposition(metrics.text(without: MetricFamily.ofFleet))
    }

    private func publish(_ figures: FleetFigures) async throws {
        var instances: [[String]: Double] = [:]
        for lifecycle in Lifecycle.allCases {
            for tier in Tier.allCases {
                let count = figures.identities[.init(lifecycle: lifecycle, tier: tier)] ?? 0
                instances[[lifecycle.rawValue, tier.rawValue]] = Double(count)
            }
        }
        metrics.set(.instances, to: instances)
        metrics.set(.leasesHeld, to: Self.series(Tier.allCases) { figures.trusted[$0] })
        metrics.set(.attestationAge, to: Self.series(AttestationAge.allCases) { figures.attested[$0] })
        metrics.set(.updates, to: Self.series(UpdateStage.allCases) { figures.updates[$0] })
        var running: [[String]: Double] = [:]
        for (name, count) in try await named(figures.running) { running[[name]] = Double(count) }
        metrics.set(.running, to: running)
        let inForce = Dictionary(grouping: try await emergencyList().inForce, by: \.lifts)
        metrics.set(.emergenciesInForce, to: Self.series(EmergencyOverride.allCases) { inForce[$0]?.count })
    }

    private static func series<Key: RawRepresentable<String>>(
        _ keys: [Key],
        _ value: (Key) -> Int?
    ) -> [[String]: Double] {
        Dictionary(keys.map { ([$0.rawValue], Double(value($0) ?? 0)) }) { first, _ in first }
    }

    /// Releases by name and version; two that have both in common are told apart by their digests.
    private func named(_ running: [ContentDigest?: Int]) async throws -> [String: Int] {
        var names: [ContentDigest: String] = [:]
        for stored in try await store.releases() where running[stored.manifest] != nil {
            let release = try parsed(stored)
            names[stored.manifest] = "\(release.name) \(release.version)"
        }
        let counts = Dictionary(grouping: names.values) { $0 }.mapValues(\.count)
        var named: [String: Int] = [:]
        for (manifest, count) in running {
            guard let manifest else {
                named["as born"] = count
                continue
            }
            let name = names[manifest] ?? "unknown"
            named[counts[name] == 1 ? name : "\(name) \(manifest.description.prefix(12))"] = count
        }
        return named
    }

    private func report(_ figures: FleetFigures, _ at: Int64) async throws -> FleetReport {
        var byLifecycle: [String: [String: Int]] = [:]
        for (identity, count) in figures.identities {
            byLifecycle[identity.lifecycle.rawValue, default: [:]][identity.tier.rawValue] = count
        }
        var decisions: [String: [String: Int]] = [:]
        for (labels, value) in metrics.values(of: .decisions) {
            decisions[labels[0], default: [:]][labels[1]] = Int(value)
        }
        return FleetReport(
            at: at,
            identities: .init(
                total: figures.identities.values.reduce(0, +),
                byLifecycle: byLifecycle,
                trusted: Self.texts(figures.trusted)
            ),
            devices: .init(
                running: try await named(figures.running),
                attestedWithin: Self.texts(figures.attested),
                drifted: byLifecycle[Lifecycle.drifted.rawValue]?.values.reduce(0, +) ?? 0
            ),
            sessions: .init(
                updates: Self.texts(figures.updates),
                decisions: decisions,
                refusals: Dictionary(metrics.values(of: .reasons).map { ($0.key[0], Int($0.value)) }) { first, _ in
                    first
                }
            ),
            emergencies: try await emergencyList()
        )
    }

    private static func texts<Key: RawRepresentable<String>>(_ counts: [Key: Int]) -> [String: Int] {
        Dictionary(counts.map { ($0.key.rawValue, $0.value) }) { first, _ in first }
    }
}
