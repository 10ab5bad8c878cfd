import FoundationEssentials
import Glibc
import Messages
import Testing

/// One device without a TPM: its disk, and a file that stands for what the kernel says of its hardware.
struct Sensor: Sendable {
    let serial: String
    let sensors: Sensors

    var directory: String { sensors.directory + "/" + serial }
    var state: String { directory + "/agent" }
    var journal: String { state + "/journal.json" }
    var cid: String { directory + "/cid" }
    /// Where installed packages go, and a line for each time that an installer began and ended.
    var slot: String { directory + "/slot" }
    var marks: String { directory + "/marks" }
    var identity: String { directory + "/identity-of-the-station.json" }

    /// What the hardware says.
    static let claim = "15010038474e4434"

    init(_ serial: String, in sensors: Sensors) throws {
        (self.serial, self.sensors) = (serial, sensors)
        try makeDirectory(directory)
        try write("\(Self.claim)\n".utf8, to: cid)
    }

    // MARK: Birth

    var order: [String] {
        ["--serial", serial, "--model", "sn-10", "--hardware-revision", "A", "--environment", "production"]
            + [
                "--product", "sensor", "--package", "sensor-os", "--package-version", "1.7.0", "--security-version",
                "3",
            ]
            + ["--json"]
    }

    /// Makes the key here, has the line sign for it, and takes the birth over and to the verifier.
    func bear(_ more: [String] = []) async throws {
        let (request, birth) = (directory + "/request.json", directory + "/birth.json")
        try await expect(0, agent("enrol", ["--claim", "mmc-cid=\(cid)", "--out", request] + more))
        let arguments = ["enrol", sensors.line, request, "--require-claim", "mmc-cid", "--out", birth] + order
        try await sensors.run(.factory, arguments)
        try await expect(0, agent("enrol", ["--accept", birth]))
        try await sensors.importBirths()
    }

    /// Has the line make the key.
    func inject(environment: [String: String] = [:]) async throws -> Program.Ended {
        let arguments = ["enrol", sensors.line, "--inject", identity, "--claim", "mmc-cid=\(Self.claim)"] + order
        return try await Program.factory.run(arguments, environment: environment, in: sensors.transcript)
    }

    // MARK: The agent

    /// Runs a command of the agent on this device, or on a copy of its disk.
    func agent(
        _ verb: String,
        _ arguments: [String] = [],
        on state: String? = nil,
        environment: [String: String] = [:],
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Program.Ended {
        let state = state ?? self.state
        let isTrusting = exists(state + "/trust.json") || verb == "status" || verb == "enrol"
        let trust = isTrusting ? [] : ["--trust", sensors.trust]
        return try await Program.device.run(
            [verb, "--state", state, "--json"] + trust + arguments,
            environment: environment,
            in: sensors.transcript,
            watch: watch
        )
    }

    /// Copies what it is given into the slot, and marks its beginning and its end.
    var installing: String { "echo began >> \(marks); cat > \(slot); echo ended >> \(marks)" }

    func update(
        installing command: String? = nil,
        environment: [String: String] = [:],
        watch: (pid_t) async -> Void = { _ in }
    ) async throws -> Program.Ended {
        let order = ["--package", sensors.package, "--manifest", sensors.manifest]
        let arguments = order + ["--install-command", command ?? installing]
        return try await agent("update", arguments, environment: environment, watch: watch)
    }

    /// What the kernel would say after a reboot: another boot than that of the install.
    func reboot() throws {
        let text = String(decoding: try contents(of: journal), as: UTF8.self)
        guard let range = text.firstRange(of: #""bootAtInstall":""#) else { return }
        let rest = text[range.upperBound...].drop { $0 != "\"" }
        try write((text[..<range.upperBound] + "00000000-0000-4000-8000-000000000000" + rest).utf8, to: journal)
    }

    var step: String? {
        guard let bytes = try? contents(of: journal), let json = try? JSONDecoder().decode(JSON.self, from: Data(bytes))
        else { return nil }
        return json["update.step"].text
    }

    func times(_ mark: String) -> Int {
        String(decoding: (try? contents(of: marks)) ?? [], as: UTF8.self).split(separator: "\n").count { $0 == mark }
    }

    /// The grants that were kept.
    var grants: [String] { names(in: state + "/grants").map { "\(state)/grants/\($0)" } }
}
