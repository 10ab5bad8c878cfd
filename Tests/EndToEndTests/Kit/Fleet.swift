import FoundationEssentials
import Messages
import SoftwareDevice
import Testing

/// A factory line, a verifier with its operator, a release, and devices: everything real, in one directory, for one test.
struct Fleet: Sendable {
    let directory: String
    let transcript = Transcript()
    let verifier: VerifierProcess
    let devices: [FleetDevice]

    /// What devices are born with, and what is released for them.
    static let bornWith = "gateway-os-2.4.0"
    static let released = "gateway-os-2.5.0"

    var line: String { directory + "/line" }
    var place: String { directory + "/verifier" }
    var authority: String { directory + "/tpm-vendor" }
    /// The trust bundle with the port that the verifier was given.
    var trust: String { directory + "/trust.json" }
    var alice: String { place + "/operators/alice" }
    var releaseKey: String { directory + "/release.key" }
    var releaseKeys: String { directory + "/release-keys.json" }
    var births: String { directory + "/births.json" }
    var boot: String { directory + "/boot.json" }
    var package: String { directory + "/gateway-os-2.5.0.img" }
    var manifest: String { directory + "/gateway-os-2.5.0.dsse.json" }

    /// Runs a test with devices of these profiles, born, known to the verifier, and the release registered.
    /// - Parameter born: whether the devices are born already.
    static func with(
        _ profiles: [String] = ["p256"],
        born: Bool = true,
        _ body: (Fleet) async throws -> Void
    ) async throws {
        try await Turns.shared.take {
            try await withDirectory { directory in
                try await unlimited(directory, profiles, born, body)
            }
        }
    }

    private static func unlimited(
        _ directory: String,
        _ profiles: [String],
        _ born: Bool,
        _ body: (Fleet) async throws -> Void
    ) async throws {
        let fleet = try await Fleet(directory, profiles)
        let outcome: Result<Void, any Error>
        do {
            try await fleet.live {
                if born { try await fleet.bear() }
                try await body(fleet)
            }
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        for device in fleet.devices { try? await device.software.stop(orderly: false) }
        try outcome.get()
    }

    /// Runs with a factory and a verifier at work, and ends them.
    private func live(_ body: () async throws -> Void) async throws {
        let outcome: Result<Void, any Error>
        do {
            try await prepare()
            try await body()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        await verifier.stop()
        await verifier.collectLog()
        expectPrivacy()
        try outcome.get()
    }

    /// Runs with another owner, whose factory, verifier and release keys have nothing in common with these; a device is in its hands.
    func withBuyer(of device: FleetDevice, as serial: String, _ body: (Fleet) async throws -> Void) async throws {
        try await withDirectory { directory in
            // The TPM's vendor is the same for all.
            try FileManager.default.copyItem(atPath: authority, toPath: directory + "/tpm-vendor")
            let buyer = Fleet(directory, having: [try device.bought(as: serial, in: directory)])
            try await buyer.live { try await body(buyer) }
        }
    }

    private init(_ directory: String, having devices: [FleetDevice]) {
        self.directory = directory
        verifier = VerifierProcess(directory + "/verifier", transcript)
        self.devices = devices
    }

    private init(_ directory: String, _ profiles: [String]) async throws {
        self.directory = directory
        verifier = VerifierProcess(directory + "/verifier", transcript)
        var devices: [FleetDevice] = []
        for (index, profile) in profiles.enumerated() {
            devices.append(try await FleetDevice.make(index + 1, profile, in: directory, transcript))
        }
        self.devices = devices
    }

    private func prepare() async throws {
        try await run(.factory, ["init", line, "--name", "line-1"])
        _ = try LocalCA(directory: authority)
        for name in ["root.pem", "intermediate.pem"] {
            try FileManager.default.copyItem(atPath: "\(authority)/\(name)", toPath: "\(line)/ek-roots/\(name)")
        }
        try await run(.auditor, ["release", "keygen", releaseKey, "--public", releaseKeys])
        try await run(
            .verifier,
            ["init", place, "--name", "test-verifier", "--listen", "127.0.0.1:0", "--release-keys", releaseKeys]
                + ["--birth-keys", line + "/birth-keys.json", "--factory-roots", line + "/factory-roots.pem"]
                + ["--ek-roots", authority + "/root.pem", "--ek-roots", authority + "/intermediate.pem"]
        )
        let roles = ["release-manager", "operator", "auditor", "factory"].flatMap { ["--role", $0] }
        try await run(.verifier, ["operator", place, "alice"] + roles)
        try await verifier.start()
        try await writeTrust()
        try await release()
    }

    private func writeTrust() async throws {
        var bundle = try TrustBundle(parsing: contents(of: place + "/trust.json"))
        bundle.url = "https://localhost:\(try #require(await verifier.port))"
        try write(EditedJSON.encode(bundle), to: trust)
    }

    /// All devices are born at once on the one line, and their births are brought to the verifier.
    private func bear() async throws {
        try await withThrowingTaskGroup { group in
            for device in devices {
                group.addTask { try await expect(0, device.provision(on: line)) }
            }
            try await group.waitForAll()
        }
        try await importBirths()
    }

    func importBirths() async throws {
        try await run(.factory, ["export", line, "--out", births])
        try await run(.auditor, ["births", "import", births] + asAlice)
    }

    private func release() async throws {
        try write((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }, to: package)
        try await register(Self.released, version: "2.5.0", to: manifest)
    }

    /// Measures what a golden device boots, signs it with the package, and registers it.
    func register(
        _ firmware: String,
        version: String,
        securityVersion: Int = 8,
        to manifest: String,
        _ more: [String] = []
    ) async throws {
        let golden = try await SoftwareDevice.make(
            in: DeviceDirectory("\(directory)/golden-\(version)"),
            ca: LocalCA(directory: authority),
            endorsementKeys: []
        )
        try await golden.boot(firmware: .named(firmware))
        try await golden.stop(orderly: false)
        let measured = try await run(.auditor, ["release", "measure", "--log", golden.logPath])
        try write(measured.output.utf8, to: boot)
        try await run(
            .auditor,
            [
                "release", "sign", "--key", releaseKey, "--package", package, "--name", "gateway-os", "--version",
                version,
            ]
                + more + [
                    "--security-version", "\(securityVersion)", "--model", "gw-100", "--hardware-revision", "B",
                    "--boot", boot,
                ]
                + ["--out", manifest]
        )
        try await run(.auditor, ["release", "add", manifest, "--log", golden.logPath] + asAlice)
    }

    /// Stops the verifier and starts it again, as after an edit of its files.
    func restart() async throws {
        await verifier.stop()
        try await verifier.start()
    }

    // MARK: What tests ask for

    var asAlice: [String] { ["--trust", trust, "--operator", alice] }

    /// Runs a command that must succeed.
    @discardableResult
    func run(_ program: Program, _ arguments: [String]) async throws -> Program.Ended {
        try await expect(0, program.run(arguments, in: transcript))
    }

    /// Has alice do something to a device.
    func act(_ act: String, on device: FleetDevice, because reason: String) async throws {
        try await run(.auditor, ["device", act, device.serial, "--reason", reason] + asAlice)
    }

    /// What the operator is shown of a device.
    func record(of device: FleetDevice) async throws -> JSON {
        try await run(.auditor, ["device", "show", device.serial, "--json"] + asAlice).json
    }
}

/// Requires an exit status.
@discardableResult
func expect(
    _ status: Int32,
    _ ended: Program.Ended,
    sourceLocation: SourceLocation = #_sourceLocation
) throws -> Program.Ended {
    try #require(ended.code == status, "\(ended)", sourceLocation: sourceLocation)
    return ended
}
