import MeasuredBoot
import TPMWire
import Testing

/// Logs as an attacker with full control of the running system writes them.
///
/// The attacker can extend PCRs further and write any log; what was measured before, and its order, is fixed.
@Suite struct BootAttackTests {
    /// A machine that booted with Secure Boot off, then extended what a machine with Secure Boot on would have.
    private func disguised(relabel: (inout [UInt8]) -> Void = { _ in }) throws -> (LogBuilder, BootFacts) {
        var machine = LogBuilder.machine(secureBoot: [0])
        machine.measureSecureBoot([1])
        machine.separate([7])
        var bytes = machine.bytes
        relabel(&bytes)
        let replay = try Replay(EventLog(parsing: bytes), bank: .sha256)
        return (machine, BootFacts(try replay.authenticated(by: machine.values[.sha256] ?? [:]).get()))
    }

    private func relabelled(
        _ machine: LogBuilder,
        as type: EventType,
        where matches: (Int, EventLog.Event) -> Bool
    )
        throws -> [UInt8]
    {
        let log = try machine.parse()
        var bytes = machine.bytes
        for (index, event) in log.events.enumerated().dropFirst() where matches(index, event) {
            // The type stands four bytes into the event, which begins where the one before ends.
            let start = log.events[index - 1].data.upperBound + 4
            for byte in 0..<4 { bytes[start + byte] = UInt8(truncatingIfNeeded: type.rawValue >> (8 * UInt32(byte))) }
        }
        return bytes
    }

    @Test(arguments: [
        EventType(rawValue: 2), .efiPlatformFirmwareBlob, .eventTag, .separator, .efiVariableAuthority, .efiAction,
    ])
    func attack53_everyEventRelabelledAndOwnEventsAppended(type: EventType) throws {
        let machine = LogBuilder.machine(secureBoot: [0])
        let events = try machine.parse().events.count
        var appended = machine
        appended.measureSecureBoot([1])
        appended.separate([7])
        let bytes = try relabelled(appended, as: type) { index, _ in index < events }
        let replay = try Replay(EventLog(parsing: bytes), bank: .sha256)
        // Relabelling changes no PCR; the facts must not change for the better either.
        let facts = BootFacts(try replay.authenticated(by: appended.values[.sha256] ?? [:]).get())
        #expect(facts.secureBoot.state != .enabled)
        #expect(facts.violations.contains { $0.pcr == 7 })
        #expect(
            facts.bootApplications.map(\.digest)
                == ["PE shim", "PE grub", "PE vmlinuz"].map { LogBuilder.hash(.sha256, Array($0.utf8)) }
        )
    }

    @Test func attack53_relabelledToNoAction() throws {
        // EV_NO_ACTION is not extended, so the log no longer leads to the quoted values.
        let machine = LogBuilder.machine(secureBoot: [0])
        let bytes = try relabelled(machine, as: .noAction) { _, event in event.pcr == 7 }
        let replay = try Replay(EventLog(parsing: bytes), bank: .sha256)
        let verdict = replay.authenticated(by: machine.values[.sha256] ?? [:])
        #expect(throws: ReplayMismatch.self) { try verdict.get() }
    }

    @Test func attack53_trueVariableHiddenAndSeparatorRelabelled() throws {
        // The data of the true variable is spoilt, so that it no longer hashes to its digest, and the true separator is
        // called something else: what was appended later must still not pass for the firmware's.
        var machine = LogBuilder()
        machine.measure(
            7,
            .eventTag,
            Array("spoilt".utf8),
            measured: LogBuilder.variable("SecureBoot", [0])
        )
        machine.measure(7, .eventTag, Array("also spoilt".utf8), measured: LogBuilder.separator)
        machine.measureSecureBoot([1])
        machine.separate([7])
        let facts = try machine.facts()
        #expect(facts.secureBoot.state == .unknown)
        #expect(facts.variable(.forbidden) == nil)
    }

    @Test func attack53_genuineMachineStaysReadableWhateverItsLabels() throws {
        let machine = LogBuilder.machine(secureBoot: [1])
        let bytes = try relabelled(machine, as: .efiPlatformFirmwareBlob) { _, event in event.pcr == 7 || event.pcr == 4
        }
        let replay = try Replay(EventLog(parsing: bytes), bank: .sha256)
        let facts = BootFacts(try replay.authenticated(by: machine.values[.sha256] ?? [:]).get())
        #expect(facts.secureBoot.state == .enabled)
        #expect(facts.bootApplications.count == 3)
        #expect(facts.authorities().map(\.name) == ["db"])
    }

    @Test func attack53_imageCalledAnAction() throws {
        var machine = LogBuilder()
        machine.separate([4])
        machine.load("shim")
        machine.measure(
            4,
            .efiAction,
            Array("Calling EFI Application from Boot Option".utf8),
            measured: Array("PE evil".utf8)
        )
        #expect(try machine.facts().bootApplications.count == 2)
    }

    @Test func attack53_firmwareVersionAppended() throws {
        var machine = LogBuilder()
        machine.measure(0, .crtmVersion, Array("vulnerable".utf8))
        machine.separate([0])
        machine.measure(0, .crtmVersion, Array("fixed".utf8))
        machine.separate([0])
        #expect(try machine.facts().firmwareVersion?.value == "vulnerable")
        let bytes = try relabelled(machine, as: .crtmContents) { index, _ in index < 3 }
        let replay = try Replay(EventLog(parsing: bytes), bank: .sha256)
        #expect(BootFacts(try replay.authenticated(by: machine.values[.sha256] ?? [:]).get()).firmwareVersion == nil)
    }

    @Test func attack53_kernelCommandLineAppendedAfterTheBoot() throws {
        // Booted with a bad command line; later the good one was extended into PCR 8 and logged.
        var machine = LogBuilder()
        machine.grub("grub_cmd: ", "linux /vmlinuz init=/bin/sh")
        machine.grub("kernel_cmdline: ", "/vmlinuz init=/bin/sh")
        machine.grub("kernel_cmdline: ", "/vmlinuz quiet")
        #expect(try machine.facts().kernelCommandLine() == .ambiguous(events: [2, 3]))

        // The label of the bad one is not measured and so can be any.
        for label in ["grub_cmd: ", "grub_cmd ", "module_cmdline: "] {
            var hidden = LogBuilder()
            hidden.grub(label, "/vmlinuz init=/bin/sh")
            hidden.grub("kernel_cmdline: ", "/vmlinuz quiet")
            #expect(try hidden.facts().kernelCommandLine() == .ambiguous(events: [1, 2]))
        }

        var bare = LogBuilder()
        bare.measure(8, .eventTag, Array("/vmlinuz init=/bin/sh".utf8))
        bare.grub("kernel_cmdline: ", "/vmlinuz quiet")
        #expect(try bare.facts().kernelCommandLine() == .ambiguous(events: [1, 2]))

        // Its data can be spoilt, which is noticed.
        var spoilt = LogBuilder()
        spoilt.measure(8, .ipl, Array("grub_cmd: set x=y".utf8) + [0], measured: Array("/vmlinuz init=/bin/sh".utf8))
        spoilt.grub("kernel_cmdline: ", "/vmlinuz quiet")
        #expect(try spoilt.facts().kernelCommandLine() == .unreadable(event: 1))

        // The same trick where systemd-stub measures.
        var stub = LogBuilder()
        stub.measure(12, .eventTag, LogBuilder.utf16("init=/bin/sh") + [0, 0])
        stub.measure(12, .ipl, LogBuilder.utf16("quiet") + [0, 0])
        #expect(try stub.facts().kernelCommandLine() == .ambiguous(events: [1, 2]))
    }

    @Test func attack54_startupLocalityForgedAndTwice() throws {
        let statement = Array("StartupLocality\0".utf8)
        func replay(_ build: (inout LogBuilder) -> Void) throws -> (Replay, LogBuilder) {
            var machine = LogBuilder()
            build(&machine)
            return (try Replay(machine.parse(), bank: .sha256), machine)
        }
        // Forged: the machine started at locality 0 and claims 3.
        let (forged, machine) = try replay {
            $0.note(0, statement + [3])
            $0.measure(0, .crtmVersion, [1])
        }
        guard case .failure(let mismatch) = forged.authenticated(by: machine.values[.sha256] ?? [:]) else {
            Issue.record("a forged locality was believed")
            return
        }
        #expect(mismatch.pcrs.first?.explanation == .startupLocality(0))
        // Twice, late, on another PCR, of another length, of no locality.
        let obstructed: [(inout LogBuilder) -> Void] = [
            {
                $0.note(0, statement + [3])
                $0.note(0, statement + [3])
                $0.measure(0, .crtmVersion, [1])
            },
            {
                $0.measure(0, .crtmVersion, [1])
                $0.note(0, statement + [3])
            },
            { $0.note(1, statement + [3]) },
            { $0.note(0, statement) },
            { $0.note(0, statement + [3, 3]) },
            { $0.note(0, statement + [1]) },
            { $0.note(0, statement + [0xFF]) },
        ]
        for build in obstructed {
            let (replay, machine) = try replay(build)
            #expect(replay.obstacles.map(\.cause) == [.startupLocality])
            #expect(replay.value(of: 0) == nil)
            for value in [machine.values[.sha256]?[0], [UInt8](repeating: 0, count: 31) + [3]] {
                let verdict = replay.authenticated(by: [0: value ?? [UInt8](repeating: 0, count: 32)])
                #expect(throws: ReplayMismatch.self) { try verdict.get() }
            }
        }
    }

    @Test func attack56_secondSeparatorAndErrorSeparator() throws {
        var second = LogBuilder.machine(secureBoot: [1])
        second.separate([7])
        #expect(try second.facts().secureBoot.cause == .orderViolated)
        #expect(try second.facts().violations.map(\.rule) == [.separatorRepeated])

        // The other legal value of a separator is a second one just the same.
        var other = LogBuilder.machine(secureBoot: [1])
        other.measure(7, .efiAction, Array("no separator".utf8), measured: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(try other.facts().secureBoot.cause == .orderViolated)

        // The firmware reports an error: type and data may say anything, the digest tells.
        for (type, data) in [
            (EventType.separator, [UInt8(1), 0, 0, 0]), (.separator, Array("error".utf8)), (.eventTag, [0, 0, 0, 0]),
        ] {
            var error = LogBuilder()
            error.measureSecureBoot([1])
            error.measure(7, type, data, measured: [1, 0, 0, 0])
            let facts = try error.facts()
            #expect(facts.violations.map(\.rule) == [.errorSeparator])
            #expect(facts.secureBoot.cause == .orderViolated)
        }

        var unknown = LogBuilder.machine()
        unknown.measure(2, .separator, Array("WBCL".utf8))
        #expect(try unknown.facts().violations.map(\.rule) == [.unknownSeparator])
    }

    @Test func attack56_variableAfterTheSeparator() throws {
        var machine = LogBuilder()
        machine.separate([7])
        machine.measureSecureBoot([1])
        let facts = try machine.facts()
        #expect(facts.secureBoot.cause == .orderViolated)
        #expect(facts.violations.map(\.rule) == [.variableAfterSeparator])
        #expect(facts.variable(.allowed) == nil)
    }

    @Test func attack56_variableMeasuredTwice() throws {
        var machine = LogBuilder()
        machine.measureSecureBoot([0])
        machine.measureSecureBoot([1])
        machine.separate([7])
        #expect(try machine.facts().secureBoot.cause == .variableRepeated)
        #expect(try machine.facts().variable(.allowed) == nil)
    }

    @Test func attack58_variableNamesThatAreNoText() throws {
        let lone: [UInt8] = [0x00, 0xD8]
        let header = LogBuilder.globalVariable
        var machine = LogBuilder.machine()
        for data in [
            header + LogBuilder.le64(1) + LogBuilder.le64(1) + lone + [1],
            header + LogBuilder.le64(.max) + LogBuilder.le64(1) + [1],
            header + LogBuilder.le64(1 << 63) + LogBuilder.le64(1 << 63),
            header + LogBuilder.le64(1) + LogBuilder.le64(.max) + lone,
            header + LogBuilder.le64(0) + LogBuilder.le64(0),
            header + LogBuilder.le64(257) + LogBuilder.le64(0) + [UInt8](repeating: 65, count: 514),
            LogBuilder.variable("db\n\u{202E}forged line", [1]), LogBuilder.variable("a\0b", [1]),
            Array(header.prefix(7)), [],
        ] {
            machine.measure(7, .efiVariableAuthority, data)
            machine.measure(1, .efiVariableDriverConfig, data)
        }
        let facts = try machine.facts()
        #expect(facts.secureBoot.state == .enabled)
        let names = facts.authorities().map(\.name)
        #expect(names.first == "db")
        #expect(names.allSatisfy { !$0.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" && $0 != "\t" } })
    }

    @Test func disguisedMachineIsNotTakenForSecure() throws {
        let (_, facts) = try disguised()
        #expect(facts.secureBoot.state == .unknown)
        #expect(facts.variable(.forbidden).map { Array($0.contents) } == Array("lists of dbx".utf8))
    }
}
