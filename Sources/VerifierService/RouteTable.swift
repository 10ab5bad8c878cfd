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
            // What devices trust next: people have signed it, and nobody else has to say so.
            Route(.get, "/v1/trust/{version}", by: .anyone, verifier.showTrust),
            act(.authorize, verifier, bodyLimit: Evidence.maximumSize, verifier.authorize),
            act(.takeReceipt, verifier, bodyLimit: Evidence.maximumSize, verifier.takeReceipt),

            // The factory.
            act(.importBirths, verifier, bodyLimit: BirthBundle.maximumSize, verifier.importBirths),
            Route(
                .get,
                "/v1/births/stations",
                by: .operators([.factory, .operator, .auditor]),
                verifier.listStations
            ),

            // Release managers.
            act(.addRelease, verifier, bodyLimit: SignedEnvelope.maximumSize, verifier.addRelease),
            Route(
                .get,
                "/v1/releases",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listReleases
            ),
            act(.addReleaseLog, verifier, bodyLimit: ReleaseLog.maximumSize, verifier.addReleaseLog),
            act(.withdrawRelease, verifier, bodyLimit: OperatorReason.maximumSize) {
                try await verifier.withdrawRelease($0, $1, isRecall: false)
            },
            act(.recallRelease, verifier, bodyLimit: OperatorReason.maximumSize) {
                try await verifier.withdrawRelease($0, $1, isRecall: true)
            },
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
            act(.changeRollout, verifier, bodyLimit: RolloutOrder.maximumSize, verifier.changeRollout),

            // Who approves what goes out at all, and to devices without a TPM.
            act(.approve, verifier, bodyLimit: ApprovalOrder.maximumSize, verifier.approve),
            Route(
                .get,
                "/v1/releases/{manifest}/approvals",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listApprovals
            ),

            // Two people, in an emergency.
            act(.declareEmergency, verifier, bodyLimit: EmergencyOrder.maximumSize, verifier.declareEmergency),
            Route(
                .get,
                "/v1/emergencies",
                by: .operators([.releaseManager, .operator, .auditor]),
                verifier.listEmergencies
            ),

            // Keys: what people have signed is published, and what hangs on a lost key is ended.
            // No more than is kept of an act: so an auditor sees which bundle was signed for.
            act(.publishTrust, verifier, bodyLimit: SignedAct.maximumBody, verifier.publishTrust),
            act(.reportCompromise, verifier, bodyLimit: CompromiseOrder.maximumSize, verifier.reportCompromise),
            Route(.get, "/v1/keys", by: readers, verifier.listKeys),

            act(.giveWitnessCode, verifier, bodyLimit: WitnessCodeOrder.maximumSize, verifier.giveWitnessCode),

            // Operators.
            act(.assignGateways, verifier, bodyLimit: GatewayOrder.maximumSize, verifier.assignGateways),
            act(.lowerTier, verifier, bodyLimit: LowerTierOrder.maximumSize, verifier.lowerTier),
            act(.raiseTier, verifier, bodyLimit: OperatorReason.maximumSize, verifier.raiseTier),
            act(.settleFork, verifier, bodyLimit: ForkOrder.maximumSize, verifier.settleFork),
            Route(.get, "/v1/instances", by: readers, verifier.listInstances),
            Route(.get, "/v1/instances/{name}", by: readers, verifier.showInstance),
            Route(.get, "/v1/instances/{name}/updates", by: readers, verifier.updatesOfInstance),
            Route(.get, "/v1/instances/{name}/refused-boot", by: readers, verifier.explainBoot),
            act(.allowBoot, verifier, bodyLimit: BootAddition.maximumSize, verifier.allowBoot),
            act(.allowDowngrade, verifier, bodyLimit: DowngradeOrder.maximumSize, verifier.allowDowngrade),
            act(.suspend, verifier, bodyLimit: OperatorReason.maximumSize) { try await verifier.act(.suspend, $0, $1) },
            act(.reinstate, verifier, bodyLimit: OperatorReason.maximumSize) {
                try await verifier.act(.reinstate, $0, $1)
            },
            act(.retire, verifier, bodyLimit: OperatorReason.maximumSize) { try await verifier.act(.retire, $0, $1) },
            Route(.get, "/v1/figures", by: readers, verifier.showFigures),
            Route(.get, "/v1/metrics", by: readers, verifier.showFleetMetrics),
            Route(.get, "/v1/policy", by: readers, verifier.showPolicy),
            act(.putPolicy, verifier, bodyLimit: PolicyOrder.maximumSize, verifier.putPolicy),
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
            Route(.get, "/v1/acts/{digest}", by: readers, verifier.showAct),
            Route(.get, "/v1/archive", by: readers, verifier.listArchived),
            Route(.get, "/v1/archive/{digest}", by: readers, verifier.showArchived),
            Route(.get, "/v1/logs/{digest}", by: readers, verifier.showLog),

            // Everybody: C2SP tlog-tiles; the entries name instances by id, and operators by their names.
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
            .health,
            Route(.get, "/readyz", by: .anyone, verifier.readiness),
            Route(.get, "/metrics", by: .anyone, verifier.showMetrics),
        ]
    }

    /// What changes something is done for those who have signed for it.
    private static func act(
        _ route: OperatorRoute,
        _ verifier: Verifier,
        bodyLimit: Int,
        _ handler: @escaping @Sendable (Exchange, Acting) async throws -> Answer
    ) -> Route {
        Route(
            .post,
            RoutePattern(stringLiteral: route.pattern),
            by: .operators(route.roles),
            bodyLimit: bodyLimit
        ) { exchange in try await handler(exchange, try verifier.acting(exchange)) }
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
