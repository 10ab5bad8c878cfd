import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// The one table of what the service does, and who may have it done.
enum RouteTable {
    static func routes(of verifier: Verifier) -> [Route] {
        let ledger = LedgerReader(store: verifier.store, cosignatures: verifier.cosignatures)
        let readers: Callers = .operators([.operator, .auditor])
        return [
            // Devices: who they are, the quote says.
            Route(.post, "/v1/challenges", by: .anyone, bodyLimit: ChallengeRequest.maximumSize, verifier.challenge),
            Route(.post, "/v1/decisions", by: .anyone, bodyLimit: Evidence.maximumSize, verifier.decision),
            Route(
                .post,
                "/v1/compensated-decisions",
                by: .anyone,
                bodyLimit: CompensatedEvidence.maximumSize,
                verifier.compensatedDecision
            ),
            Route(
                .post,
                "/v1/vouched-decisions",
                by: .anyone,
                bodyLimit: VouchedEvidence.maximumSize,
                verifier.vouchedDecision
            ),
            Route(.post, "/v1/farewells", by: .anyone, bodyLimit: Evidence.maximumSize, verifier.takeLeave),
            Route(
                .post,
                "/v1/compensated-farewells",
                by: .anyone,
                bodyLimit: CompensatedEvidence.maximumSize,
                verifier.takeCompensatedLeave
            ),

            // Devices that are off line: what is fresh, for anybody; files, by the hand of an operator.
            Route(.get, "/v1/epoch", by: .anyone) { _ in try verifier.epoch() },
            Route(
                .post,
                "/v1/delayed/requests",
                by: .operators([.operator]),
                bodyLimit: Evidence.maximumSize,
                verifier.authorize
            ),
            Route(
                .post,
                "/v1/delayed/receipts",
                by: .operators([.operator]),
                bodyLimit: Evidence.maximumSize,
                verifier.takeReceipt
            ),

            // The factory.
            Route(
                .post,
                "/v1/births",
                by: .operators([.factory]),
                bodyLimit: BirthBundle.maximumSize,
                verifier.importBirths
            ),
            Route(
                .get,
                "/v1/births/stations",
                by: .operators([.factory, .operator, .auditor]),
                verifier.listStations
            ),

            // Release managers.
            Route(
                .post,
                "/v1/releases",
                by: .operators([.releaseManager]),
                bodyLimit: SignedEnvelope.maximumSize,
                verifier.addRelease
            ),
            Route(
                .get,
                "/v1/releases",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listReleases
            ),
            Route(
                .post,
                "/v1/releases/{manifest}/log",
                by: .operators([.releaseManager]),
                bodyLimit: ReleaseLog.maximumSize,
                verifier.addReleaseLog
            ),
            Route(
                .post,
                "/v1/releases/{manifest}/withdraw",
                by: .operators([.releaseManager]),
                bodyLimit: OperatorReason.maximumSize
            ) { try await verifier.withdrawRelease($0, isRecall: false) },
            Route(
                .post,
                "/v1/releases/{manifest}/recall",
                by: .operators([.releaseManager]),
                bodyLimit: OperatorReason.maximumSize
            ) { try await verifier.withdrawRelease($0, isRecall: true) },
            Route(
                .get,
                "/v1/releases/{manifest}/updates",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.updatesOfRelease
            ),
            Route(
                .get,
                "/v1/releases/{manifest}/rollout",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.showRollout
            ),
            Route(
                .post,
                "/v1/releases/{manifest}/rollout",
                by: .operators([.releaseManager, .operator]),
                bodyLimit: RolloutOrder.maximumSize,
                verifier.changeRollout
            ),

            // Who approves what goes out at all, and to devices without a TPM.
            Route(
                .post,
                "/v1/approvals",
                by: .operators([.releaseManager, .operator]),
                bodyLimit: ApprovalOrder.maximumSize,
                verifier.approve
            ),
            Route(
                .get,
                "/v1/releases/{manifest}/approvals",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listApprovals
            ),

            // Two people, in an emergency.
            Route(
                .post,
                "/v1/emergencies",
                by: .operators([.releaseManager, .operator]),
                bodyLimit: EmergencyOrder.maximumSize,
                verifier.declareEmergency
            ),
            Route(
                .get,
                "/v1/emergencies",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listEmergencies
            ),

            Route(
                .post,
                "/v1/instances/{name}/witness",
                by: .operators([.releaseManager, .operator]),
                bodyLimit: WitnessOrder.maximumSize,
                verifier.callWitness
            ),

            // Operators.
            Route(
                .post,
                "/v1/instances/{name}/gateways",
                by: .operators([.operator]),
                bodyLimit: GatewayOrder.maximumSize,
                verifier.assignGateways
            ),
            Route(
                .post,
                "/v1/instances/{name}/lower-tier",
                by: .operators([.operator]),
                bodyLimit: LowerTierOrder.maximumSize,
                verifier.lowerTier
            ),
            Route(
                .post,
                "/v1/instances/{name}/raise-tier",
                by: .operators([.operator]),
                bodyLimit: OperatorReason.maximumSize,
                verifier.raiseTier
            ),
            Route(
                .post,
                "/v1/instances/{name}/settle-fork",
                by: .operators([.operator]),
                bodyLimit: ForkOrder.maximumSize,
                verifier.settleFork
            ),
            Route(.get, "/v1/instances", by: readers, verifier.listInstances),
            Route(.get, "/v1/instances/{name}", by: readers, verifier.showInstance),
            Route(.get, "/v1/instances/{name}/updates", by: readers, verifier.updatesOfInstance),
            Route(.get, "/v1/instances/{name}/refused-boot", by: readers, verifier.explainBoot),
            Route(
                .post,
                "/v1/instances/{name}/allow-boot",
                by: .operators([.operator]),
                bodyLimit: BootAddition.maximumSize,
                verifier.allowBoot
            ),
            Route(
                .post,
                "/v1/instances/{name}/allow-downgrade",
                by: .operators([.operator]),
                bodyLimit: DowngradeOrder.maximumSize,
                verifier.allowDowngrade
            ),
            act(.suspend, verifier), act(.reinstate, verifier), act(.retire, verifier),
            Route(.get, "/v1/figures", by: readers, verifier.showFigures),
            Route(.get, "/v1/metrics", by: readers, verifier.showFleetMetrics),
            Route(.get, "/v1/policy", by: readers, verifier.showPolicy),
            Route(
                .post,
                "/v1/policy/explain",
                by: readers,
                bodyLimit: PolicyQuestion.maximumSize,
                verifier.explainPolicy
            ),

            // Auditors.
            Route(.get, "/v1/ledger/checkpoint", by: readers) { _ in try await ledger.checkpoint() },
            Route(.get, "/v1/ledger/entries/{index}", by: readers) { try await ledger.entry($0.parameter("index")) },
            Route(.get, "/v1/ledger/proof/{index}", by: readers) { try await ledger.proof($0.parameter("index")) },
            Route(.get, "/v1/ledger/about/{kind}/{key}", by: readers, verifier.entriesAbout),
            Route(.get, "/v1/instances/{name}/birth", by: readers, verifier.showBirth),
            Route(.get, "/v1/instances/{name}/restorations/{number}", by: readers, verifier.showRestoration),
            Route(.get, "/v1/releases/{manifest}", by: readers, verifier.showRelease),
            Route(.get, "/v1/policies/{digest}", by: readers, verifier.showPolicyFile),
            Route(.get, "/v1/grants/{jti}", by: readers, verifier.showGrant),
            Route(.get, "/v1/archive", by: readers, verifier.listArchived),
            Route(.get, "/v1/archive/{digest}", by: readers, verifier.showArchived),
            Route(.get, "/v1/logs/{digest}", by: readers, verifier.showLog),

            // Everybody: C2SP tlog-tiles; the entries name instances by id only.
            Route(.get, "/ledger/checkpoint", by: .anyone) { _ in try await ledger.checkpoint() },
            Route(.get, "/ledger/witnessed", by: .anyone) { _ in try await ledger.witnessed() },
            Route(.get, "/ledger/witnessed/{count}", by: .anyone) {
                try await ledger.witnessed(by: $0.parameter("count"))
            },
            Route(.get, "/ledger/tile/{path...}", by: .anyone) {
                try await ledger.tile("tile/" + $0.parameter("path"))
            },

            // Relying parties: how instances stand; the list names none.
            Route(.get, "/v1/status-lists/1", by: .anyone, verifier.statusList),

            // Everybody: whether it runs.
            Route(.get, "/healthz", by: .anyone) { _ in .text(Array("alive\n".utf8)) },
            Route(.get, "/readyz", by: .anyone, verifier.readiness),
            Route(.get, "/metrics", by: .anyone, verifier.showMetrics),
        ]
    }

    private static func act(_ kind: OperatorAct.Kind, _ verifier: Verifier) -> Route {
        let pattern: RoutePattern =
            switch kind {
            case .suspend: "/v1/instances/{name}/suspend"
            case .reinstate: "/v1/instances/{name}/reinstate"
            case .retire: "/v1/instances/{name}/retire"
            }
        return Route(.post, pattern, by: .operators([.operator]), bodyLimit: OperatorReason.maximumSize) {
            try await verifier.act(kind, $0)
        }
    }
}

extension Verifier {
    /// `GET /readyz`: whether the record answers.
    func readiness(_ exchange: Exchange) async throws -> Answer {
        do {
            _ = try await store.ledgerHead()
            return .text(Array("ready\n".utf8))
        } catch { throw ServiceProblem.busy("the record: \(error.message)") }
    }
}
