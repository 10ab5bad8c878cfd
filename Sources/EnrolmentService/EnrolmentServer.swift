import DurableFiles
import Endorsement
public import FactoryAuthority
import FoundationEssentials
public import HTTPService
public import Logging
import Messages
public import ServiceLifecycle

/// A factory's CA over HTTPS: stations prove that keys are in an endorsed TPM, and get certificates for them.
public struct EnrolmentServer: Service {
    private let authority: FactoryAuthority
    private let configuration: HostConfiguration
    private let identity: EdgeIdentity
    private let directory: HostDirectory
    private let address: ListenAddress
    private let desk: EnrolmentDesk
    private let revoked: RevokedStations
    private let logger: Logger
    private let metrics = Metrics([.enrolments, .revocationLists])
    private let onListening: @Sendable (Int) -> Void
    private let now: @Sendable () -> Int64 = { Int64(Date.now.timeIntervalSince1970) }

    /// - Parameters:
    ///   - address: where to listen instead of where the configuration says.
    ///   - onListening: called with the port once connections are accepted.
    /// - Throws: `SetupError`, or what is wrong with a file.
    public init(
        _ directory: HostDirectory,
        passphrase: Passphrase?,
        address: ListenAddress? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.directory = directory
        let files = RevokedStations.files(directory)
        configuration = try HostSetup.configuration(directory)
        try PrivateDirectory.check(directory.path)
        authority = try FactoryAuthority(opening: directory.authority, passphrase: passphrase)
        let revoked = RevokedStations(directory, configuration, files: files, logger: logger)
        self.revoked = revoked
        identity = try HostSetup.identity(directory, configuration, revoked: { revoked.now }, now: now())
        self.address = try configuration.address(unless: address)
        desk = EnrolmentDesk(authority, now: now)
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is told to stop; then finishes what is under way.
    public func run() async throws {
        let server = HTTPSServer(
            routes: routes,
            identity: identity,
            address: address,
            limits: configuration.edge,
            metrics: metrics,
            logger: logger,
            now: { Date.now },
            configuration: directory.configuration,
            rereading: "revokedStations counts as it is written, a restart reads the rest of \(directory.configuration)"
        )
        let keeper = RevocationListKeeper(authority: authority, metrics: metrics, logger: logger, now: now)
        try await server.run(
            with: [keeper, FileKeeper { [revoked] in revoked.look() }],
            onListening: onListening
        )
    }

    /// Everything that the host does, and who may have it done.
    var routes: [Route] {
        [
            Route(
                .post,
                "/v1/enrolment/challenges",
                by: .operators([.factory]),
                bodyLimit: EnrolmentRequest.maximumSize,
                challenge
            ),
            Route(
                .post,
                "/v1/enrolment/certificates",
                by: .operators([.factory]),
                bodyLimit: EnrolmentAnswer.maximumSize,
                certificates
            ),
            Route(.get, "/v1/enrolment/revocation-list", by: .anyone, revocationList),
            .health, .figures(of: metrics),
        ]
    }

    private func challenge(_ exchange: Exchange) async throws -> Answer {
        let request = try exchange.message(EnrolmentRequest.init(parsing:))
        let station = try Self.station(exchange)
        return try await .json(judged { try await desk.challenge(request, from: station) })
    }

    private func certificates(_ exchange: Exchange) async throws -> Answer {
        let answer = try exchange.message(EnrolmentAnswer.init(parsing:))
        let station = try Self.station(exchange)
        let issued = try await judged { try await desk.enrol(answer, from: station) }
        metrics.count(.enrolments, "certified")
        logger.info("certified", metadata: ["station": "\(station)", "born": "\(issued.bornAt)"])
        return try .json(issued)
    }

    /// A refusal is told with its reasons: a station is no stranger, and its line has to act on them.
    private func judged<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let refusal as BirthRefusal {
            metrics.count(.enrolments, "refused")
            throw ServiceProblem.refused(
                refusal.reasons.map(\.description).joined(separator: "; "),
                reasons: refusal.reasons.map(\.code)
            )
        } catch is EnrolmentBusy {
            throw ServiceProblem.busy("certificates are being issued for this TPM")
        }
    }

    private func revocationList(_ exchange: Exchange) async throws -> Answer {
        // Anybody asks for it, on many connections, and it can have megabytes.
        let path = authority.directory.revocationList
        guard let list = try FilePart(path, from: 0) else { throw ServiceProblem.notFound }
        var answer = Answer.file(list)
        answer.mediaType = "application/x-pem-file"
        return answer
    }

    private static func station(_ exchange: Exchange) throws -> Label {
        guard let caller = exchange.caller else { throw ServiceProblem.unauthenticated }
        return caller.name
    }
}

extension MetricFamily {
    fileprivate static let enrolments = MetricFamily(
        "birthmark_enrolments_total",
        labels: ["outcome"],
        help: "Devices whose keys were to be certified, by outcome."
    )
}
