import DeviceAgent
import FoundationEssentials
import Messages
import SoftwareDevice
import Testing
import VerifierClient

/// A device, its verifier, a release and its package, and the agent's directory.
struct Bench: Sendable {
    let device: TestDevice
    let verifier: TestVerifier
    let trust: TrustBundle
    let release: SignedEnvelope
    let payload: Release
    let package: String

    static let grownTo = "gateway-os-2.4.0"

    static func with<Result: Sendable>(
        securityVersion: UInt64 = 4,
        content: [UInt8] = Array("the next system".utf8),
        leaseSeconds: Int64 = 3600,
        witnessed: TestVerifier.Witnessed = TestVerifier.Witnessed(),
        people: SigningKeys? = nil,
        _ body: (Bench) async throws -> Result
    ) async throws -> Result {
        try await TestDevice.with { device in
            let verifier = try TestVerifier(of: device.record, leaseSeconds: leaseSeconds, witnessed: witnessed)
            let payload = try await Self.release(device, "2.4.0", securityVersion, content, boots: grownTo)
            let envelope = try await verifier.release(payload)
            let package = device.directory + "/system.img"
            try write(content, to: package)
            try write(CanonicalJSON.encode(envelope), to: device.directory + "/system.dsse.json")
            return try await verifier.serving(people: people) { trust in
                try write(EditedJSON.encode(trust), to: device.directory + "/trust.json")
                return try await body(
                    Bench(
                        device: device,
                        verifier: verifier,
                        trust: trust,
                        release: envelope,
                        payload: payload,
                        package: package
                    )
                )
            }
        }
    }

    static func release(
        _ device: TestDevice,
        _ version: String,
        _ securityVersion: UInt64,
        _ content: [UInt8],
        boots firmware: String
    ) async throws -> Release {
        Release(
            name: label("gateway-os"),
            version: label(version),
            securityVersion: securityVersion,
            models: [label("gateway")],
            hardwareRevisions: [label("B")],
            artifact: Artifact(
                name: label("system.img"),
                size: UInt64(content.count),
                sha256: ContentDigest(of: content)
            ),
            boot: try await device.bootProfile(of: firmware)
        )
    }

    var state: String { device.directory + "/agent" }
    /// What the install commands of these tests write.
    var target: String { device.directory + "/installed" }
    var marks: String { device.directory + "/marks" }

    /// Installs by copying standard input, and leaves a mark each time.
    var installing: String { "echo run >> \(marks); cat > \(target)" }

    /// - Parameter exchange: seconds; a machine that is busy is no slow verifier.
    func agent(
        _ state: String? = nil,
        exchange: Int64 = 120,
        clock: @escaping @Sendable () -> Int64 = { now }
    ) throws -> Agent {
        Agent(
            state: try StateDirectory(state ?? self.state),
            trust: trust,
            tcti: device.tcti,
            eventLog: EventLogFile(path: device.log, isNamed: true),
            limits: VerifierClient.Limits(connect: 120, exchange: exchange, attempts: 2),
            wallClock: clock
        )
    }

    func order(_ command: String? = nil, seconds: Int64 = 60) -> UpdateOrder {
        UpdateOrder(
            package: package,
            release: release,
            installCommand: command ?? installing,
            installSeconds: seconds
        )
    }

    func lock(_ state: String? = nil) throws -> AgentLock { try StateDirectory(state ?? self.state).lock() }

    var journal: Journal {
        get throws { try #require(try StateDirectory(state).journal()) }
    }

    /// How often the install command ran.
    var installs: Int { ((try? String(contentsOfFile: marks, encoding: .utf8)) ?? "").count { $0 == "\n" } }

    var grantsSpent: UInt64 {
        get async throws { try await device.spent(device.record.counters.grants) }
    }

    func boot(_ firmware: String) async throws { try await device.software.boot(firmware: .named(firmware)) }
}

/// What an operation of the agent is refused with.
func refusal(_ body: () async throws -> Void) async throws -> AgentError {
    do {
        try await body()
    } catch let error as AgentError {
        return error
    }
    throw Unexpected("nothing was refused")
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension Bench {
    @discardableResult
    func attest() async throws -> AttestOutcome { try await agent().attest(lock()) }

    @discardableResult
    func update(_ command: String? = nil, seconds: Int64 = 60) async throws -> UpdateOutcome {
        try await agent().update(order(command, seconds: seconds), lock()) { _, _ in }
    }

    @discardableResult
    func confirm() async throws -> ConfirmOutcome { try await agent().confirm(lock()) }
}
