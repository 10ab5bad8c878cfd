import FoundationEssentials
import Messages
import Testing

/// A factory line, a verifier with its operator, a release, and devices without a TPM: everything real, in one directory, for one test.
struct Sensors: Sendable {
    let directory: String
    let transcript = Transcript()
    let verifier: VerifierProcess

    var line: String { directory + "/line" }
    var place: String { directory + "/verifier" }
    var trust: String { directory + "/trust.json" }
    var alice: String { place + "/operators/alice" }
    var asAlice: [String] { ["--trust", trust, "--operator", alice] }
    var package: String { directory + "/sensor-os-1.8.0.img" }
    var manifest: String { directory + "/sensor-os-1.8.0.dsse.json" }
    private var releaseKey: String { directory + "/release.key" }
    private var releaseKeys: String { directory + "/release-keys.json" }

    /// Runs a test with a verifier that serves devices without a TPM.
    /// - Parameter approvals: how many people have to approve an update.
    static func with(approvals: Int = 0, lease: Int = 3600, _ body: (Sensors) async throws -> Void) async throws {
        let controls = #"{"releases":["sensor-os"],"approvals":\#(approvals),"claims":true}"#
        try await with(policy: policy(lease: lease, controls: controls), body)
    }

    /// The same under other rules.
    /// - Parameter vendor: makes the CA of the TPMs that the line and the verifier believe; its directory.
    static func with(
        policy: String,
        vendor: (@Sendable (String) throws -> String)? = nil,
        _ body: (Sensors) async throws -> Void
    ) async throws {
        try await Turns.shared.take {
            try await withDirectory { directory in
                let sensors = Sensors(
                    directory: directory,
                    verifier: VerifierProcess(directory + "/verifier", Transcript())
                )
                let outcome: Result<Void, any Error>
                do {
                    try await sensors.prepare(policy, vendor: try vendor?(directory))
                    try await body(sensors)
                    outcome = .success(())
                } catch {
                    outcome = .failure(error)
                }
                await sensors.verifier.stop()
                sensors.expectPrivacy()
                try outcome.get()
            }
        }
    }

    private func prepare(_ policy: String, vendor: String?) async throws {
        try await run(.factory, ["init", line, "--name", "line-1"])
        let authorities = vendor.map { vendor in ["root.pem", "intermediate.pem"].map { "\(vendor)/\($0)" } } ?? []
        for (number, file) in authorities.enumerated() {
            try FileManager.default.copyItem(atPath: file, toPath: "\(line)/ek-roots/\(number).pem")
        }
        try await run(.auditor, ["release", "keygen", releaseKey, "--public", releaseKeys])
        try await people.begin()
        var given = [
            "--release-keys", releaseKeys, "--trust-keys", people.set, "--birth-keys", line + "/birth-keys.json",
        ]
        given += ["--factory-roots", line + "/factory-roots.pem"] + authorities.flatMap { ["--ek-roots", $0] }
        try await run(
            .verifier,
            ["init", place, "--name", "test-verifier", "--listen", "127.0.0.1:0"] + given
        )
        try write(policy.utf8, to: place + "/policy.json")
        let roles = ["release-manager", "operator", "auditor", "factory"].flatMap { ["--role", $0] }
        try await run(.verifier, ["operator", place, "alice"] + roles)
        try await verifier.start()
        var bundle = try TrustBundle(parsing: contents(of: place + "/trust.json"))
        bundle.url = "https://localhost:\(try #require(await verifier.port))"
        try write(EditedJSON.encode(bundle), to: trust)
        try write((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }, to: package)
        try await run(
            .auditor,
            ["release", "sign", "--key", releaseKey, "--package", package, "--name", "sensor-os", "--version", "1.8.0"]
                + ["--security-version", "4", "--model", "sn-10", "--hardware-revision", "A", "--unmeasured"]
                + ["--out", manifest]
        )
        try await run(.auditor, ["release", "add", manifest] + asAlice)
    }

    /// One rule for all that have no TPM, and what comes after it.
    static func policy(lease: Int = 3600, controls: String, _ more: String = "") -> String {
        #"""
        {"formatVersion":1,"rules":[{"id":"no-tpm","match":{"models":"*","hardwareRevisions":"*","environments":"*",
        "tiers":["compensated"],"packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
        "boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":\#(lease)},"grant":{"seconds":\#(min(lease, 600))},
        "controls":\#(controls)}\#(more)]}
        """#
    }

    /// The release's name: SHA-256 of its signed payload.
    var release: ContentDigest {
        get throws {
            let envelope = try SignedEnvelope(parsing: contents(of: manifest))
            return ContentDigest(of: envelope.payload.bytes)
        }
    }

    /// Runs a command that must succeed.
    @discardableResult
    func run(_ program: Program, _ arguments: [String]) async throws -> Program.Ended {
        try await expect(0, program.run(arguments, in: transcript))
    }

    func importBirths() async throws {
        try await run(.factory, ["export", line, "--out", directory + "/births.json"])
        try await run(.auditor, ["births", "import", directory + "/births.json"] + asAlice)
    }

    /// What the operator is shown of a device.
    func record(of serial: String) async throws -> JSON {
        try await run(.auditor, ["device", "show", serial, "--json"] + asAlice).json
    }

    private func expectPrivacy() {
        let secrets = Secrets(below: directory)
        for (path, mode) in secrets.exposed { Issue.record("\(path) has mode \(String(mode, radix: 8))") }
        let said = transcript.text
        for spelling in secrets.spellings where said.contains(spelling.text) {
            Issue.record("a secret of \(spelling.path) was printed")
        }
    }
}
