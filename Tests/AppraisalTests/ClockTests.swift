import AttestationResults
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

@Suite struct ClockTests {
    private static let last = ClockReading(clock: 1_000_000, resetCount: 40, restartCount: 2, safe: true)

    private func movement(_ change: (inout ClockReading) -> Void) -> Result<ClockMovement, Finding> {
        var now = Self.last
        now.clock += 1
        change(&now)
        return Result { () throws(Finding) in try ClockChecks.movement(from: Self.last, to: now) }
    }

    private func code(_ change: (inout ClockReading) -> Void) -> ReasonCode? {
        if case .failure(let finding) = movement(change) { finding.reason.code } else { nil }
    }

    @Test func attack41_resetCount() throws {
        #expect(code { $0.resetCount -= 1 } == .tpmClearedOrReplaced)
        #expect(code { $0.resetCount = 0 } == .tpmClearedOrReplaced)
        #expect(
            code {
                $0.resetCount = 0; $0.clock = 100; $0.restartCount = 0
            } == .tpmClearedOrReplaced
        )
        #expect(code { $0.resetCount += 1 << 31 } == .tpmClearedOrReplaced)
        #expect(code { $0.resetCount = .max } == .tpmClearedOrReplaced)
        #expect(try movement { $0.resetCount += 1 }.get() == .rebooted(1))
        #expect(try movement { $0.resetCount += 7 }.get() == .rebooted(7))
        #expect(
            try movement {
                $0.resetCount += 1; $0.restartCount = 0
            }.get() == .rebooted(1)
        )
    }

    @Test func attack41_clockAndRestartsWithinABoot() throws {
        #expect(try movement { _ in }.get() == .sameBoot)
        #expect(try movement { $0.restartCount += 1 }.get() == .sameBoot)
        #expect(code { $0.clock = Self.last.clock } == .clockWentBack)
        #expect(code { $0.clock = Self.last.clock - 1 } == .clockWentBack)
        #expect(code { $0.clock = 0 } == .clockWentBack)
        #expect(code { $0.restartCount -= 1 } == .clockWentBack)
        #expect(
            code {
                $0.clock = Self.last.clock; $0.safe = false
            } == .clockWentBack
        )
    }

    @Test func attack41_safeFromNoToYes() throws {
        var last = Self.last
        last.safe = false
        var now = last
        now.clock += 1
        now.safe = true
        #expect(try ClockChecks.movement(from: last, to: now) == .sameBoot)
    }

    @Test func attack41_clockOverAReset() throws {
        // After a power cut the clock may repeat itself, and says so; a clock that calls itself safe may not.
        #expect(
            try movement {
                $0.resetCount += 1; $0.clock = 900_000; $0.safe = false
            }.get() == .rebooted(1)
        )
        #expect(
            code {
                $0.resetCount += 1; $0.clock = 900_000
            } == .clockWentBack
        )
    }

    @Test func attack41_inAnAppraisal() throws {
        var scene = try Scene()
        scene.lastClock = ClockReading(scene.clock)
        scene.clock.clock += 1
        #expect(try scene.verdict().state?.movement == .sameBoot)
        scene.clock.resetCount += 1
        scene.clock.restartCount = 0
        #expect(try scene.verdict().state?.movement == .rebooted(1))
        scene.clock.resetCount = 0
        let verdict = try scene.verdict()
        expectOwnKey(verdict, .tpmClearedOrReplaced)
        #expect(verdict.authentic?.clock == ClockReading(scene.clock))
        #expect(verdict.authentic?.pcrs?.values == scene.values)
    }

    /// A key outside the endorsement hierarchy quotes its counters plus a secret offset (Part 1, 36.7).
    ///
    /// Its signer's Name is another one, so its counters are never compared.
    @Test func attack42_obfuscatedCounters() throws {
        var scene = try Scene()
        scene.lastClock = ClockReading(scene.clock)
        scene.clock = TPMSClockInfo(clock: 9_000_000, resetCount: 0x8877_6655, restartCount: 0x1122_3344, safe: true)
        scene.firmwareVersion = 0x5566_7788_99AA_BBCC
        let owner = try scene.enrolled.name.qualified(under: Name(handle: .owner))
        expectStranger(try scene.verdict { $0.qualifiedSigner = owner }, .signerMismatch)
        // Said under the right Name they are judged as they stand.
        expectOwnKey(try scene.verdict(), .tpmClearedOrReplaced, .firmwareChanged)
    }

    @Test func anUnsafeClockIsToldAndNotRefused() throws {
        var scene = try Scene()
        scene.clock.safe = false
        #expect(try scene.verdict().state?.observation.clock.safe == false)
    }

    @Test func firmwareMovesOnlyWhereTheRecordSaysSo() throws {
        var scene = try Scene()
        scene.firmwareVersion += 1
        expectOwnKey(try scene.verdict(), .firmwareChanged)
        scene.firmwareVersions.append(scene.firmwareVersion)
        #expect(try scene.verdict().state != nil)
        scene.firmwareVersions = []
        expectOwnKey(try scene.verdict(), .firmwareChanged)
    }

    @Test func everythingWrongWithTheTPMIsTold() throws {
        var scene = try Scene()
        scene.lastClock = ClockReading(clock: 1, resetCount: 41, restartCount: 0, safe: true)
        scene.clock.safe = false
        scene.firmwareVersions = [1]
        scene.values[3] = Scene.value(99)
        let honest = try scene.attest
        scene.values[3] = Scene.value(98)
        let verdict = Appraiser.appraise(try scene.input(honest.bytes))
        expectOwnKey(verdict, .tpmClearedOrReplaced, .firmwareChanged, .pcrDigestMismatch)
        #expect(verdict.authentic?.pcrs == nil)
    }
}
