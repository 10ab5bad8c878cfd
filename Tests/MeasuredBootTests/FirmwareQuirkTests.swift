import MeasuredBoot
import TPMWire
import Testing

/// What firmware and loaders of real machines do, each in the smallest log that shows it.
///
/// `CorpusTests` reads the machines' own logs; this holds the same behaviour where those are not at hand.
struct FirmwareQuirk: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let build: @Sendable (inout LogBuilder) -> Void
    let check: @Sendable (BootFacts) throws -> Void

    init(
        _ name: String,
        _ build: @escaping @Sendable (inout LogBuilder) -> Void,
        check: @escaping @Sendable (BootFacts) throws -> Void
    ) {
        testDescription = name
        self.build = build
        self.check = check
    }

    private static func line(_ facts: BootFacts) -> String? {
        if case .measured(let line) = facts.kernelCommandLine() { line.value } else { nil }
    }

    static let all: [FirmwareQuirk] = [
        .init("started at locality 3, and an empty FIT entry with a separator's digest in PCR 0") { log in
            log.startPCR0(at: 3)
            log.note(0, Array("StartupLocality\0".utf8) + [3])
            log.measure(0, .crtmContents, Array("FIT Type 0x2D Measured S-CRTM\0".utf8), measured: [0, 0, 0, 0])
            log.measure(0, .crtmVersion, Array("1.0".utf8))
            log.separate([0])
        } check: { facts in
            #expect(facts.violations.isEmpty)
            // What follows four zero bytes in PCR 0 could come from the operating system.
            #expect(facts.firmwareVersion == nil)
        },
        .init("a CRTM measured by hardware") { log in
            log.startPCR0(at: 4)
            log.measure(0, .efiHCRTM, Array("HCRTM".utf8), measured: [1, 2, 3])
            log.measure(0, .crtmVersion, LogBuilder.utf16("Dhyana") + [0, 0])
            log.separate([0])
        } check: {
            #expect($0.firmwareVersion?.value == "Dhyana")
        },
        .init("notes of reference manifests before anything is measured") { log in
            log.note(0, Array("SP800-155 Event3".utf8) + [UInt8](repeating: 0x79, count: 60))
            log.note(0, Array("SP800-155 Event3".utf8) + [UInt8](repeating: 0x7A, count: 60))
            log.measureSecureBoot([1])
            log.separate([7])
        } check: {
            #expect($0.secureBoot.state == .enabled)
        },
        .init("Windows: one digest where the header lists two, and records that belong to no PCR") { log in
            log.measureSecureBoot([1])
            log.separate([7])
            log.measure(11, .eventTag, [0, 0, 0, 0], in: [.sha256])
            log.measure(12, .separator, Array("WBCL".utf8), in: [.sha256])
            log.append(pcr: 0xFFFF_FFFF, .noAction, [(.sha256, [UInt8](repeating: 9, count: 32))], [4, 0, 1, 0xC0])
        } check: { facts in
            #expect(facts.log.log.leniencies == [.windowsTrustPoints(count: 1), .digestsOmitted(events: 2)])
            #expect(facts.secureBoot.state == .enabled)
            #expect(facts.violations.isEmpty)
            #expect(facts.kernelCommandLine() == .absent)
        },
        .init("a SecureBoot variable without a value") { log in
            log.measureSecureBoot([])
            log.separate([7])
        } check: {
            #expect($0.secureBoot.cause == .variableEmpty)
        },
        .init("a cloud machine that separates nothing but PCR 7") { log in
            log.measure(0, .crtmVersion, [0, 0])
            log.measureSecureBoot([1])
            log.separate([7])
            log.load("shim")
        } check: { facts in
            #expect(facts.secureBoot.state == .enabled)
            #expect(facts.bootApplications.count == 1)
            #expect(facts.firmwareVersion == nil)
        },
        .init("a machine that authenticates its devices: their database, and what of it was used") { log in
            log.measureSecureBoot([1])
            log.measure(7, EventType(rawValue: 0x8000_00E3), LogBuilder.variable("devdb", [1, 2, 3]))
            log.separate([7])
            log.measure(7, EventType(rawValue: 0x8000_00E4), LogBuilder.variable("devdb", [1]))
        } check: { facts in
            #expect(facts.violations.isEmpty)
            #expect(facts.secureBoot.state == .enabled)
        },
        .init("a boot order of 1, 0, measured bare, has the digest of an error") { log in
            log.measure(
                1,
                EventType(rawValue: 0x8000_0002),
                LogBuilder.variable("BootOrder", [1, 0, 0, 0]),
                measured: [1, 0, 0, 0]
            )
            log.separate([1])
        } check: {
            #expect($0.violations.isEmpty)
        },
        .init("shim measures its certificate with padding and without the last byte") { log in
            let data = LogBuilder.variable("Shim", Array("certificate".utf8)) + [1, 2, 3, 4, 5, 6]
            log.separate([7])
            log.measure(7, .efiVariableAuthority, data, measured: Array(data.dropLast()))
        } check: { facts in
            #expect(facts.authorities().map(\.name) == ["Shim"])
            #expect(facts.authorities().map { Array($0.entry) } == [Array("certificate".utf8)])
        },
        .init("a laptop that starts its own application first and announces what it lacks") { log in
            log.measureSecureBoot([1])
            log.separate([7])
            log.measure(7, .efiAction, Array("Security Level is Downgraded to 0".utf8))
            log.load("diagnostics")
            log.measure(4, .efiAction, Array("Calling EFI Application from Boot Option".utf8))
            log.separate([4])
            log.load("shim")
        } check: { facts in
            #expect(facts.alarms.map(\.value) == [.securityLevelDowngraded])
            #expect(facts.firmwareApplications.count == 1)
            #expect(facts.bootApplications.count == 1)
        },
        .init("GRUB as older distributions patched it") { log in
            log.measure(8, .ipl, Array("grub_cmd set pager=1\0".utf8), measured: Array("set pager=1\0".utf8))
            log.measure(8, .ipl, Array("grub_kernel_cmdline /vmlinuz ro\0".utf8), measured: Array("/vmlinuz ro".utf8))
        } check: { facts in
            #expect(line(facts) == "/vmlinuz ro")
            #expect(facts.grubCommands().map(\.value) == ["set pager=1"])
        },
        .init("systemd-boot whose log is a byte short of what it measured") { log in
            let text = LogBuilder.utf16("root=/dev/sda2") + [0, 0]
            log.measure(8, .ipl, Array(text.dropLast()), measured: text)
        } check: {
            #expect(line($0) == "root=/dev/sda2")
        },
        .init("systemd-boot and the kernel's stub measure the same line twice") { log in
            for _ in 0..<2 { log.measure(12, .ipl, LogBuilder.utf16(" quiet ") + [0, 0]) }
        } check: {
            #expect(line($0) == " quiet ")
        },
        .init("padding of a log area that was copied whole") { log in
            log.measureSecureBoot([0])
            log.separate([7])
            log.append(raw: [UInt8](repeating: 0xFF, count: 500))
        } check: { facts in
            #expect(facts.log.log.leniencies == [.trailingPadding(bytes: 500)])
            #expect(facts.secureBoot.state == .disabled)
        },
    ]
}

@Suite struct FirmwareQuirkTests {
    @Test(arguments: FirmwareQuirk.all)
    func attack59_whatRealFirmwareWritesIsRead(quirk: FirmwareQuirk) throws {
        var log = LogBuilder(banks: [.sha256, .sha1])
        quirk.build(&log)
        let replay = try Replay(log.parse(), bank: .sha256)
        #expect(replay.obstacles.isEmpty)
        try quirk.check(BootFacts(replay.authenticated(by: log.values[.sha256] ?? [:]).get()))
    }
}
