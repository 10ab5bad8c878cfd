import DurableFiles
import Endorsement
import FactoryLine
import Foundation
import Messages
import Programs
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// Stations without a CA key, and the host that certifies for them: two programs, and TLS between them.
@Suite(.timeLimit(.minutes(20))) struct CAHostTests {
    private func provision(_ station: String, _ device: SoftwareDevice, serial: String = "GW-0001") -> [String] {
        FactoryProcess.provision(at: station, device, serial: serial) + ["--json"]
    }

    private func record(_ station: String, _ serial: String = "GW-0001") throws -> BirthRecord {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(station)/births/\(serial).json")))
        return try BirthRecord(parsing: SignedEnvelope(parsing: bytes).payload.bytes)
    }

    @Test(arguments: ["p256", "p384", "rsa2048"]) func aBirthAcrossTheNetwork(profile: String) async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            #expect(!FileManager.default.fileExists(atPath: station + "/ca"))
            try await line.withDevice(endorsementKeys: [profile == "rsa2048" ? .rsa2048 : .p256]) { device in
                let arguments = FactoryProcess.provision(at: station, device, profile: profile) + ["--json"]
                let born = try await FactoryProcess.run(arguments)
                #expect(born.status == 0, "\(born.errors)")
                let record = try record(station)
                #expect(try await FactoryProcess.run(arguments).json()["verdict"] as? String == "already-born")

                // OpenSSL verifies both chains, and what they name.
                let (root, issuing) = (host.directory + "/root.pem", host.directory + "/ca.pem")
                for (name, key) in [("iak", record.iak), ("idevid", record.idevid)] {
                    let der = line.directory + "/\(name).der"
                    try Data(try #require(key.certificate).bytes).write(to: URL(filePath: der))
                    let verified = try OpenSSL.run(["verify", "-CAfile", root, "-untrusted", issuing, der])
                    #expect(verified.status == 0, "\(verified.text)")
                    let shown = try OpenSSL.run(["x509", "-in", der, "-noout", "-text"]).text
                    #expect(shown.contains("Not After : Dec 31 23:59:59 9999 GMT"))
                    #expect(shown.contains("2.23.133.11.1.1"))
                    #expect(shown.contains("2.23.133.11.1.3") == (name == "iak"))
                    #expect(shown.contains("serialNumber = GW-0001"))
                }
            }
        }
    }

    /// A station's certificate ends, and the station says so before: what it is given then takes the place of what it had.
    @Test func aStationTakesOverItsNextCertificate() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let warning = "warning: the certificate of the station line-7 for its CA host expires at 2"
            let station = try await host.station("line-7", in: line, days: 20)
            func contents(_ path: String) throws -> Data { try Data(contentsOf: URL(filePath: path)) }
            let before = try contents(station + "/enrolment.pem")
            try await line.withDevice("b") { device in
                let born = try await FactoryProcess.run(provision(station, device, serial: "GW-0002"))
                #expect(born.status == 0 && born.errors.hasPrefix(warning), "\(born.errors)")
            }
            let issued = host.directory + "/stations/line-7"
            try FileManager.default.moveItem(atPath: issued, toPath: issued + ".old")
            let command = ["init", station, "--name", "line-7", "--ca-host", issued]
            let idle = try await FactoryProcess.run(command)
            #expect(idle.status == 0 && idle.output.contains("found the station"), "\(idle)")

            #expect(try await host.station("line-7", in: line) == station)
            let after = try contents(station + "/enrolment.pem")
            #expect(try after != before && after == contents(issued + "/cert.pem"))
            #expect(try contents(station + "/keys/enrolment.key") == contents(issued + "/key.pem"))
            #expect(try await FactoryProcess.run(command).output.contains("found the station"))
            try await line.withDevice { device in
                let born = try await FactoryProcess.run(provision(station, device))
                #expect(born.status == 0 && born.errors.isEmpty, "\(born.errors)")
            }
        }
    }

    /// Two registers would give one serial number to two TPMs.
    @Test func oneProcessServesADirectory() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let second = try await host.run(["ca", "serve", host.directory])
            #expect(second.status == 3, "\(second.errors)")
            #expect(second.errors.contains("another birthmark-factory serves \(host.directory)"), "\(second.errors)")
            #expect(second.errors.contains("hint: stop it first"), "\(second.errors)")
            // A lock ends with its holder, however that ends.
            host.kill9()
            try await host.start()
        }
    }

    /// A host that is killed, at any moment of many births: nothing is lost, nothing certified twice.
    @Test func aKilledHostGoesOn() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            try await line.withDevice { device in
                for delay in [20, 60, 90, 120, 160] {
                    async let attempt = FactoryProcess.run(provision(station, device))
                    try await Task.sleep(for: .milliseconds(delay))
                    host.kill9()
                    let ended = try await attempt
                    #expect([0, 3].contains(ended.status), "\(ended.errors)")
                    if ended.status == 3 {
                        #expect(ended.errors.contains("the factory's CA") && !ended.errors.contains("the verifier"))
                    }
                    try await host.start()
                }
                let born = try await FactoryProcess.run(provision(station, device))
                #expect(born.status == 0, "\(born.errors)")
                let issued = try FileManager.default.contentsOfDirectory(atPath: host.directory + "/issued")
                #expect(issued.count { $0.hasSuffix(".json") } == 1)
                let record = try record(station)
                #expect(record.serial.text == "GW-0001")
            }
        }
    }

    /// A host that is started anew between its challenge and the answer has nothing to say against the board.
    @Test func aHostThatHasForgottenItsChallengeRefusesNoBoard() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let path = try await host.station("line-7", in: line)
            let station = try Station(opening: FactoryDirectory(path))
            // The host's certificate is of today.
            let now = Int64(Date().timeIntervalSince1970)
            try await line.withDevice { device in
                let (asked, asking) = AsyncStream<Void>.makeStream()
                let (anew, starting) = AsyncStream<Void>.makeStream()
                let attempt = Task {
                    defer { asking.finish() }
                    return try await line.provision(device, at: station, now: now) { step in
                        guard step == .certify else { return }
                        asking.finish()
                        for await _ in anew {}
                    }
                }
                defer { starting.finish() }
                for await _ in asked {}
                host.kill9()
                try await host.start()
                starting.finish()
                let failure = await #expect(throws: BirthInterruption.self) { try await attempt.value }
                #expect(failure?.description.contains("challenge") == true, "\(String(describing: failure))")
                #expect(try await line.provision(device, at: station, now: now).text == "born")
            }
        }
    }

    /// A station that is killed after the CA has certified, and before it knows: the same certificates come back.
    @Test func aKilledStationGetsTheSameCertificates() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            try await line.withDevice { device in
                let issued = host.directory + "/issued"
                let arguments = provision(station, device)
                func entry() throws -> String? {
                    try FileManager.default.contentsOfDirectory(atPath: issued).first { $0.hasSuffix(".json") }
                }
                // As soon as the host has written it down, which is before its answer leaves.
                _ = try await FactoryProcess.run(arguments) { id in
                    while try entry() == nil, isRunning(id) {
                        try await Task.sleep(for: .milliseconds(1))
                    }
                    kill(id, SIGKILL)
                }
                let written = issued + "/" + (try #require(try entry()))
                let before = try Data(contentsOf: URL(filePath: written))
                let born = try await FactoryProcess.run(arguments)
                #expect(born.status == 0, "\(born.errors)")
                #expect(try Data(contentsOf: URL(filePath: written)) == before)
                let text = String(decoding: before, as: UTF8.self)
                #expect(text.contains(try #require(record(station).iak.certificate).base64))
            }
        }
    }

    @Test func attack45_oneTPMAndTwoStationsOfOneHost() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let first = try await host.station("line-7", in: line)
            let second = try await host.station("line-8", in: line)
            try await line.withDevice("a") { device in
                #expect(try await FactoryProcess.run(provision(first, device)).status == 0)
                // Its tag is gone, so that only the host remembers.
                try await device.onTPM { tpm throws(TPMError) in
                    for handle in try tpm.handles(.nvIndex) where handle.rawValue & 0xFFFF_0000 == 0x01D1_0000 {
                        guard let index = try tpm.nvIndex(at: handle) else { continue }
                        try tpm.nvUndefineSpace(index)
                    }
                }
                let again = try await FactoryProcess.run(provision(second, device, serial: "GW-0002"))
                #expect(again.status == 1)
                #expect(again.output.contains("born-as-another"), "\(again.output)")
                try await line.withDevice("b") { other in
                    // And another board under the serial number that the first one has.
                    let taken = try await FactoryProcess.run(provision(second, other))
                    #expect(taken.status == 1)
                    #expect(taken.output.contains("serial-taken"), "\(taken.output)")
                }
            }
        }
    }

    @Test func aSwappedBoardLosesItsCertificates() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            let old = try await line.withDevice("a") { device in
                #expect(try await FactoryProcess.run(provision(station, device)).status == 0)
                return try record(station)
            }
            let reworked = try await FactoryProcess.run([
                "rework", station, "--serial", "GW-0001", "--reason", "burnt", "--by", "eve",
            ])
            #expect(reworked.status == 0, "\(reworked.errors)")
            try await line.withDevice("b") { device in
                let born = try await FactoryProcess.run(provision(station, device))
                #expect(born.status == 0, "\(born.errors)")
            }
            let list = host.directory + "/ca.crl"
            let lists = try TrustDirectory.readLists(list, allowing: [])
            let anchors = TrustAnchors(try TrustDirectory.readFile(host.directory + "/factory-roots.pem", allowing: []))
            let policy = FactoryPolicy(anchors: anchors, revocationLists: lists)
            let verdict = policy.judge(
                iak: (
                    try ParsedCertificate(der: try #require(old.iak.certificate).bytes),
                    try .init(parsing: old.iak.publicArea.bytes)
                ),
                idevid: (
                    try ParsedCertificate(der: try #require(old.idevid.certificate).bytes),
                    try .init(parsing: old.idevid.publicArea.bytes)
                ),
                model: old.model.text,
                serial: old.serial.text,
                at: old.bornAt
            )
            guard case .refused(let reasons) = verdict else {
                Issue.record("the swapped board is still certified")
                return
            }
            #expect(reasons.map(\.code) == ["revoked", "revoked"])
            let shown = try OpenSSL.run(["crl", "-in", list, "-noout", "-text", "-CAfile", host.directory + "/ca.pem"])
            #expect(shown.text.contains("verify OK"), "\(shown.text)")
            #expect(shown.text.contains("Superseded"))
        }
    }

    /// The clocks of station and host differ: what no verifier would take is not signed.
    @Test func aBirthThatTheHostDatesBeforeTheStationsTimeWaits() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let path = try await host.station("line-7", in: line)
            let directory = FactoryDirectory(path)
            let whole = try Data(contentsOf: URL(filePath: directory.birthKeys))
            var keys = try StationKeys(parsing: [UInt8](whole))
            keys.stations[0].from += 3600
            try Data(EditedJSON.encode(keys)).write(to: URL(filePath: directory.birthKeys))
            try await line.withDevice { device in
                let late = try Station(opening: directory)
                for _ in 0..<2 {
                    await #expect(throws: BirthInterruption.self) {
                        _ = try await line.provision(device, at: late, now: late.listed.from + 60)
                    }
                }
                #expect(try line.births(in: path) == [:])
                try whole.write(to: URL(filePath: directory.birthKeys))
                let station = try Station(opening: directory)
                #expect(try await line.provision(device, at: station, now: station.listed.from + 3660).text == "born")
            }
        }
    }

    @Test func attack82_strangersAreNotCertified() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            try await line.withDevice { device in
                // A station's certificate that another CA has made, beside the host's own address.
                let other = line.directory + "/other"
                try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
                let foreign = try await FactoryProcess.run([
                    "ca", "init", other + "/ca", "--name", "other", "--host", "127.0.0.1",
                ])
                #expect(foreign.status == 0, "\(foreign.errors)")
                _ = try await FactoryProcess.run(["ca", "station", other + "/ca", "line-7"])
                let mixed = "\(line.directory)/mixed"
                try FileManager.default.copyItem(atPath: "\(host.directory)/stations/line-7", toPath: mixed)
                for file in ["cert.pem", "key.pem"] {
                    try FileManager.default.removeItem(atPath: "\(mixed)/\(file)")
                    try FileManager.default.copyItem(
                        atPath: "\(other)/ca/stations/line-7/\(file)",
                        toPath: "\(mixed)/\(file)"
                    )
                }
                let liar = line.directory + "/liar"
                #expect(
                    try await FactoryProcess.run(["init", liar, "--name", "line-7", "--ca-host", mixed]).status == 0
                )
                let refused = try await FactoryProcess.run(provision(liar, device))
                #expect(refused.status == 3, "\(refused.output)")

                // One whose name was taken back.
                let file = host.directory + "/service.json"
                var configuration = try #require(
                    JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: file))) as? [String: Any]
                )
                configuration["revokedStations"] = ["line-7"]
                try JSONSerialization.data(withJSONObject: configuration).write(to: URL(filePath: file))
                try FileManager.default.removeItem(atPath: "\(host.directory)/stations/line-7")
                let again = try await FactoryProcess.run(["ca", "station", host.directory, "line-7"])
                #expect(again.status == 3 && again.errors.contains("revokedStations"), "\(again.errors)")
                #expect(!FileManager.default.fileExists(atPath: "\(host.directory)/stations/line-7"))
                host.kill9()
                try await host.start()
                let revoked = try await FactoryProcess.run(provision(station, device))
                #expect(revoked.status == 3, "\(revoked.output)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: host.directory + "/issued").count <= 2)
                #expect(try await TPMContents.of(device).persistent.isEmpty)
            }
        }
    }

    @Test func aHostThatIsNotThere() async throws {
        try await TestLine.with { line in
            let host = try await TestHost(in: line)
            try await host.start()
            let station = try await host.station("line-7", in: line)
            host.kill9()
            try await line.withDevice { device in
                let ended = try await FactoryProcess.run(provision(station, device))
                #expect(ended.status == 3)
                #expect(ended.errors.contains("hint: "), "\(ended.errors)")
                #expect(ended.errors.contains("ca serve"), "\(ended.errors)")
            }
        }
    }
}
