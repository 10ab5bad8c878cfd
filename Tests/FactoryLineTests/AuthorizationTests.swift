import Crypto
import DurableFiles
import FactoryLine
import Foundation
import MachineFaults
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// Authorization values, their escrow, and the parameters against guessing.
@Suite struct AuthorizationTests {
    private struct Cut: Error {}

    private static let parameters = DictionaryAttackParameters(
        maximumTries: 32,
        recoveryTime: 600,
        lockoutRecovery: 86_400
    )

    /// The shipped profile with owned hierarchies.
    private static func profile() throws -> ProvisioningProfile { try TestLine.profile("p256-owned") }

    /// A line whose operator has an escrow key.
    private func withLine(_ body: (TestLine, P256.KeyAgreement.PrivateKey) async throws -> Void) async throws {
        try await TestLine.with { line in
            let key = P256.KeyAgreement.PrivateKey()
            try line.station.keep(escrowKey: key.publicKey)
            try await body(line, key)
        }
    }

    private func escrow(_ line: TestLine, _ serial: String = "GW-0001") throws -> Escrow {
        let path = line.station.directory.path + "/escrows/\(serial).json"
        return try Escrow(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
    }

    private func journal(_ line: TestLine) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: line.station.directory.path + "/journal")
    }

    /// Whether a hierarchy takes a value, asked over a session as the station asks.
    private func takes(_ value: [UInt8], _ hierarchy: Hierarchy, _ device: SoftwareDevice) async throws -> Bool {
        do {
            return try await device.onTPM { connection throws(TPMError) in
                guard let key = try connection.persistentObject(at: Handle(rawValue: 0x8101_000A)) else { return false }
                let session = try connection.startSession(saltedTo: key)
                try connection.setAuthorizationValue(value, of: hierarchy)
                let trial = try connection.startSession(.trial)
                try connection.policySecret(trial, of: hierarchy, authorization: .session(session))
                return true
            }
        } catch let error as TPMError {
            guard error.code == .badAuth || error.code == .authFail else { throw error }
            return false
        }
    }

    /// Everything that a birth by the profile leaves: the TPM owned, the values in escrow and nowhere else.
    private func judge(_ line: TestLine, _ key: P256.KeyAgreement.PrivateKey, _ device: SoftwareDevice) async throws {
        let (attributes, parameters) = try await device.onTPM { tpm throws(TPMError) in
            (try tpm.permanentAttributes(), try tpm.dictionaryAttackParameters())
        }
        #expect(attributes.isSuperset(of: [.ownerAuthSet, .endorsementAuthSet, .lockoutAuthSet]))
        #expect(parameters == Self.parameters)
        let values = try escrow(line).open(with: key)
        let owner = try #require(values.owner?.bytes)
        #expect(owner.count == 32 && Set([values.owner, values.endorsement, values.lockout]).count == 3)
        #expect(try await takes(owner, .owner, device))
        #expect(try await !takes([], .owner, device))
        #expect(try await takes(#require(values.endorsement?.bytes), .endorsement, device))
        #expect(try await takes(#require(values.lockout?.bytes), .lockout, device))
        #expect(try journal(line).allSatisfy { !$0.hasSuffix(".auth") })
    }

    @Test func theValuesAreInTheTPMAndInEscrowAndNowhereElse() async throws {
        try await withLine { line, key in
            try await line.withDevice { device in
                let outcome = try await line.provision(device, profile: Self.profile())
                #expect(outcome.text == "born")
                try await judge(line, key, device)
                let before = try escrow(line)
                #expect(try await line.provision(device, profile: Self.profile()).text == "already-born")
                #expect(try escrow(line) == before)
                // An agent has no authorization: it counts and quotes all the same.
                let record = try #require(outcome.record)
                let nv = try Self.profile().nv
                let selection = try #require(TPMSPCRSelection(bank: .sha256, pcrs: [0]))
                let grew = try await device.onTPM { tpm throws(TPMError) -> Bool in
                    guard let index = try tpm.nvIndex(at: nv.grants.handle),
                        let iak = try tpm.persistentObject(at: Handle(rawValue: record.iak.handle))
                    else { return false }
                    let value = try tpm.nvReadCounter(index)
                    try tpm.nvIncrement(index)
                    _ = try tpm.quote(TPMLPCRSelection(selection), with: iak, qualifyingData: [1])
                    return try tpm.nvReadCounter(index) == value + 1
                }
                #expect(grew)
            }
        }
    }

    @Test(arguments: BirthStep.allCases) func attack46_abortedWhileHierarchiesAreOwned(_ step: BirthStep) async throws {
        try await withLine { line, key in
            try await line.withDevice { device in
                await #expect(throws: Cut.self) {
                    _ = try await line.provision(device, profile: Self.profile()) { if $0 == step { throw Cut() } }
                }
                try await device.powerCycle(orderly: step != .sign)
                #expect(try await line.provision(device, profile: Self.profile()).text == "born")
                try await judge(line, key, device)
                #expect(try line.births().count == 1)
            }
        }
    }

    /// SIGKILL at every moment from the first write of a value to the end, each on a fresh device.
    @Test func attack46_killedWhileHierarchiesAreOwned() async throws {
        try await withLine { line, key in
            let points = try await MachineFaults(in: line.directory)
            let file = line.directory + "/moments"
            try await line.withDevice("whole") { device in
                let ended = try await FactoryProcess.run(
                    FactoryProcess.provision(line.station, device, serial: "GW-0000", profile: "p256-owned"),
                    environment: points.noting(in: file)
                )
                #expect(ended.status == 0, "\(ended.errors)")
            }
            let moments = try NotedMoments(readingFrom: file).moments
            // The last file before the birth is the values' and the escrow's: what comes before is the kill matrix's.
            let files = moments.indices.filter { moments[$0].hasPrefix("before fsync") }
            let first = try #require(files.dropLast(6).last)
            #expect(moments.count - first > 60)
            for number in stride(from: first + 1, through: moments.count, by: 5) {
                try await line.withDevice("killed-\(number)") { device in
                    let arguments = FactoryProcess.provision(
                        line.station,
                        device,
                        serial: "GW-\(number)",
                        profile: "p256-owned"
                    )
                    let cut = try await FactoryProcess.run(arguments, environment: points.killing(at: number))
                    #expect(cut.killed)
                    let resumed = try await FactoryProcess.run(arguments + ["--json"])
                    #expect(resumed.status == 0, "moment \(number), \(moments[number - 1]): \(resumed.errors)")
                    let values = try escrow(line, "GW-\(number)").open(with: key)
                    #expect(try await takes(#require(values.owner?.bytes), .owner, device))
                    #expect(try await takes(#require(values.lockout?.bytes), .lockout, device))
                    #expect(try journal(line).allSatisfy { !$0.hasSuffix(".auth") })
                }
            }
        }
    }

    /// Killed between the signature and the erasing: the line that goes on finds the birth signed.
    @Test func valuesThatAKilledLineHasLeftAreErasedByTheNext() async throws {
        try await withLine { line, key in
            try await line.withDevice { device in
                let record = try #require(try await line.provision(device, profile: Self.profile()).record)
                let tpm = ContentDigest(of: record.ek.publicArea.bytes)
                let file = line.station.directory.path + "/journal/tpm-\(tpm).auth"
                try AtomicFile.write(try CanonicalJSON.encode(try escrow(line).open(with: key)), to: file)
                let table = """
                    serial,tcti,model,hardwareRevision,environment,tier,package,packageVersion,securityVersion,profile
                    GW-0001,"\(device.tcti)",gw-100,B,production,vtpm,gateway-os,2.4.0,3,p256-owned
                    """
                let report = await Line(line.station, workers: 1).run(
                    try OrderList(parsing: Array(table.utf8), defaults: LineEntry()),
                    profiles: ["p256-owned": try Self.profile()],
                    logs: { _ in [] },
                    now: { TestLine.now },
                    tell: { _ in }
                )
                #expect(report.devices.map(\.outcome) == [.bornBefore])
                try await judge(line, key, device)
            }
        }
    }

    @Test func noValueCrossesTheBusInClear() async throws {
        try await withLine { line, key in
            try await line.withDevice { device in
                let capture = line.directory + "/bus.pcap"
                var arguments = FactoryProcess.provision(line.station, device, profile: "p256-owned")
                let position = try #require(arguments.firstIndex(of: device.tcti))
                arguments[position] = "pcap:" + device.tcti
                let ended = try await FactoryProcess.run(arguments, environment: ["TCTI_PCAP_FILE": capture])
                #expect(ended.status == 0, "\(ended.errors)")
                let bus = try Data(contentsOf: URL(filePath: capture))
                let record = try #require(try await line.provision(device, profile: Self.profile()).record)
                // The capture is of this birth: the attestation key's certificate crossed the bus.
                #expect(bus.range(of: Data(try #require(record.iak.certificate).bytes.prefix(200))) != nil)
                let values = try escrow(line).open(with: key)
                for value in [values.owner, values.endorsement, values.lockout] {
                    #expect(bus.range(of: Data(try #require(value).bytes)) == nil)
                }
            }
        }
    }

    @Test func anEscrowOpensForItsKeyAndItsDeviceOnly() async throws {
        try await withLine { line, key in
            try await line.withDevice { device in
                #expect(try await line.provision(device, profile: Self.profile()).text == "born")
                let escrow = try escrow(line)
                #expect(throws: Escrow.Failure.self) { try escrow.open(with: P256.KeyAgreement.PrivateKey()) }
                var other = escrow
                other.serial = TestLine.label("GW-0002")
                #expect(throws: Escrow.Failure.self) { try other.open(with: key) }
                other = escrow
                other.instance = InstanceID(iakName: [1])
                #expect(throws: Escrow.Failure.self) { try other.open(with: key) }
                for place in [0, escrow.values.bytes.count - 1] {
                    other = escrow
                    other.values.bytes[place] ^= 1
                    #expect(throws: Escrow.Failure.self) { try other.open(with: key) }
                }
                other = escrow
                other.encapsulated.bytes[1] ^= 1
                #expect(throws: Escrow.Failure.self) { try other.open(with: key) }
                // Nothing prints a value.
                let values = try escrow.open(with: key)
                let hex = try #require(values.owner).description
                #expect(!"\(values)".contains(hex) && !String(reflecting: values).contains(hex))
            }
        }
    }

    @Test func withoutAnOperatorsKeyNothingBegins() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let before = try await TPMContents.of(device)
                await #expect(throws: BirthInterruption.self) {
                    try await line.provision(device, profile: Self.profile())
                }
                #expect(try await TPMContents.of(device) == before)
                var profile = try Self.profile()
                profile.authorizations?.escrow = false
                #expect(try await line.provision(device, profile: profile).text == "born")
                #expect(try await !takes([], .owner, device))
                #expect(try journal(line).allSatisfy { !$0.hasSuffix(".auth") })
            }
        }
    }

    @Test(arguments: [Hierarchy.owner, .endorsement, .lockout])
    func whatSomebodyElseOwnsIsNotTaken(_ hierarchy: Hierarchy) async throws {
        try await withLine { line, _ in
            try await line.withDevice { device in
                try await device.onTPM { tpm throws(TPMError) in
                    try tpm.hierarchyChangeAuth(of: hierarchy, to: [1, 2, 3])
                }
                let before = try await TPMContents.of(device)
                #expect(try await line.provision(device, profile: Self.profile()).text == "hierarchy-owned")
                #expect(try await TPMContents.of(device) == before)
                let state = try await device.onTPM { tpm throws(TPMError) in try tpm.dictionaryAttackState() }
                #expect(!state.isLockedOut && state.failures == 0)
                // A profile that sets none meets the owner's value where it needs it.
                let plain = try await line.provision(device).text
                #expect(plain == (hierarchy == .lockout ? "born" : "hierarchy-owned"))
            }
        }
    }

    @Test func theOperatorsProgram() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let (key, open) = (line.directory + "/escrow.key", line.directory + "/escrow-key.pem")
                let made = try await FactoryProcess.run(["escrow", "keygen", key, "--public", open])
                #expect(made.status == 0, "\(made.errors)")
                let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let again = try await FactoryProcess.run(["escrow", "keygen", key, "--public", open])
                #expect(again.status != 0)
                let directory = line.station.directory.path
                let wrong = try await FactoryProcess.run(["init", directory, "--name", "line-1", "--escrow-key", key])
                #expect(wrong.status == 2)
                let given = try await FactoryProcess.run(["init", directory, "--name", "line-1", "--escrow-key", open])
                #expect(given.status == 0, "\(given.errors)")
                let arguments = FactoryProcess.provision(line.station, device, profile: "p256-owned")
                #expect(try await FactoryProcess.run(arguments).status == 0)
                let out = line.directory + "/values.json"
                let escrow = directory + "/escrows/GW-0001.json"
                let opened = try await FactoryProcess.run(["escrow", "open", escrow, "--key", key, "--out", out])
                #expect(opened.status == 0, "\(opened.errors)")
                let values = try JSONDecoder().decode(
                    AuthorizationValues.self,
                    from: Data(contentsOf: URL(filePath: out))
                )
                let owner = try #require(values.owner)
                #expect(!opened.output.contains(owner.description))
                #expect(try await takes(owner.bytes, .owner, device))
                let other = line.directory + "/other.key"
                _ = try await FactoryProcess.run(["escrow", "keygen", other, "--public", other + ".pem"])
                let refused = try await FactoryProcess.run([
                    "escrow", "open", escrow, "--key", other, "--out", out + "2",
                ])
                #expect(refused.status == 1)
            }
        }
    }
}
