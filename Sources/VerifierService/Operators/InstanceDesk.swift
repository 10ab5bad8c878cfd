import AttestationResults
import HTTPService
import Logging
import Messages
import UpdateTrust
import VerifierStore

/// What operators see of instances, and do to them.
extension Verifier {
    /// `GET /v1/instances`, with `?after=<instance>` and `?limit=<number>`.
    func listInstances(_ exchange: Exchange) async throws -> Answer {
        var after: InstanceID?
        if let text = exchange.query["after"] {
            guard let instance = InstanceID(text) else { throw ServiceProblem.malformed("after is not an instance id") }
            after = instance
        }
        var limit = InstanceList.maximumCount
        if let text = exchange.query["limit"] {
            guard let number = Int(text), (1...InstanceList.maximumCount).contains(number) else {
                throw ServiceProblem.malformed("limit is not 1 to \(InstanceList.maximumCount)")
            }
            limit = number
        }
        // One more than is shown says whether there are more.
        let found = try await store.instances(after: after, limit: limit + 1)
        let reports = try found.prefix(limit).map { Self.report(try InstanceBirth(parsing: $0.birth), $0.state) }
        return try .json(InstanceList(instances: reports, next: found.count > limit ? reports.last?.instance : nil))
    }

    /// `GET /v1/instances/{name}`: by id or serial number.
    func showInstance(_ exchange: Exchange) async throws -> Answer {
        let (birth, state) = try await instance(exchange)
        return try .json(Self.report(birth, state))
    }

    /// `POST /v1/instances/{name}/suspend` and its sisters.
    func act(_ kind: OperatorAct.Kind, _ exchange: Exchange, _ acting: Acting) async throws -> Answer {
        let reason = try reason(exchange)
        let act = OperatorAct(kind, by: acting.by, reason: reason, statement: acting.statement)
        let (birth, state) = try await applying(exchange, acting) { _, state in
            switch try act.apply(to: state, at: clock.seconds) {
            case .applied(let transition): return transition
            case .refused(let lifecycle):
                throw ServiceProblem.conflict("The instance is \(lifecycle.rawValue): it cannot be \(kind.pastTense).")
            case .forked:
                throw ServiceProblem.conflict(
                    "There are two copies of the instance: say which goes on, with birthmark device settle-fork."
                )
            }
        }
        logger.notice(
            "operator",
            metadata: [
                "act": "\(kind.rawValue)", "operator": "\(act.by)", "instance": "\(birth.facts.instance)",
                "reason": "\(reason)",
            ]
        )
        return try .json(Self.report(birth, state))
    }

    /// Stores what an operator's act makes of the instance that a request names.
    ///
    /// A device that asks at this moment moves the record; an operator's act is not lost to that.
    /// - Returns: the instance's birth record and its state after the act.
    func applying(
        _ exchange: Exchange,
        _ acting: Acting,
        _ act: (InstanceBirth, InstanceState) async throws -> Transition
    ) async throws -> (InstanceBirth, InstanceState) {
        for _ in 0..<5 {
            let (birth, state) = try await instance(exchange)
            let transition = try await act(birth, state)
            let change = StoreChange.act(transition, replacing: state.version)
            guard case .committed = try await commit(change, acting) else {
                metrics.count(.staleCommits)
                continue
            }
            return (birth, transition.state)
        }
        throw ServiceProblem.busy("the instance's record kept moving")
    }

    func instance(_ exchange: Exchange) async throws -> (InstanceBirth, InstanceState) {
        let name = try exchange.parameter("name")
        var instance = InstanceID(name)
        if instance == nil, let serial = Label(name) { instance = try await store.instance(serial: serial) }
        guard let instance, let birth = try await store.birth(of: instance),
            let snapshot = try await store.snapshot(of: instance, release: nil)
        else { throw ServiceProblem.notFound }
        return (try InstanceBirth(parsing: birth.payload), snapshot.state)
    }

    static func report(_ birth: InstanceBirth, _ state: InstanceState) -> InstanceReport {
        let record = birth.facts
        return InstanceReport(
            instance: record.instance,
            serial: record.serial,
            model: record.model,
            hardwareRevision: record.hardwareRevision,
            environment: record.environment,
            tier: state.lowered == nil ? record.tier : .compensated,
            bornAt: record.bornAt,
            lifecycle: state.lifecycle.rawValue,
            running: RunningPackage(
                name: state.running.name,
                version: state.running.version,
                securityVersion: state.running.securityVersion,
                manifest: state.running.manifest
            ),
            strayed: state.strayed.map {
                StrayedReport(
                    boot: $0.boot.rawValue,
                    package: RunningPackage(
                        name: $0.name,
                        version: $0.version,
                        securityVersion: $0.securityVersion,
                        manifest: $0.manifest
                    ),
                    since: $0.since
                )
            },
            securityFloor: state.securityFloor,
            downgrade: state.downgrade.map { DowngradeReport(manifest: $0.release, by: $0.by, until: $0.until) },
            lease: state.lease.map {
                LeaseReport(id: $0.id.text, issuedAt: $0.issuedAt, expires: $0.expires, under: $0.under)
            },
            pending: state.pending.map(Self.report),
            delayed: state.delayed.map { $0.map { Self.report($0.grant) } },
            lastSeen: state.lease?.renewedAt,
            imaEntries: state.ima?.entries,
            farewell: state.farewell?.at,
            reappeared: state.reappeared.map {
                ReappearanceReport(first: $0.first, last: $0.last, times: $0.times)
            },
            follows: record.follows,
            followedBy: state.followedBy,
            takesOver: record.takesOver,
            position: state.ratchet?.position,
            lowered: state.lowered?.mark,
            gateways: state.gateways,
            fork: state.fork.map {
                ForkReport(key: $0.key.thumbprint, position: $0.position, committed: $0.committed)
            },
            remark: state.remark
        )
    }

    private static func report(_ grant: PendingGrant) -> PendingReport {
        PendingReport(jti: grant.jti, package: grant.package, expires: grant.expires, stage: grant.stage.rawValue)
    }
}

extension InstanceBirth {
    /// The birth of an instance with a TPM, for acts that are about one.
    func withTPM() throws -> BirthRecord {
        guard case .measured(let record) = self else {
            throw ServiceProblem.conflict("The instance has no TPM, and this act is about one.")
        }
        return record
    }
}
