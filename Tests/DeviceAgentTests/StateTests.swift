import DeviceAgent
import DurableFiles
import FoundationEssentials
import Glibc
import Messages
import SoftwareDevice
import Subprocess
import TPMCrypto
import TPMDevice
import TPMWire
import Testing
import UpdateTrust

@Suite struct StateTests {
    @Test func theDirectoryIsMadePrivate() async throws {
        try await withDirectory { directory in
            _ = try StateDirectory(directory + "/agent")
            for part in ["", "/spool", "/grants"] { #expect(try mode(of: directory + "/agent" + part) == 0o700) }
        }
    }

    @Test(arguments: [0o755, 0o770, 0o701] as [UInt32])
    func aDirectoryThatOthersCanEnterIsNotUsed(_ mode: UInt32) async throws {
        try await withDirectory { directory in
            let path = directory + "/agent"
            #expect(unsafe mkdir(path, 0o700) == 0)
            #expect(unsafe chmod(path, mode) == 0)
            #expect(throws: AgentError.self) { try StateDirectory(path) }
        }
    }

    @Test func aSymbolicLinkIsNotFollowed() async throws {
        try await withDirectory { directory in
            #expect(unsafe mkdir(directory + "/real", 0o700) == 0)
            #expect(unsafe symlink(directory + "/real", directory + "/agent") == 0)
            #expect(throws: AgentError.self) { try StateDirectory(directory + "/agent") }
        }
    }

    @Test func whereNoDirectoryCanBeMadeTheHintSaysWhatToDo() async throws {
        try await withDirectory { directory in
            let error = try await refusal { _ = try StateDirectory(directory + "/no/agent") }
            #expect(error.kind == .environment)
            #expect(error.hint?.contains("--state") == true)
        }
    }

    @Test func oneAgentAtATime() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            do {
                let first = try state.lock()
                let error = try await refusal { _ = try state.lock() }
                #expect(error.kind == .environment)
                #expect(error.message.contains("another birthmark-device"))
                _ = consume first
            }
            _ = try state.lock()
        }
    }

    @Test(arguments: ["", "{}", "not json", #"{"formatVersion":2,"instance":"00112233445566778899aabbccddeeff"}"#])
    func aDamagedJournalIsSaidNotOverwritten(_ text: String) async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            try write(Array(text.utf8), to: state.path + "/journal.json")
            let error = try await refusal { _ = try state.journal() }
            #expect(error.kind == .environment)
            #expect(error.message.contains("journal.json"))
            #expect(try contents(of: state.path + "/journal.json") == Array(text.utf8))
        }
    }

    @Test func aTrustBundleThatIsDamagedIsNotSaidToBeMissing() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            let arguments = ["status", "--state", state.path, "--tcti", "device:/nowhere"]
            let missing = try await Program.device.run(arguments)
            #expect(missing.status == .exited(0) && missing.output.contains("none: give"), "\(missing)")
            try write(Array("{".utf8), to: state.path + "/trust.json")
            let damaged = try await Program.device.run(arguments)
            #expect(damaged.status == .exited(0) && damaged.output.contains("trust.json: "), "\(damaged)")
        }
    }

    @Test func aMisspeltConfigurationIsSaid() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            try write(Array(#"{"tpm": "device:/dev/tpm0"}"#.utf8), to: state.path + "/agent.json")
            let error = try await refusal { _ = try state.configuration() }
            #expect(error.message.contains("tpm"))
        }
    }

    private func bundle(_ name: String) throws -> [UInt8] {
        try EditedJSON.encode(
            TrustBundle(
                verifier: name,
                url: "https://localhost:1",
                tlsRoots: "",
                grantKeys: [],
                ledgerKey: "",
                releaseKeys: nil
            )
        )
    }

    @Test func aBundleWithoutGrantKeysIsNone() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            try write(bundle("v"), to: directory + "/trust.json")
            let error = try await refusal { _ = try state.trust(offered: directory + "/trust.json") }
            #expect(error.kind == .malformed)
            #expect(!exists(state.path + "/trust.json"))
        }
    }

    @Test func theTrustBundleOfTheFirstUseStays() async throws {
        try await Bench.with { bench in
            let state = try StateDirectory(bench.state)
            let offered = bench.device.directory + "/trust.json"
            #expect(try state.trust(offered: offered).url == bench.trust.url)
            #expect(try mode(of: bench.state + "/trust.json") == 0o600)
            var other = bench.trust
            other.url = "https://elsewhere.test"
            let replacement = bench.device.directory + "/other.json"
            try write(EditedJSON.encode(other), to: replacement)
            let error = try await refusal { _ = try state.trust(offered: replacement) }
            #expect(error.kind == .refused)
            #expect(try state.trust(offered: nil).url == bench.trust.url)
            #expect(try state.trust(offered: offered).url == bench.trust.url)
        }
    }

    @Test func aDiskFromAnotherDeviceIsNoticed() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            try await TestDevice.with { sister in
                let agent = Agent(
                    state: try StateDirectory(bench.state),
                    trust: bench.trust,
                    tcti: sister.tcti,
                    eventLog: EventLogFile(path: sister.log, isNamed: true),
                    wallClock: { now }
                )
                let error = try await refusal { _ = try await agent.attest(bench.lock()) }
                #expect(error.reasons == ["other-instance"])
                let status = try await AgentStatus.of(
                    try StateDirectory(bench.state),
                    trust: nil,
                    tcti: sister.tcti,
                    wallClock: now
                )
                #expect(status.tpmTrouble?.contains(sister.record.instance.text) == true)
            }
        }
    }

    /// The identity is in the TPM; what is lost with the disk is the trust in what was on it.
    @Test func anEmptyDiskIsTheSameDeviceReimaged() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            try FileManager.default.removeItem(atPath: bench.state)
            #expect(try await refusal { _ = try await bench.attest() }.reasons == ["reimaged"])
            try await bench.verifier.act(.reinstate)
            try await bench.attest()
            #expect(try bench.journal.instance == bench.device.record.instance)
        }
    }

    @Test(arguments: [0x01D1_0240, 0x01D1_0241] as [UInt32])
    func aCounterThatIsGoneIsItsOwnErrorAndNeverAWayOut(_ number: UInt32) async throws {
        try await Bench.with { bench in
            try await bench.device.software.onTPM { tpm throws(TPMError) in
                guard let index = try tpm.nvIndex(at: Handle(rawValue: number)) else {
                    Issue.record("there was no counter to take away")
                    return
                }
                try tpm.nvUndefineSpace(index)
            }
            for work in [{ _ = try await bench.attest() }, { _ = try await bench.update() }]
                as [() async throws -> Void]
            {
                let error = try await refusal(work)
                #expect(error.kind == .environment)
                #expect(error.message.contains("counter"))
                #expect(error.hint?.contains("factory line") == true)
            }
            #expect(await bench.verifier.asked == 0)
            #expect(bench.installs == 0)
        }
    }

    @Test func aTagThatAnotherKeyStandsBesideNamesNobody() async throws {
        try await Bench.with { bench in
            let handle = Handle(rawValue: bench.device.record.iak.handle)
            try await bench.device.software.onTPM { tpm throws(TPMError) in
                guard let genuine = try tpm.persistentObject(at: handle) else {
                    Issue.record("there was no key to take away")
                    return
                }
                try tpm.evict(genuine)
                let other = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.idevid(), in: .endorsement)
                _ = try tpm.persist(other.object, at: handle)
            }
            let error = try await refusal { _ = try await bench.attest() }
            #expect(error.message.contains("another instance's"))
        }
    }
}
