import AttestationResults
import Messages
import TPMWire
import Testing

@testable import Appraisal
@testable import SoftwareDevice

/// Logs beside a genuine quote: what they claim must have been measured.
@Suite struct LogAttackTests {
    private static let secure = Scene.facts(secureBoot: true)
    private static let commandLine = "/boot/vmlinuz-6.1.0-18-sn root=/dev/mapper/system-root ro quiet"
    private static let eventTypes: [UInt32] = [
        0, 1, 2, 3, 4, 5, 8, 0xD, 0x8000_0001, 0x8000_0003, 0x8000_0007, 0x8000_0008,
    ]

    @Test func aLogThatReplaysProvesItsFacts() throws {
        let boot = try BootLog()
        var scene = try Scene(booted: boot, facts: Scene.facts(secureBoot: true, firmware: "BM-S2 UEFI 3.1.0"))
        let state = try #require(try scene.verdict().state)
        #expect(state.log == boot.digest)
        #expect(state.facts?.secureBoot == true)
        #expect(state.facts?.firmwareVersion == "BM-S2 UEFI 3.1.0")
        // The command line is read where a boot requires it.
        #expect(state.facts?.kernelCommandLine == nil)
        let line = Self.commandLine
        scene.expectations[0].profile.facts.kernelCommandLine = line
        #expect(try scene.verdict().state?.facts?.kernelCommandLine == line)
        scene.expectations[0].profile.facts.kernelCommandLine = line + " init=/bin/sh"
        expectOwnKey(try scene.verdict(), .bootUnexpected)
    }

    @Test func aLogIsReplayedOnceAndServesLater() throws {
        let boot = try BootLog()
        var scene = try Scene(booted: boot, facts: Self.secure)
        var replayed: ReplayedLog?
        let first = Appraiser.appraise(try scene.input(), replaying: &replayed)
        let kept = try #require(replayed)
        #expect(kept.digest == boot.digest)
        scene.log = .replayed(kept)
        scene.clock.clock += 1
        var again: ReplayedLog?
        let second = Appraiser.appraise(try scene.input(), replaying: &again)
        #expect(again == nil)
        #expect(second.state?.facts == first.state?.facts)
        #expect(second.state?.log == boot.digest)
        // Another boot's quote is not explained by it.
        scene.values = try BootLog(tamper: [.kernel]).values.filter { $0.key < 10 }
        expectOwnKey(try scene.verdict(), .logReplayMismatch)
        // It serves one selection only.
        scene.selection = try #require(PCRSet(bank: .sha256, pcrs: [0, 7]))
        scene.values = boot.values.filter { [0, 7].contains($0.key) }
        guard case .undecided = try scene.verdict() else {
            Issue.record("a log replayed for other PCRs was used")
            return
        }
    }

    @Test func nothingOfALogIsLookedAtBeforeTheQuotePassed() throws {
        var scene = try Scene(booted: try BootLog())
        scene.lastClock = ClockReading(clock: .max, resetCount: 40, restartCount: 2, safe: true)
        var replayed: ReplayedLog?
        expectOwnKey(Appraiser.appraise(try scene.input(), replaying: &replayed), .clockWentBack)
        #expect(replayed == nil)
    }

    @Test func attack53_relabelledEventsForgeNoFacts() throws {
        let honest = try BootLog()
        for index in honest.records.indices {
            for type in Self.eventTypes {
                var boot = honest
                boot.relabel(boot.records[index], as: type)
                let verdict = try Scene(booted: boot, facts: Self.secure).verdict()
                guard let facts = verdict.state?.facts else {
                    #expect(verdict.authentic != nil)
                    continue
                }
                #expect(facts.secureBoot == true)
                #expect(["BM-S2 UEFI 3.1.0", nil].contains(facts.firmwareVersion))
            }
        }
    }

    @Test func attack53_weakenedBootRelabelledToLookSecure() throws {
        // Secure Boot is off; the variable that says so hides behind other types, and a forged one is appended.
        let honest = try BootLog(tamper: [.secureBootOff])
        let forged = UEFIVariable(vendor: .globalVariable, name: "SecureBoot", contents: [1])
        for type in Self.eventTypes {
            for appended in [MeasuredEvent.Kind.noAction, .variableDriverConfig, nil] {
                var events = try BootLog.events(tamper: [.secureBootOff])
                if let appended { events.insert(MeasuredEvent(7, appended, forged.data), at: 0) }
                var boot = BootLog(events)
                for record in boot.records.dropFirst(appended == nil ? 0 : 1) where boot.pcr(of: record) == 7 {
                    boot.relabel(record, as: type)
                }
                var scene = try Scene(booted: boot, facts: Self.secure)
                scene.values = honest.values.filter { $0.key < 10 }
                let verdict = try scene.verdict()
                #expect(verdict.state == nil)
                #expect(verdict.authentic != nil)
            }
        }
    }

    @Test func attack53_commandLineRelabelledOrAppended() throws {
        let required = Scene.facts(commandLine: Self.commandLine)
        #expect(try Scene(booted: BootLog(), facts: required).verdict().state != nil)
        // What ran had a shell; its log is relabelled in every way, with the right line appended as what nothing measures.
        let right = Array(("kernel_cmdline: " + Self.commandLine).utf8) + [0]
        for type in Self.eventTypes {
            for append in [false, true] {
                var events = try BootLog.events(tamper: [.cmdline])
                if append { events.append(MeasuredEvent(8, .noAction, right)) }
                var boot = BootLog(events)
                for record in boot.records.dropLast(append ? 1 : 0) where boot.pcr(of: record) == 8 {
                    boot.relabel(record, as: type)
                }
                let verdict = try Scene(booted: boot, facts: required).verdict()
                #expect(verdict.state == nil && verdict.authentic != nil)
            }
        }
        // A running system can extend PCR 8 with the right line as well; then nobody can tell which one the kernel got.
        let both =
            try BootLog.events(tamper: [.cmdline]) + [
                MeasuredEvent(8, .ipl, data: right, measuring: Array(Self.commandLine.utf8))
            ]
        expectOwnKey(try Scene(booted: BootLog(both), facts: required).verdict(), .bootUnexpected)
    }

    @Test func attack54_forgedStartupLocality() throws {
        let honest = try BootLog()
        func locality(_ value: UInt8) -> MeasuredEvent {
            MeasuredEvent(0, .noAction, Array("StartupLocality\0".utf8) + [value])
        }
        let events = try BootLog.events()
        let forgeries = [
            [locality(3)] + events, [locality(3), locality(3)] + events, [locality(0), locality(0)] + events,
            events + [locality(0)], [locality(7)] + events,
        ]
        for forged in forgeries {
            var scene = try Scene(booted: BootLog(forged), facts: Self.secure)
            scene.values = honest.values.filter { $0.key < 10 }
            expectOwnKey(try scene.verdict(), .logReplayMismatch)
        }
        #expect(try Scene(booted: BootLog([locality(0)] + events), facts: Self.secure).verdict().state != nil)
    }

    @Test func attack55_logsThatLieAboutTheirSizes() throws {
        let honest = try BootLog()
        let scene = try Scene(booted: honest, facts: Self.secure)
        let first = try #require(honest.records.first).range.lowerBound
        // Offsets of the header's algorithm count and digest size, and of the first event's PCR, count and size.
        let lies: [(Int, [UInt8])] = [
            (28, [0xFF, 0xFF, 0xFF, 0x7F]), (56, [0]), (56, [2, 0, 0, 0]), (56, [0xFF, 0xFF, 0xFF, 0xFF]),
            (62, [20, 0]),
            (60, [0x0C, 0]), (first, [24]), (first, [0xFF, 0xFF, 0xFF, 0xFF]), (first + 8, [0, 0, 0, 0]),
            (first + 8, [2, 0, 0, 0]), (first + 8, [0xFF, 0xFF, 0xFF, 0xFF]), (first + 12, [0x34, 0x12]),
            (first + 46, [0, 0, 0, 0x80]),
        ]
        for (offset, bytes) in lies {
            var log = honest.bytes
            log.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            #expect(log != honest.bytes)
            var lying = scene
            lying.log = .bytes(log, digest: ContentDigest(of: log))
            expectOwnKey(try lying.verdict(), .logMalformed)
        }
        for log in [
            [], [0], Array(honest.bytes.dropLast()), Array(honest.bytes.prefix(100)),
            [UInt8](repeating: 0, count: 3 << 20),
        ] {
            var short = scene
            short.log = .bytes(log, digest: ContentDigest(of: log))
            expectOwnKey(try short.verdict(), .logMalformed)
        }
        var other = scene
        let sha1 = try BootLog(banks: [.sha1, .sha384])
        other.log = .bytes(sha1.bytes, digest: sha1.digest)
        expectOwnKey(try other.verdict(), .logMalformed)
    }

    @Test func attack56_secondOrErrorSeparatorThatWasMeasured() throws {
        let events = try BootLog.events()
        for odd in [MeasuredEvent(4, .separator, [0, 0, 0, 0]), MeasuredEvent(7, .separator, [1, 0, 0, 0])] {
            expectOwnKey(try Scene(booted: BootLog(events + [odd]), facts: Self.secure).verdict(), .logOrder)
            // Exact values do not make up for it: the log contradicts what boots do.
            expectOwnKey(try Scene(booted: BootLog(events + [odd]), exact: Array(0..<10)).verdict(), .logOrder)
        }
    }

    @Test func attack57_logWithoutAPCRsEvents() throws {
        let honest = try BootLog()
        for pcr in [1, 4, 5, 7, 9] {
            let without = BootLog(try BootLog.events().filter { $0.pcr != pcr })
            var scene = try Scene(booted: without, facts: Scene.facts(firmware: "BM-S2 UEFI 3.1.0"))
            scene.values = honest.values.filter { $0.key < 10 }
            expectOwnKey(try scene.verdict(), .logReplayMismatch)
            // Where the expectation fixes the value, no event is needed to explain it.
            let fixed = try #require(PCRValues(bank: .sha256, values: scene.values.filter { $0.key == pcr }))
            scene.expectations[0].profile.exact = fixed
            #expect(try scene.verdict().state != nil)
        }
    }

    @Test func attack58_variableNamesThatAreNotUTF16() throws {
        var events = try BootLog.events()
        let index = try #require(events.firstIndex { $0.kind == .variableDriverConfig })
        var data = events[index].data
        for offset in 32..<min(52, data.count) { data[offset] = offset % 2 == 0 ? 0x00 : 0xD8 }
        events[index] = MeasuredEvent(7, .variableDriverConfig, data)
        let verdict = try Scene(booted: BootLog(events), facts: Self.secure).verdict()
        expectOwnKey(verdict, .bootUnexpected)
    }

    @Test func factsCountOnlyFromPCRsThatWereQuoted() throws {
        let boot = try BootLog()
        var scene = try Scene(booted: boot, facts: Self.secure)
        scene.selection = try #require(PCRSet(bank: .sha256, pcrs: [0, 1, 2, 3, 4]))
        scene.values = boot.values.filter { $0.key < 5 }
        scene.expectations[0].profile.exact = try #require(PCRValues(bank: .sha256, values: [:]))
        expectOwnKey(try scene.verdict(), .bootUnexpected)
        scene.expectations[0].profile.facts = Scene.facts(firmware: "BM-S2 UEFI 3.1.0")
        #expect(try scene.verdict().state?.facts?.secureBoot == nil)
    }
}
