import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMWire
import Testing

/// The program itself, as a line runs it and kills it.
@Suite struct ProgramTests {
    @Test func aBirthFromTheCommandLine() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let born = try await FactoryProcess.run(FactoryProcess.provision(line.station, device) + ["--json"])
                #expect(born.status == 0, "\(born.errors)")
                #expect(born.errors == "")
                let report = try born.json()
                #expect(report["verdict"] as? String == "born")
                let again = try await FactoryProcess.run(FactoryProcess.provision(line.station, device) + ["--json"])
                #expect(try again.json()["verdict"] as? String == "already-born")
                #expect(try again.json()["instance"] as? String == report["instance"] as? String)

                let bundle = line.directory + "/bundle.json"
                let exported = try await FactoryProcess.run(["export", line.station.directory.path, "--out", bundle])
                #expect(exported.status == 0)
                let bytes = [UInt8](try Data(contentsOf: URL(filePath: bundle)))
                #expect(try BirthBundle(parsing: bytes).births.count == 1)

                let inspected = try await FactoryProcess.run([
                    "inspect", "--profile", TestLine.profilePath("p256"), "--tcti", device.tcti, "--json",
                ])
                #expect(inspected.status == 0)
                let born2 = try #require(try inspected.json()["born"] as? [String: Any])
                #expect(born2["instance"] as? String == report["instance"] as? String)
            }
        }
    }

    /// A line killed again and again loses no birth and doubles none; one that is asked to end finishes what it has begun.
    @Test func aKilledLineGoesOn() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let list = line.directory + "/orders.csv"
                    try Data("serial,tcti\nGW-1,\(first.tcti)\nGW-2,\(second.tcti)\n".utf8).write(
                        to: URL(filePath: list)
                    )
                    let arguments =
                        ["line", line.station.directory.path, list, "--workers", "2"] + FactoryProcess.shared()
                    for delay in [15, 40, 70, 100, 140] {
                        _ = try await FactoryProcess.run(arguments, killAfter: .milliseconds(delay))
                    }
                    let page = line.directory + "/report.html"
                    let ended = try await FactoryProcess.run(arguments + ["--recheck", "--json", "--html", page])
                    #expect(ended.status == 0, "\(ended.errors)")
                    let report = try JSONDecoder().decode(LineReport.self, from: Data(ended.output.utf8))
                    #expect(report.isComplete)
                    #expect(Set(report.devices.compactMap(\.instance)).count == 2)
                    #expect(try line.births().count == 2)
                    // To programs a line of JSON for each device.
                    let lines = ended.errors.split(separator: "\n")
                    #expect(
                        lines.count == 2 && lines.allSatisfy { $0.hasPrefix("{") && $0.contains("\"event\":\"ended\"") }
                    )
                    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("GW-2"))
                    for device in [first, second] {
                        #expect(try await TPMContents.of(device).loaded.isEmpty)
                    }
                }
            }
        }
    }

    @Test func aRefusalSaysWhyAndWhatToDo() async throws {
        try await TestLine.with { line in
            try line.distrustVendor()
            try await line.withDevice { device in
                let text = try await FactoryProcess.run(FactoryProcess.provision(line.station, device))
                #expect(text.status == 1)
                #expect(text.output == "")
                #expect(
                    text.errors.hasPrefix("error: GW-0001 is not born: endorsement key: no certificate of the issuer")
                )
                #expect(text.errors.contains("\nhint: compare the vendor's CA certificates"))
                let json = try await FactoryProcess.run(FactoryProcess.provision(line.station, device) + ["--json"])
                #expect(json.status == 1)
                #expect(try json.json()["reasons"] as? [String] == ["issuer-unknown"])
            }
        }
    }

    @Test func wrongUsageAndBrokenSurroundingsHaveTheirStatus() async throws {
        try await TestLine.with { line in
            let missing = try await FactoryProcess.run(["provision", line.directory + "/nowhere"])
            #expect(missing.status == 2)
            let unknown = try await FactoryProcess.run(["make-it-so"])
            #expect(unknown.status == 2)
            let noStation = try await FactoryProcess.run(["export", line.directory + "/nowhere"])
            #expect(noStation.status == 2)
            #expect(noStation.errors.contains("birthmark-factory init"))
            let nothing = try await FactoryProcess.run(["export", line.station.directory.path])
            #expect(nothing.status == 2)
            let noProfile = try await FactoryProcess.run(["inspect", "--profile", line.directory + "/none.json"])
            #expect(noProfile.status == 2)
            let noTPM = try await FactoryProcess.run([
                "inspect", "--profile", TestLine.profilePath("p256"), "--tcti", "swtpm:path=\(line.directory)/none",
            ])
            #expect(noTPM.status == 3)
            #expect(noTPM.errors.hasPrefix("error: "))
            let unwritable = try await FactoryProcess.run(["init", "/proc/nowhere", "--name", "line-1"])
            #expect(unwritable.status == 3)
            let help = try await FactoryProcess.run(["provision", "--help"])
            #expect(help.status == 0)
            #expect(help.output.contains("Example:"))
        }
    }

    @Test(arguments: [
        "", "a\nb", "../../etc/passwd", "GW 1", "\u{202E}10-WG", "-GW", String(repeating: "x", count: 65),
    ])
    func attack50_hostileSerials(_ serial: String) async throws {
        try await TestLine.with { line in
            var arguments = [
                "provision", line.station.directory.path, "--serial=\(serial)", "--model", "gw-100",
                "--hardware-revision", "B", "--environment", "production", "--profile", TestLine.profilePath("p256"),
                "--package", "gateway-os", "--package-version", "2.4.0", "--security-version", "3",
            ]
            arguments += ["--tcti", "swtpm:path=\(line.directory)/none"]
            let ended = try await FactoryProcess.run(arguments)
            #expect(ended.status == 2)
            #expect(try line.births() == [:])
            #expect(try FileManager.default.contentsOfDirectory(atPath: line.station.directory.path + "/journal") == [])
        }
    }

    /// SIGKILL at many moments, whatever they fall on: the device that comes out is the one that went in.
    @Test func attack46_killedAnywhere() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                var keys: [Handle: Name] = [:]
                var certificate: [UInt8]?
                var signed: [String: [UInt8]] = [:]
                // A little later each time, until an attempt comes to its end before it is killed.
                for attempt in 0..<1_000 where signed.isEmpty {
                    let delay = Duration.milliseconds(4 * attempt + Int.random(in: 0..<6))
                    _ = try await FactoryProcess.run(FactoryProcess.provision(line.station, device), killAfter: delay)
                    let contents = try await TPMContents.of(device, flushing: true)
                    for (handle, name) in keys { #expect(contents.persistent[handle] == name) }
                    keys = contents.persistent
                    let issued = try journalCertificate(line)
                    if let certificate { #expect(issued == certificate) }
                    certificate = issued ?? certificate
                    signed = try line.births()
                }
                let last = try await FactoryProcess.run(FactoryProcess.provision(line.station, device) + ["--json"])
                #expect(last.status == 0, "\(last.errors)")
                let births = try line.births()
                #expect(births.count == 1)
                if !signed.isEmpty { #expect(births == signed) }
                let bundle = try line.station.export([])
                let payload = try #require(bundle.births.first).payload(
                    type: BirthRecord.payloadType,
                    signedBy: line.station.listed.key
                )
                let record = try BirthRecord(parsing: payload)
                if let certificate { #expect(record.iak.certificate?.bytes == certificate) }
                let contents = try await TPMContents.of(device)
                for (handle, name) in keys { #expect(contents.persistent[handle] == name) }
                #expect(contents.loaded == [])
                let again = try await FactoryProcess.run(FactoryProcess.provision(line.station, device) + ["--json"])
                #expect(try again.json()["verdict"] as? String == "already-born")
            }
        }
    }

    /// The attestation key's certificate that the journal has, if any.
    private func journalCertificate(_ line: TestLine) throws -> [UInt8]? {
        let directory = line.station.directory.path + "/journal/"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        guard let name = names.first(where: { $0.hasPrefix("tpm-") && $0.hasSuffix(".json") }) else { return nil }
        let journal = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: directory + name)))
        let enrolled = (journal as? [String: Any])?["enrolled"] as? [String: Any]
        guard let text = (enrolled?["iak"] as? [String: Any])?["certificate"] as? String else { return nil }
        return Data(base64Encoded: text).map { [UInt8]($0) }
    }
}
