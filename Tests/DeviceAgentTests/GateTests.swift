import DeviceAgent
import FoundationEssentials
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing
import UpdateTrust

@Suite struct GateTests {
    @Test func itOpensForItsOwnAndSpendsNothing() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            for _ in 1...2 {
                guard case .open(let pass) = try await bench.gate(stored) else { throw Unexpected("shut") }
                #expect(pass.stage == .begin)
            }
            #expect(try await bench.grantsSpent == 0)
        }
    }

    @Test func attack67_replayOnTheSameDevice() async throws {
        try await Bench.with { bench in
            try await bench.update()
            #expect(try await bench.gate(bench.kept()).reasons == [.alreadySpent])
            // Nor does an agent that has forgotten everything install twice under one grant.
            try FileManager.default.removeItem(atPath: bench.state + "/journal.json")
            #expect(try await bench.gate(bench.kept()).reasons == [.alreadySpent])
        }
    }

    @Test func attack67_replayOnAnotherDevice() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            try await TestDevice.with { sister in
                let agent = Agent(
                    state: try StateDirectory(sister.directory + "/agent"),
                    trust: bench.trust,
                    tcti: sister.tcti,
                    eventLog: EventLogFile(path: sister.log, isNamed: true),
                    wallClock: { now }
                )
                let verdict = try await agent.gate(stored, release: bench.release, package: bench.package) { _ in }
                #expect(verdict.reasons.contains(.otherInstance))
                #expect(verdict.reasons.contains(.otherKey))
            }
            // The rightful owner can still use it.
            #expect(try await bench.gate(stored).reasons.isEmpty)
        }
    }

    @Test func attack67_otherPackage() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            let other = bench.device.directory + "/other.img"
            try write(Array("another system!".utf8), to: other)
            let verdict = try await bench.agent().gate(stored, release: bench.release, package: other) { _ in }
            #expect(verdict.reasons == [.packageContent])
        }
    }

    @Test func attack67_otherVersion() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            var payload = bench.payload
            payload.version = label("2.5.0")
            let other = try await bench.verifier.release(payload)
            let verdict = try await bench.agent().gate(stored, release: other, package: bench.package) { _ in }
            #expect(verdict.reasons == [.otherRelease, .otherPackage])
        }
    }

    @Test func attack67_afterReimage() async throws {
        try await Bench.with { bench in
            try await bench.update()
            let stored = try bench.kept()
            // The disk is written anew and holds the old grant; the TPM remembers.
            try FileManager.default.removeItem(atPath: bench.state)
            #expect(try await bench.gate(stored).reasons == [.alreadySpent])
        }
    }

    @Test func attack67_afterClear() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            try await bench.device.software.onTPM { tpm throws(TPMError) in try tpm.clear() }
            // Without its birth tag and counters the device is nobody.
            let error = try await refusal { _ = try await bench.gate(stored) }
            #expect(error.kind == .environment)
            #expect(error.message.contains("not born"))
            #expect(error.hint?.contains("birthmark-factory provision") == true)
        }
    }

    @Test func attack43_rebootBetweenQuoteAndRedemption() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            try await bench.boot(TestDevice.bornRunning)
            #expect(try await bench.gate(stored).reasons.contains(.rebooted))
        }
    }

    @Test func attack44_reflashedBetweenQuoteAndRedemption() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            try await bench.boot("sensor-os-1.7.0")
            #expect(try await bench.gate(stored).reasons.contains(.rebooted))
        }
    }

    @Test func attack69_grantKeyRotatedUnderAnOutstandingGrant() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            let successor = try TestVerifier(of: bench.device.record).trust(port: 1).grantKeys
            var renewed = bench.trust
            renewed.grantKeys = successor + bench.trust.grantKeys
            #expect(try await bench.gate(stored, trust: renewed).reasons.isEmpty)
            renewed.grantKeys = successor
            #expect(try await bench.gate(stored, trust: renewed).reasons == [.grantKeyUnknown])
        }
    }

    @Test func theWallClockCanOnlyShut() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            #expect(try await bench.gate(stored, clock: { now + 86_400 }).reasons == [.expired])
            // A machine without a battery begins in 1970; the TPM's clock decides then.
            #expect(try await bench.gate(stored, clock: { 0 }).reasons.isEmpty)
        }
    }

    @Test func aFloorRaisedSinceTheGrantShuts() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            let floor = Handle(rawValue: bench.device.record.counters.securityFloor.index)
            try await bench.device.software.onTPM { tpm throws(TPMError) in
                guard let index = try tpm.nvIndex(at: floor) else {
                    Issue.record("there is no counter to raise")
                    return
                }
                for _ in 0..<5 { try tpm.nvIncrement(index) }
            }
            #expect(try await bench.gate(stored).reasons == [.belowSecurityFloor])
        }
    }

    @Test(arguments: [0, 1, 2])
    func aGrantChangedInOneCharacterShuts(_ part: Int) async throws {
        try await Bench.with { bench in
            var stored = try await bench.granted()
            var parts = stored.delivery.grant.split(separator: ".").map { Array($0.utf8) }
            let place = parts[part].count / 2
            parts[part][place] = parts[part][place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            stored.delivery.grant = parts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".")
            #expect(try await bench.gate(stored).reasons.count == 1)
        }
    }

    @Test func anUnsignedReleaseShuts() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            var unsigned = bench.release
            unsigned.signatures = []
            let verdict = try await bench.agent().gate(stored, release: unsigned, package: bench.package) { _ in }
            #expect(verdict.reasons == [.releaseSignature])
        }
    }

    @Test func aGrantThatIsNotOnTheLedgerShuts() async throws {
        try await Bench.with { bench in
            let stored = try await bench.granted()
            var other = stored
            other.delivery.proof = stored.delivery.proof.replacing("\nindex ", with: "\nindex 9")
            #expect(try await bench.gate(other).reasons == [.notOnLedger])
            other = stored
            other.delivery.entry = Blob(Array("{}".utf8))
            #expect(try await bench.gate(other).reasons == [.entryMalformed])
            other = stored
            other.delivery.proof = ""
            #expect(try await bench.gate(other).reasons == [.proofMalformed])
        }
    }

    @Test(arguments: ["no grant", "a grant without proof", "another grant's text"])
    func whatAHostileVerifierAnswersInstallsNothing(_ answer: String) async throws {
        try await Bench.with { bench in
            await bench.verifier.meddle { [kind = answer] honest in
                var changed = honest
                switch kind {
                case "no grant": changed.grant = nil
                case "a grant without proof": changed.grant?.proof = ""
                default: changed.grant?.grant = "e30.e30.AAAA"
                }
                return changed
            }
            _ = try await refusal { _ = try await bench.update() }
            #expect(bench.installs == 0)
            #expect(try await bench.grantsSpent == 0)
            // An honest answer later is not held up by it.
            await bench.verifier.meddle(nil)
            try await bench.update()
            #expect(bench.installs == 1)
        }
    }
}

extension Bench {
    /// A grant that was given and not used: this agent's clock is a day ahead, so its gate stays shut.
    func granted() async throws -> GrantFile {
        let late = try agent(clock: { now + 86_400 })
        let error = try await refusal { _ = try await late.update(order(), lock()) { _, _ in } }
        try #require(error.reasons == ["expired"])
        return try kept()
    }

    /// The one grant in the agent's directory.
    func kept() throws -> GrantFile {
        let files = try names(in: state + "/grants")
        try #require(files.count == 1)
        #expect(try mode(of: "\(state)/grants/\(files[0])") == 0o600)
        return try GrantFile(parsing: contents(of: "\(state)/grants/\(files[0])"))
    }

    func gate(
        _ stored: GrantFile,
        trust: TrustBundle? = nil,
        clock: @escaping @Sendable () -> Int64 = { now }
    ) async throws -> GateVerdict {
        let agent = Agent(
            state: try StateDirectory(state),
            trust: trust ?? self.trust,
            tcti: device.tcti,
            eventLog: EventLogFile(path: device.log, isNamed: true),
            wallClock: clock
        )
        return try await agent.gate(stored, release: release, package: package) { _ in }
    }
}

extension GateVerdict {
    /// Why it stays shut; none when it opens.
    var reasons: [GateReason] {
        guard case .shut(let reasons) = self else { return [] }
        return reasons
    }
}
