import Messages
import Testing

/// A command with a place for the file.
struct FileCommand: Sendable {
    var program: Program
    var arguments: [String]
    var genuine: String
    var kinds: [Spoiled]
    /// What the genuine file leads to; nil where it would change something.
    var control: Int32?
    /// Ways of spoiling that lead elsewhere than to 2.
    var otherwise: [Spoiled: Int32] = [:]

    static let place = "@"

    func run(with path: String, in transcript: Transcript) async throws -> Program.Ended {
        let arguments = arguments.map { $0 == Self.place ? path : $0 }
        return try await program.run(arguments + ["--json"], in: transcript)
    }
}

/// The genuine files of a fleet, and the commands that take them.
struct FileCommands {
    let fleet: Fleet
    let grant: String
    let scrap: String
    private let at = FileCommand.place

    init(_ fleet: Fleet, grant: String) throws {
        self.fleet = fleet
        self.grant = grant
        scrap = fleet.directory + "/scrap"
        try makeDirectory(scrap)
        // A real quote: the one that a birth is signed over.
        let bundle = try BirthBundle(parsing: contents(of: fleet.births))
        let record = try BirthRecord(parsing: #require(bundle.births.first).payload.bytes)
        try write(record.iak.publicArea.bytes, to: scrap + "/key")
        try write(record.firstBoot.attest.bytes, to: scrap + "/attest")
        try write(record.firstBoot.signature.bytes, to: scrap + "/signature")
        try write(CanonicalJSON.encode(record.firstBoot.pcrs), to: scrap + "/pcrs")
        try write(Array((String(repeating: "0a", count: 32) + "\n").utf8), to: scrap + "/allowed")
    }

    func device(_ device: FleetDevice) -> [FileCommand] {
        let own = ["--state", device.state, "--tcti", device.tcti]
        let order = ["update"] + own + ["--event-log", device.log, "--install-command", "false"]
        let gate = ["gate"] + own
        let notThePackage: [Spoiled: Int32] = [.empty: 1, .cut: 1, .garbage: 1, .oversized: 1, .longer: 1]
        return [
            FileCommand(
                program: .device,
                arguments: ["attest"] + own + ["--event-log", at],
                genuine: device.log,
                kinds: [.missing, .directory, .empty, .oversized]
            ),
            FileCommand(
                program: .device,
                arguments: ["attest", "--state", scrap + "/agent", "--tcti", device.tcti, "--trust", at],
                genuine: fleet.trust,
                kinds: Spoiled.ofJSON
            ),
            FileCommand(
                program: .device,
                arguments: order + ["--package", fleet.package, "--manifest", at],
                genuine: fleet.manifest,
                kinds: Spoiled.ofJSON
            ),
            FileCommand(
                program: .device,
                arguments: order + ["--manifest", fleet.manifest, "--package", at],
                genuine: fleet.package,
                kinds: Spoiled.ofBytes,
                otherwise: notThePackage
            ),
            FileCommand(
                program: .device,
                arguments: gate + ["--package", fleet.package, "--manifest", fleet.manifest, "--grant", at],
                genuine: grant,
                kinds: Spoiled.ofJSON,
                control: 1
            ),
            FileCommand(
                program: .device,
                arguments: gate + ["--package", fleet.package, "--grant", grant, "--manifest", at],
                genuine: fleet.manifest,
                kinds: Spoiled.ofJSON,
                control: 1
            ),
            FileCommand(
                program: .device,
                arguments: gate + ["--manifest", fleet.manifest, "--grant", grant, "--package", at],
                genuine: fleet.package,
                kinds: Spoiled.ofBytes,
                control: 1,
                otherwise: notThePackage
            ),
        ]
    }

    func factory(_ device: FleetDevice) -> [FileCommand] {
        let profile = "Provisioning/profiles/p256.json"
        let order = device.provisioning.filter { $0 != "--json" }
        func without(_ option: String) -> [String] {
            guard let index = order.firstIndex(of: option) else { return order }
            return Array(order[..<index] + order[(index + 2)...])
        }
        return [
            FileCommand(
                program: .factory,
                arguments: ["provision", fleet.line] + without("--profile") + ["--profile", at],
                genuine: profile,
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .factory,
                arguments: ["provision", fleet.line] + without("--event-log") + ["--event-log", at],
                genuine: device.log,
                kinds: [.missing, .directory, .oversized],
                control: 0
            ),
            FileCommand(
                program: .factory,
                arguments: ["inspect", "--tcti", device.tcti, "--profile", at],
                genuine: profile,
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .factory,
                arguments: ["export", at],
                genuine: fleet.line,
                kinds: [.missing, .directory]
            ),
        ]
    }

    func verifier() -> [FileCommand] {
        func new(_ option: String, _ genuine: String, _ kinds: [Spoiled]) -> FileCommand {
            FileCommand(
                program: .verifier,
                arguments: ["init", scrap + "/made", option, at],
                genuine: genuine,
                kinds: kinds
            )
        }
        return [
            new("--policy", "Provisioning/policies/default.json", Spoiled.ofJSON),
            new("--release-keys", fleet.releaseKeys, Spoiled.ofJSON),
            new("--birth-keys", fleet.line + "/birth-keys.json", Spoiled.ofJSON),
            new("--factory-roots", fleet.line + "/factory-roots.pem", Spoiled.ofAnything),
            new("--ek-roots", fleet.authority + "/root.pem", Spoiled.ofAnything),
            new("--ek-allow-list", scrap + "/allowed", Spoiled.ofAnything),
        ]
    }

    func operators() -> [FileCommand] {
        let signing =
            ["release", "sign", "--package", fleet.package, "--name", "a", "--version", "1"]
            + ["--security-version", "1", "--model", "m", "--hardware-revision", "B", "--out", scrap + "/made"]
        let boot = fleet.boot
        return [
            FileCommand(
                program: .auditor,
                arguments: ["births", "import", at] + fleet.asAlice,
                genuine: fleet.births,
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "add", at] + fleet.asAlice,
                genuine: fleet.manifest,
                kinds: Spoiled.ofJSON
            ),
            FileCommand(
                program: .auditor,
                arguments: signing + ["--boot", boot, "--key", at],
                genuine: fleet.releaseKey,
                kinds: Spoiled.ofAnything
            ),
            FileCommand(
                program: .auditor,
                arguments: signing + ["--key", fleet.releaseKey, "--boot", at],
                genuine: boot,
                kinds: Spoiled.ofJSON
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "cosign", at, "--key", fleet.releaseKey, "--out", scrap + "/made"],
                genuine: fleet.manifest,
                kinds: Spoiled.ofJSON
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "keygen", scrap + "/made", "--public", at],
                genuine: fleet.releaseKeys,
                kinds: Spoiled.ofJSON.filter { $0 != .missing }
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "list", "--operator", fleet.alice, "--trust", at],
                genuine: fleet.trust,
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["ledger", "verify", "--trust", at],
                genuine: fleet.trust,
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "list", "--trust", fleet.trust, "--operator", at],
                genuine: fleet.alice + "/cert.pem",
                kinds: [.missing, .directory]
            ),
            FileCommand(
                program: .auditor,
                arguments: signing.map { $0 == fleet.package ? at : $0 } + ["--key", fleet.releaseKey, "--boot", boot],
                genuine: fleet.package,
                kinds: [.missing, .directory, .empty]
            ),
            FileCommand(
                program: .auditor,
                arguments: ["policy", "check", at],
                genuine: "Provisioning/policies/default.json",
                kinds: Spoiled.ofJSON,
                control: 0
            ),
        ]
    }

    func judging() -> [FileCommand] {
        let (key, attest, signature) = (scrap + "/key", scrap + "/attest", scrap + "/signature")
        let quote = ["quote", "verify"]
        let log = fleet.devices[0].log
        return [
            FileCommand(
                program: .auditor,
                arguments: quote + ["--attest", attest, "--signature", signature, "--key", at],
                genuine: key,
                kinds: Spoiled.ofBytes,
                control: 0
            ),
            // A quote that is none is judged, and refused.
            FileCommand(
                program: .auditor,
                arguments: quote + ["--key", key, "--signature", signature, "--attest", at],
                genuine: attest,
                kinds: Spoiled.ofBytes,
                control: 0,
                otherwise: [.empty: 1, .cut: 1, .garbage: 1, .longer: 1]
            ),
            FileCommand(
                program: .auditor,
                arguments: quote + ["--key", key, "--attest", attest, "--signature", at],
                genuine: signature,
                kinds: Spoiled.ofBytes,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: quote + ["--key", key, "--attest", attest, "--signature", signature, "--pcrs", at],
                genuine: scrap + "/pcrs",
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["log", "replay", at],
                genuine: log,
                kinds: Spoiled.ofBytes,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "measure", "--log", at],
                genuine: log,
                kinds: Spoiled.ofBytes,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["release", "measure", "--log", log, "--pcrs", at],
                genuine: scrap + "/pcrs",
                kinds: Spoiled.ofJSON,
                control: 0
            ),
            FileCommand(
                program: .auditor,
                arguments: ["ek", "verify", at, "--roots", fleet.line + "/ek-roots"],
                genuine: fleet.authority + "/root.pem",
                kinds: Spoiled.ofAnything
            ),
            FileCommand(
                program: .swtpm,
                arguments: ["boot", fleet.devices[1].directory, "--firmware", at],
                genuine: "swtpm/firmware/gateway-os-2.4.0.json",
                kinds: Spoiled.ofJSON.filter { $0 != .unknownKey }
            ),
        ]
    }
}
