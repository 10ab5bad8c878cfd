import Crypto
import FactoryLine
import Foundation
import MachineFaults
import Messages
import Testing

/// A station that makes the first key of a device which has no TPM and cannot make one.
@Suite(.timeLimit(.minutes(20))) struct InjectionTests {
    private static let claims = HardwareClaims([TestLine.label("mmc-cid"): TestLine.label("1501")])

    private func inject(
        _ line: TestLine,
        _ order: CompensatedOrder? = nil,
        _ claims: HardwareClaims? = Self.claims,
        into name: String = "S-1.identity.json"
    ) throws -> InjectionOutcome {
        try line.station.inject(
            order ?? TestLine.compensatedOrder(),
            try #require(claims),
            into: line.directory + "/" + name,
            now: TestLine.now
        )
    }

    private func identity(_ line: TestLine, _ name: String = "S-1.identity.json") throws -> InjectedIdentity {
        try InjectedIdentity(parsing: Data(contentsOf: URL(filePath: line.directory + "/" + name)))
    }

    @Test func theIdentityIsForTheDeviceAloneAndTheBirthSaysWhoMadeIt() async throws {
        try await TestLine.with { line in
            guard case .enrolled(.born(let record)) = try inject(line) else {
                Issue.record("it is not born")
                return
            }
            let identity = try identity(line)
            #expect(try SoftwareKey(of: identity.firstKey) == record.key)
            #expect(record.keyOrigin == .station && record.claims == Self.claims && identity.claims == Self.claims)
            #expect(identity.serial == record.serial && identity.bornWith == record.bornWith)
            let path = line.directory + "/S-1.identity.json"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            // The station keeps no copy, in no file of its own.
            let key = Blob(try identity.firstKey.rawRepresentation).base64
            let station = line.station.directory.path
            let own = try #require(FileManager.default.enumerator(atPath: station)).compactMap { $0 as? String }
            #expect(own.contains { $0.hasPrefix("births/S-1") })
            var read = 0
            for name in own {
                // Directories are in the list, too.
                guard let bytes = try? Data(contentsOf: URL(filePath: station + "/" + name)) else { continue }
                read += 1
                #expect(!String(decoding: bytes, as: UTF8.self).contains(key), "\(name)")
            }
            #expect(read > 0)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: line.directory).sorted() == [
                    "S-1.identity.json", "ca", "station",
                ]
            )
        }
    }

    @Test func doneAgainItIsTheSameBirthAlsoAfterTheDeviceHasTakenItOver() async throws {
        try await TestLine.with { line in
            guard case .enrolled(.born(let record)) = try inject(line) else {
                Issue.record("it is not born")
                return
            }
            #expect(try inject(line) == .enrolled(.alreadyBorn(record)))
            try FileManager.default.removeItem(atPath: line.directory + "/S-1.identity.json")
            #expect(try inject(line) == .delivered(record))
            #expect(try inject(line, TestLine.compensatedOrder(model: "sn-11")) == .enrolled(.orderDiffers(["model"])))
            #expect(!FileManager.default.fileExists(atPath: line.directory + "/S-1.identity.json"))
        }
    }

    @Test func aKeyIsNeverWrittenOverAndServesOneOrder() async throws {
        try await TestLine.with { line in
            _ = try inject(line)
            let before = try identity(line)
            #expect(try inject(line, TestLine.compensatedOrder("S-2")) == .otherIdentity(["serial"]))
            let others = HardwareClaims([TestLine.label("mmc-cid"): TestLine.label("1502")])
            #expect(try inject(line, nil, others) == .otherIdentity(["claims"]))
            #expect(try inject(line, TestLine.compensatedOrder(model: "sn-11")) == .enrolled(.orderDiffers(["model"])))
            try Data("{}".utf8).write(to: URL(filePath: line.directory + "/other.json"))
            #expect(throws: Station.Failure.self) {
                try inject(line, TestLine.compensatedOrder("S-2"), into: "other.json")
            }
            #expect(try identity(line) == before)
            #expect(
                try inject(line, nil, HardwareClaims([:])) == .enrolled(.claimsMissing([TestLine.label("mmc-cid")]))
            )
        }
    }

    /// On a FAT stick an empty file has the name when a run is cut off.
    @Test func anEmptyFileIsToBeRemoved() async throws {
        try await TestLine.with { line in
            let file = URL(filePath: line.directory + "/S-1.identity.json")
            try Data().write(to: file)
            let failure = #expect(throws: Station.Failure.self) { try inject(line) }
            #expect(failure?.description.contains("remove it") == true)
            try FileManager.default.removeItem(at: file)
            _ = try inject(line)
            _ = try identity(line)
        }
    }

    /// A device that made its own key has the serial number: nothing is made for another.
    @Test func aSerialNumberThatIsTakenGetsNoKey() async throws {
        try await TestLine.with { line in
            let request = try KeyRequest(by: P256.Signing.PrivateKey(), claims: try #require(Self.claims))
            let born = try line.station.enrol(TestLine.compensatedOrder(), request, origin: .device, now: TestLine.now)
            guard case .born = born else {
                Issue.record("it is not born")
                return
            }
            #expect(try inject(line) == .enrolled(.serialTaken))
            #expect(!FileManager.default.fileExists(atPath: line.directory + "/S-1.identity.json"))
        }
    }

    /// A clock that is wrong, or a station whose time is over.
    @Test func nothingIsBornWhileTheStationsWordDoesNotCount() async throws {
        try await TestLine.with { line in
            let request = try KeyRequest(by: P256.Signing.PrivateKey(), claims: try #require(Self.claims))
            func enrol(_ now: Int64) throws -> CompensatedOutcome {
                try line.station.enrol(TestLine.compensatedOrder(), request, origin: .device, now: now)
            }
            let listed = line.station.listed
            for date in [listed.from - 1, listed.until] {
                #expect(throws: BirthInterruption.self) { try enrol(date) }
            }
            #expect(try line.births() == [:])
            guard case .born(let record) = try enrol(TestLine.now) else {
                Issue.record("it is not born")
                return
            }
            // What was born is found all the same.
            #expect(try enrol(listed.until) == .alreadyBorn(record))
        }
    }

    /// Killed at every moment, and with a disk that is full at any: the same command again gives the one birth, of the one key.
    @Test func killedAnywhereTheSameCommandGivesOneBirth() async throws {
        try await TestLine.with { line in
            let faults = try await MachineFaults(in: line.directory)
            for kind in ["kill", "full"] {
                var points = 0
                for number in 1...200 {
                    let serial = "\(kind)-\(number)"
                    let file = "\(line.directory)/\(serial).json"
                    let cut = try await FactoryProcess.run(
                        arguments(line, serial, file),
                        environment: kind == "kill"
                            ? faults.killing(at: number) : faults.fullDisk(at: number, isLasting: false)
                    )
                    guard cut.killed || cut.status == 3 else {
                        #expect(cut.status == 0, "\(cut.errors)")
                        break
                    }
                    points += 1
                    let key = try? identity(line, serial + ".json").firstKey.rawRepresentation
                    let resumed = try await FactoryProcess.run(arguments(line, serial, file))
                    let again = try await FactoryProcess.run(arguments(line, serial, file))
                    #expect(resumed.status == 0 && again.status == 0, "\(kind) at \(number): \(resumed.errors)")
                    #expect(try again.json()["verdict"] as? String == "already-born")
                    #expect(try again.json()["instance"] as? String == resumed.json()["instance"] as? String)
                    let now = try identity(line, serial + ".json").firstKey
                    if let key { #expect(now.rawRepresentation == key, "\(kind) at \(number)") }
                    let instance = InstanceID(firstKey: SoftwareKey(of: now)).text
                    #expect(try again.json()["instance"] as? String == instance)
                    #expect(try line.births()["\(serial).json"] != nil)
                    // Nothing with the key in it was left under another name.
                    let left = try FileManager.default.contentsOfDirectory(atPath: line.directory)
                    #expect(left.filter { $0.hasPrefix(serial + ".") } == [serial + ".json"], "\(kind) at \(number)")
                }
                #expect(points > 5, "\(kind)")
            }
        }
    }

    private func arguments(_ line: TestLine, _ serial: String, _ file: String) -> [String] {
        [
            "enrol", line.station.directory.path, "--inject", file, "--claim", "mmc-cid=1501", "--serial", serial,
            "--model", "sn-10", "--hardware-revision", "A", "--environment", "production", "--product", "sensor",
            "--package", "sensor-os", "--package-version", "1.7.0", "--security-version", "3", "--json",
        ]
    }
}
