import Crypto
import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A board is swapped: an act of its own, on record, that retires the first, with real TPMs.
@Suite(.timeLimit(.minutes(20))) struct ReworkTests {
    private let serial = TestLine.label("GW-0001")
    private let bob = TestLine.label("bob")

    @discardableResult
    private func rework(
        _ line: TestLine,
        _ reason: String = "the TPM does not answer",
        serial: Label? = nil
    ) throws -> Station.ReworkOutcome {
        try line.station.rework(
            serial ?? self.serial,
            reason: try #require(Remark(reason)),
            by: bob,
            now: TestLine.now
        )
    }

    private func retired(_ outcome: Station.ReworkOutcome) -> Rework? {
        if case .reworked(let rework) = outcome { rework } else { nil }
    }

    @Test func attack45_aNewBoardUnderTheSerialNumberOfARetiredOne() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let born = try #require(try await line.provision(first).record)
                    #expect(try await line.provision(second).text == "serial-taken")
                    let rework = try #require(try retired(rework(line)))
                    #expect(rework.instance == born.instance && rework.serial == serial && rework.by == bob)
                    #expect(rework.record == ContentDigest(of: try CanonicalJSON.encode(born)))

                    let record = try #require(try await line.provision(second).record)
                    #expect(record.replaces?.instance == born.instance)
                    #expect(record.replaces?.reason.text == "the TPM does not answer" && record.replaces?.by == bob)
                    #expect(record.instance != born.instance && record.serial == born.serial)
                    #expect(try await line.provision(second).text == "already-born")
                    // Both leave the line, the first one first.
                    let bundle = try line.station.export([])
                    let instances = try bundle.births.map { envelope in
                        try BirthRecord(parsing: envelope.payload.bytes).instance
                    }
                    #expect(instances == [born.instance, record.instance])
                    #expect(try line.births().count == 2)
                }
            }
        }
    }

    /// The old TPM is never born again: as itself, under another name, when its journal is lost, when it was cleared.
    @Test func attack52_theRetiredTPMIsNeverBornAgain() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                #expect(try await line.provision(first).text == "born")
                try rework(line)
                let other = try line.otherStation()
                // Before and after another has its place.
                for name in ["b", nil] {
                    #expect(try await line.provision(first).text == "retired")
                    #expect(try await line.provision(first, TestLine.order("GW-0002")).text == "born-as-another")
                    #expect(try await line.provision(first, at: other).text == "born-elsewhere")
                    guard let name else { continue }
                    let next = try await line.withDevice(name) { try await line.provision($0).text }
                    #expect(next == "born")
                }
                try await first.onTPM { tpm throws(TPMError) in try tpm.clear() }
                #expect(try await line.provision(first).text == "retired")
                #expect(try await line.provision(first, TestLine.order("GW-0002")).text == "born-as-another")
                #expect(try line.births().count == 2)
                let journal = line.station.directory.path + "/journal"
                try FileManager.default.removeItem(atPath: journal)
                _ = try Station(opening: line.station.directory)
                #expect(try await line.provision(first).text == "retired")
            }
        }
    }

    /// Repeated, it finishes and changes nothing; it never retires the board that it made room for.
    @Test func theSameWordsAreTheSameRework() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    try await line.withDevice("c") { third in
                        let born = try #require(try await line.provision(first).record)
                        try rework(line)
                        // Whoever says it, however: the board is out, and nothing is there to retire.
                        for words in ["the TPM does not answer", "other words"] {
                            guard case .known(let rework, replacedBy: nil) = try rework(line, words) else {
                                Issue.record("\(words): something was retired")
                                return
                            }
                            #expect(rework.instance == born.instance)
                        }
                        let next = try #require(try await line.provision(second).record)
                        guard case .known(_, replacedBy: next.instance) = try rework(line) else {
                            Issue.record("the new board was retired")
                            return
                        }
                        // Another reason is another swap.
                        let again = try #require(try retired(rework(line, "fell off the bench")))
                        #expect(again.instance == next.instance)
                        let last = try #require(try await line.provision(third).record)
                        #expect(last.replaces?.instance == next.instance)
                        #expect(try await line.provision(first).text == "retired")
                        #expect(try await line.provision(second).text == "retired")
                        #expect(try line.births().count == 3)
                    }
                }
            }
        }
    }

    /// A board that fails between its certificates and its birth has the serial number, too; no verifier ever hears of it.
    @Test func aBoardThatWasNeverQuiteBorn() async throws {
        struct Cut: Error {}
        try await TestLine.with { line in
            guard case .unknown = try rework(line) else {
                Issue.record("nobody was retired")
                return
            }
            try await line.withDevice("a") { first in
                await #expect(throws: Cut.self) {
                    _ = try await line.provision(first) { if $0 == .storeCertificates { throw Cut() } }
                }
                try await line.withDevice("b") { second in
                    #expect(try await line.provision(second).text == "serial-taken")
                    #expect(try #require(try retired(rework(line))).record == nil)
                    #expect(try await line.provision(first).text == "retired")
                    let record = try #require(try await line.provision(second).record)
                    #expect(record.replaces == nil)
                    #expect(try line.births().count == 1)
                    #expect(try line.station.export([]).births.count == 1)
                }
            }
        }
    }

    private func enrol(_ line: TestLine, _ key: P256.Signing.PrivateKey) throws -> CompensatedOutcome {
        let claims = try #require(HardwareClaims([TestLine.label("mmc-cid"): TestLine.label("1501")]))
        let request = try KeyRequest(by: key, claims: claims)
        return try line.station.enrol(
            TestLine.compensatedOrder(serial.text),
            request,
            origin: .device,
            now: TestLine.now
        )
    }

    /// A device without a TPM that is dead, or has lost its identity: the next birth names the life before, whatever its tier.
    @Test func aDeviceWithoutATPMIsReplacedLikeAny() async throws {
        try await TestLine.with { line in
            let (first, second) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
            guard case .born(let born) = try enrol(line, first) else {
                Issue.record("it is not born")
                return
            }
            #expect(try enrol(line, second) == .serialTaken)
            let rework = try #require(try retired(rework(line, "lost its disk")))
            #expect(rework.instance == born.instance && rework.endorsementKey == born.key.thumbprint)
            #expect(rework.record == ContentDigest(of: try CanonicalJSON.encode(born)))
            guard case .known(_, replacedBy: nil) = try self.rework(line, "other words") else {
                Issue.record("it was retired twice")
                return
            }
            #expect(try enrol(line, first) == .retired)
            guard case .born(let again) = try enrol(line, second) else {
                Issue.record("it is not born again")
                return
            }
            #expect(again.replaces?.instance == born.instance && again.replaces?.by == bob)
            #expect(again.replaces?.reason.text == "lost its disk" && again.instance != born.instance)
            #expect(try enrol(line, second) == .alreadyBorn(again))
            #expect(try enrol(line, first) == .retired)
            guard case .known(_, replacedBy: again.instance) = try self.rework(line, "lost its disk") else {
                Issue.record("the new device was retired")
                return
            }
            #expect(try line.station.export([]).births.count == 2)

            // Its successor has a TPM, and the one after that has none.
            try await line.withDevice { device in
                #expect(try await line.provision(device).text == "serial-taken")
                _ = try #require(try retired(self.rework(line, "a better board")))
                let measured = try #require(try await line.provision(device).record)
                #expect(measured.replaces?.instance == again.instance)
                #expect(try enrol(line, second) == .retired)
                let third = P256.Signing.PrivateKey()
                #expect(try enrol(line, third) == .serialTaken)
                _ = try #require(try retired(self.rework(line, "back to the old board")))
                guard case .born(let last) = try enrol(line, third) else {
                    Issue.record("it is not born after one with a TPM")
                    return
                }
                #expect(last.replaces?.instance == measured.instance)
                #expect(try await line.provision(device).text == "retired")
            }
            #expect(try line.births().count == 4)
        }
    }

    @Test func aBirthUnderWayIsNotSwapped() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let outcome = try await line.provision(device) { step in
                    guard step == .sign else { return }
                    #expect(throws: BirthInterruption.self) { try rework(line) }
                }
                #expect(outcome.text == "born")
                #expect(outcome.record?.replaces == nil)
            }
        }
    }

    /// The line takes the reworked serial number as an order like any other.
    @Test func theLineMakesTheNewBoard() async throws {
        try await TestLine.with { line in
            func run(_ device: SoftwareDevice) async throws -> [String] {
                let list = line.directory + "/orders.csv"
                try Data("serial,tcti\nGW-0001,\(device.tcti)\n".utf8).write(to: URL(filePath: list))
                let arguments = ["line", line.station.directory.path, list, "--json"] + FactoryProcess.shared()
                let ended = try await FactoryProcess.run(arguments)
                let report = try JSONDecoder().decode(LineReport.self, from: Data(ended.output.utf8))
                return report.devices.map { $0.reasons.isEmpty ? $0.outcome.rawValue : $0.reasons.joined() }
            }
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let born = try await run(first)
                    let again = try await run(first)
                    #expect(born != again)
                    let command = [
                        "rework", line.station.directory.path, "--serial", "GW-0001", "--reason", "dead", "--by", "bob",
                        "--json",
                    ]
                    let reworked = try await FactoryProcess.run(command)
                    #expect(reworked.status == 0, "\(reworked.errors)")
                    #expect(try reworked.json()["verdict"] as? String == "reworked")
                    #expect(try await run(first) == ["retired"])
                    #expect(try await run(second) == born)
                    #expect(try await run(second) == again)
                    let known = try await FactoryProcess.run(command)
                    #expect(known.status == 0)
                    #expect(try known.json()["replacedBy"] is String)
                    let unknown = try await FactoryProcess.run(command.map { $0 == "GW-0001" ? "GW-0002" : $0 })
                    #expect(unknown.status == 1)
                    #expect(try unknown.json()["reasons"] as? [String] == ["serial-unknown"])
                }
            }
        }
    }

    /// A rework that somebody wrote without the station's key is not believed.
    @Test func aForgedReworkIsNoticed() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                #expect(try await line.provision(device).text == "born")
                try rework(line)
                let path = line.station.directory.path + "/reworks/GW-0001~1.json"
                let genuine = try SignedEnvelope(parsing: [UInt8](try Data(contentsOf: URL(filePath: path))))
                var forged = genuine
                forged.payload.bytes[20] ^= 1
                try Data(try CanonicalJSON.encode(forged)).write(to: URL(filePath: path))
                await #expect(throws: (any Error).self) { _ = try await line.provision(device) }
                let other = line.station.directory.path + "/reworks/GW-0002~1.json"
                try Data(try CanonicalJSON.encode(genuine)).write(to: URL(filePath: other))
                await #expect(throws: (any Error).self) {
                    _ = try await line.provision(device, TestLine.order("GW-0002"))
                }
            }
        }
    }
}
