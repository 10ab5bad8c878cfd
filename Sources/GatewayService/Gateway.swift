public import DeviceAgent
import DurableFiles
import HTTPService
public import Logging
import Messages
public import VerifierClient

/// Speaks for instances without a TPM: passes on what they show, and says on its own word what it saw.
///
/// It decides nothing. While the verifier cannot be asked, its children get nothing.
public struct Gateway: Sendable {
    let agent: Agent
    private let state: StateDirectory
    /// Where packages are kept; `nil` for a gateway that has none.
    let shelf: PackageShelf?
    private let port: Label
    let limits: VerifierClient.Limits
    private let turns: Turns
    private let readBacks: ReadBacks?
    let log: GatewayLog
    let metrics: Metrics
    let logger: Logger

    /// Another birthmark-device of the same machine has the TPM's state for the length of a renewal.
    private static let patience = Duration.seconds(20)
    private static let pause = Duration.milliseconds(50)

    /// Joins the parts.
    /// - Parameters:
    ///   - agent: this device's own agent, which quotes.
    ///   - state: its directory.
    /// - Throws: `FileError`, `SetupError`: packages cannot be kept.
    public init(
        agent: Agent,
        state: StateDirectory,
        _ configuration: GatewayConfiguration,
        _ directory: GatewayDirectory,
        status: String? = nil,
        limits: VerifierClient.Limits = .init(),
        logger: Logger
    ) throws {
        // Its configuration names a command.
        try PrivateDirectory.check(directory.path)
        self.agent = agent
        self.state = state
        self.limits = limits
        port = configuration.port
        turns = Turns(atMost: configuration.waiting)
        readBacks = configuration.readBack.map {
            ReadBacks(
                ReadBack(command: $0.command, seconds: $0.seconds),
                port: configuration.port,
                logger: logger
            )
        }
        log = GatewayLog(status ?? directory.status)
        shelf = try configuration.packages.map { source in
            try PackageShelf(
                directory.packages,
                try directory.source(source),
                room: configuration.packageBytes,
                logger: logger
            )
        }
        metrics = Metrics([.childRequests])
        self.logger = logger
    }

    /// Everything that the local side does, and who may have it done.
    var routes: [Route] {
        [
            // Who a child is, its own signature says, and the verifier judges that.
            Route(.post, "/v1/challenges", by: .anyone, bodyLimit: ChallengeRequest.maximumSize, challenge),
            Route(
                .post,
                "/v1/compensated-decisions",
                by: .anyone,
                bodyLimit: CompensatedEvidence.maximumSize,
                decision
            ),
            Route(
                .post,
                "/v1/compensated-farewells",
                by: .anyone,
                bodyLimit: CompensatedEvidence.maximumSize,
                farewell
            ),
            // Whose word it is, the signatures say.
            Route(.get, "/v1/trust/{version}", by: .anyone, trustOfVersion),
            // Whose package it is, the release's signature says; the package itself is no secret.
            Route(.post, "/v1/packages", by: .anyone, bodyLimit: SignedEnvelope.maximumSize, packageStatus),
            Route(.get, "/v1/packages/{sha256}", by: .anyone, package),

            .health, .figures(of: metrics),
        ]
    }

    /// `POST /v1/challenges`: fetched for the child.
    private func challenge(_ exchange: Exchange) async throws -> Answer {
        let request = try exchange.message(ChallengeRequest.init(parsing:))
        guard CompensatedRequest.purposes.contains(request.purpose) else {
            throw ServiceProblem.malformed("a device with a TPM asks the verifier itself")
        }
        // Before the challenge is fetched, whose time would run meanwhile.
        if request.purpose == .confirm { try await readBack(request.instance, exchange) }
        do {
            return try .json(
                try await asking { try await $0.challenge(request) }
            )
        } catch let error as VerifierClientError {
            throw unreached(error.description)
        }
    }

    /// `POST /v1/compensated-decisions`: passed on, with what this gateway saw.
    private func decision(_ exchange: Exchange) async throws -> Answer {
        let wantsResult = try exchange.wantsResult
        let (evidence, request) = try shown(exchange)
        guard request.purpose != .farewell else {
            throw ServiceProblem.malformed("a farewell goes to /v1/compensated-farewells")
        }
        var observed = observation(of: exchange)
        if request.purpose == .confirm {
            observed.readBack = await readBacks?.take(request.instance, at: observed.address)
        }
        let outcome = await turns.take(at: observed.address) { [observed] in
            await vouch(for: evidence, observed, wantsResult: wantsResult)
        }
        switch outcome {
        case .success(.answered(let answer)):
            note(request, observed, "accepted")
            return try .json(answer)
        case .success(.refused(let problem)):
            note(request, observed, problem.reasons?.first ?? problem.type)
            throw ServiceProblem(problem: problem, detail: "the verifier says: \(problem.title)")
        case .failure(let error):
            note(request, observed, "not-passed-on")
            throw unreached(error.message)
        case nil: throw ServiceProblem.busy("more children wait for the TPM than may")
        }
    }

    /// What a child shows; nobody has checked it.
    func shown(_ exchange: Exchange) throws -> (evidence: CompensatedEvidence, request: CompensatedRequest) {
        do {
            let evidence = try CompensatedEvidence(parsing: exchange.body)
            return (evidence, try CompensatedRequest(parsing: evidence.request.bytes))
        } catch { throw ServiceProblem.malformed(error.detail) }
    }

    private func vouch(
        for evidence: CompensatedEvidence,
        _ observed: ChildObservation,
        wantsResult: Bool
    ) async -> Result<VouchOutcome, AgentError> {
        do throws(AgentError) {
            let lock = try await lock()
            return .success(try await agent.vouch(for: evidence, observed: observed, wantsResult: wantsResult, lock))
        } catch {
            return .failure(error)
        }
    }

    func lock() async throws(AgentError) -> AgentLock {
        let start = ContinuousClock.now
        while true {
            if let lock = try state.lockIfFree() { return lock }
            guard ContinuousClock.now - start < Self.patience else { return try state.lock() }
            try? await Task.sleep(for: Self.pause)
        }
    }

    func observation(of exchange: Exchange) -> ChildObservation {
        ChildObservation(
            port: port,
            // A label does not begin with a colon, and an IPv6 address may.
            address: exchange.address.flatMap { Label($0.hasPrefix(":") ? "0" + $0 : $0) },
            link: exchange.address.flatMap { LinkTable.link(of: $0) }
        )
    }

    /// How long a child waits for its image to be read; then it is told to come again, and the reading goes on.
    private static let readBackPatience = Duration.seconds(15)

    /// Has the image of a child read that wants to confirm; one that cannot be read goes on without, and the verifier says what that is worth.
    private func readBack(_ child: InstanceID, _ exchange: Exchange) async throws {
        guard let readBacks else { return }
        let address = observation(of: exchange).address
        // Without its image it would be refused, and a child that was refused does not ask again by itself.
        guard await readBacks.begin(child, at: address) else {
            throw ServiceProblem.busy("more children wait to be read back than may")
        }
        let start = ContinuousClock.now
        while case .reading? = await readBacks.state(of: child, at: address) {
            guard ContinuousClock.now - start < Self.readBackPatience else {
                throw ServiceProblem.busy("the image is being read back")
            }
            try await Task.sleep(for: Self.pause)
        }
    }

    /// The child is told that nothing was decided; why, is the gateway's business and its operator's.
    func unreached(_ detail: String) -> ServiceProblem {
        ServiceProblem(
            problem: Problem(
                .undecided,
                title: "The gateway could not have it decided; ask again.",
                status: 503
            ),
            detail: detail
        )
    }

    /// Writes down what was done last; a disk that is full keeps no child from being served.
    func keepStatus() {
        do { try log.write() } catch {
            logger.error(
                "the status cannot be written",
                metadata: ["error": "\(error)", "hint": "devices are served all the same; make its directory writable"]
            )
        }
    }

    func note(_ request: CompensatedRequest, _ observed: ChildObservation, _ outcome: String) {
        metrics.count(.childRequests, request.purpose.rawValue, outcome == "accepted" ? "accepted" : "other")
        logger.info(
            "child",
            metadata: [
                "instance": "\(request.instance)", "purpose": "\(request.purpose.rawValue)", "outcome": "\(outcome)",
                "address": "\(observed.address?.text ?? "none")",
            ]
        )
        log.note(request, observed, outcome)
    }
}

extension MetricFamily {
    static let childRequests = MetricFamily(
        "birthmark_child_requests_total",
        labels: ["purpose", "outcome"],
        help: "Requests of instances without a TPM, by purpose and whether the verifier accepted them."
    )
}
