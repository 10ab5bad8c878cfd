import MeasuredBoot
import TPMWire
import Testing

@Suite struct BootFactsTests {
    @Test(arguments: [AlgorithmID.sha1, .sha256, .sha384, .sha512])
    func aWholeBootIsRead(bank: AlgorithmID) throws {
        let facts = try LogBuilder.machine(banks: [bank]).facts()
        let log = facts.log.log
        func type(_ event: Int) -> EventType { log.events[event].unverifiedType }

        #expect(facts.secureBoot.state == .enabled)
        #expect(facts.secureBoot.event.map(type) == .efiVariableDriverConfig)
        #expect(facts.firmwareVersion?.value == "Firmware 1.2")
        #expect(facts.firmwareVersion?.event == 1)
        #expect(
            facts.bootApplications.map(\.digest)
                == ["PE shim", "PE grub", "PE vmlinuz"].map { LogBuilder.hash(bank, Array($0.utf8)) }
        )
        #expect(facts.bootApplications.allSatisfy { type($0.event) == .efiBootServicesApplication })
        #expect(facts.firmwareApplications.isEmpty)
        #expect(facts.alarms.isEmpty)
        #expect(facts.violations.isEmpty)
        #expect(facts.exitBootServices.invoked == log.events.count - 2)
        #expect(facts.exitBootServices.returned == log.events.count - 1)

        guard case .measured(let line) = facts.kernelCommandLine() else {
            Issue.record("\(facts.kernelCommandLine())")
            return
        }
        #expect(line.value == "/vmlinuz root=/dev/sda2 ro")
        #expect(type(line.event) == .ipl)
        #expect(facts.grubCommands().map(\.value) == ["set default=0", "linux /vmlinuz root=/dev/sda2 ro"])
        #expect(facts.measuredFiles().map(\.unverifiedName) == ["/boot/grub/grub.cfg", "/initrd"])
        #expect(facts.measuredFiles().first?.digest == LogBuilder.hash(bank, Array("set default=0".utf8)))

        let dbx = try #require(facts.variable(.forbidden))
        #expect(Array(dbx.contents) == Array("lists of dbx".utf8))
        #expect(dbx.digest == Array(try #require(log.digest(of: log.events[dbx.event], in: bank))))
        for variable in [SecureBootVariable.platformKey, .keyExchangeKeys, .allowed] {
            #expect(facts.variable(variable) != nil)
        }
        #expect(facts.variable(.timestampAuthorities) == nil)

        let authority = try #require(facts.authorities().first)
        #expect(authority.name == "db")
        #expect(Array(authority.entry) == Array("owner and certificate".utf8))
        #expect(facts.unverifiedAuthority(of: facts.bootApplications[0], among: facts.authorities()) == authority)
    }

    @Test(arguments: [
        ([UInt8(1)], SecureBootFact.State.enabled, SecureBootFact.Cause?.none),
        ([0], .disabled, nil),
        ([], .unknown, .variableEmpty),
        ([2], .unknown, .variableMalformed),
        ([1, 0], .unknown, .variableMalformed),
    ])
    func onlyAValueOfOneByteTellsTheState(
        value: [UInt8],
        state: SecureBootFact.State,
        cause: SecureBootFact.Cause?
    ) throws {
        let machine = LogBuilder.machine(secureBoot: value)
        let fact = try machine.facts().secureBoot
        #expect(fact.state == state)
        #expect(fact.cause == cause)
        let description = try #require(try LogDescription(machine.parse()))
        #expect(description.secureBoot.state == state)
        #expect(description.warnings.isEmpty == (state != .unknown))
        #expect(description.events == (try machine.parse().events.count))
        #expect(description.banks.first?.values[7] == machine.values[.sha256]?[7])
    }

    @Test func factsOfAPCRThatWasNotQuotedAreNotGiven() throws {
        let machine = LogBuilder.machine()
        var quoted = try #require(machine.values[.sha256])
        for pcr in [0, 4, 5, 7, 8] { quoted[pcr] = nil }
        let facts = BootFacts(try Replay(machine.parse(), bank: .sha256).authenticated(by: quoted).get())
        #expect(facts.secureBoot.cause == .pcrNotConfirmed)
        #expect(facts.firmwareVersion == nil)
        #expect(facts.bootApplications.isEmpty)
        #expect(facts.exitBootServices.returned == nil)
        #expect(facts.kernelCommandLine() == .absent)
        #expect(facts.grubCommands().isEmpty)
        #expect(facts.variable(.forbidden) == nil)
        #expect(facts.authorities().isEmpty)
    }

    @Test func withoutASeparatorNothingIsTheFirmwares() throws {
        var machine = LogBuilder()
        machine.measure(0, .crtmVersion, Array("1.0".utf8))
        machine.measureSecureBoot([1])
        let facts = try machine.facts()
        #expect(facts.secureBoot.cause == .separatorMissing)
        #expect(facts.firmwareVersion == nil)
        #expect(facts.variable(.forbidden) == nil)
    }

    @Test func dataThatDoesNotHashToItsDigestIsNotBelieved() throws {
        // Firmware measured "off"; the log says "on".
        var machine = LogBuilder()
        machine.measure(
            7,
            .efiVariableDriverConfig,
            LogBuilder.variable("SecureBoot", [1]),
            measured: LogBuilder.variable("SecureBoot", [0])
        )
        machine.separate([7])
        #expect(try machine.facts().secureBoot.cause == .variableMissing)

        var version = LogBuilder()
        version.measure(0, .crtmVersion, Array("2.0".utf8), measured: Array("1.0".utf8))
        version.separate([0])
        #expect(try version.facts().firmwareVersion == nil)
    }

    @Test func aVariableOfAnotherVendorOrNameIsNotTheOneOfSecureBoot() throws {
        for data in [
            LogBuilder.variable("SecureBoot", [1], vendor: LogBuilder.imageSecurityDatabase),
            LogBuilder.variable("SecureBoot\0", [1]), LogBuilder.variable("secureboot", [1]),
            LogBuilder.variable("SecureBoo", [1]), LogBuilder.variable("SecureBoot", [1]) + [0],
            Array(LogBuilder.variable("SecureBoot", [1]).dropLast()),
        ] {
            var machine = LogBuilder()
            machine.measure(7, .efiVariableDriverConfig, data)
            machine.separate([7])
            #expect(try machine.facts().secureBoot.cause == .variableMissing)
        }
    }

    @Test func alarmsAreReadByDigestWhateverTheirLabel() throws {
        for text in ["UEFI Debug Mode", "UEFI Debug Mode\0"] {
            var machine = LogBuilder()
            machine.measure(7, .eventTag, Array("nothing to see".utf8), measured: Array(text.utf8))
            machine.measureSecureBoot([1])
            machine.separate([7])
            machine.measure(7, .efiAction, Array("DMA Protection Disabled".utf8))
            let alarms = try machine.facts().alarms
            #expect(alarms.map(\.value) == [.firmwareDebugger, .dmaProtectionDisabled])
            #expect(alarms.first?.event == 1)
        }
    }

    @Test func applicationsOfTheFirmwareAreToldFromThoseItBooted() throws {
        var machine = LogBuilder()
        machine.load("diagnostics")
        machine.measure(4, .efiAction, Array("Calling EFI Application from Boot Option".utf8))
        machine.separate([4])
        machine.load("loader")
        let facts = try machine.facts()
        #expect(facts.firmwareApplications.map(\.event) == [1])
        #expect(facts.bootApplications.map(\.event) == [4])
        #expect(facts.violations.isEmpty)
    }

    @Test func theOrderAroundTheCallAndTheExitIsEnforced() throws {
        var called = LogBuilder()
        called.separate([4])
        called.load("loader")
        called.measure(4, .efiAction, Array("Calling EFI Application from Boot Option".utf8))
        #expect(try called.facts().violations.map(\.rule) == [.applicationBeforeCall])

        var left = LogBuilder.machine()
        left.measure(5, .efiAction, Array("one more thing".utf8))
        #expect(try left.facts().violations.map(\.rule) == [.eventAfterExitBootServices])

        var unknown = LogBuilder.machine()
        unknown.measure(6, EventType(rawValue: 0x8000_00F7), [1])
        #expect(try unknown.facts().violations.map(\.rule) == [.unknownEventType])
    }

    @Test(arguments: [
        (LogBuilder.utf16("Firmware 1.2") + [0, 0], "Firmware 1.2"),
        (Array("N1429 ".utf8), "N1429 "),
        (Array("N1429\0".utf8), "N1429"),
        (
            [0xC4, 0x6B, 0x54, 0x9B, 0xB2, 0x55, 0xB1, 0x40, 0xA0, 0xC5, 0x4E, 0xDC, 0xA4, 0x40, 0x3A, 0x81],
            "9b546bc4-55b2-40b1-a0c5-4edca4403a81"
        ),
        ([0xFF, 0xFE, 0x00], "fffe00"),
        (Array("line\nbreak\u{1B}[31m".utf8), "6c696e650a627265616b1b5b33316d"),
    ])
    func firmwareVersionsOfEveryForm(data: [UInt8], text: String) throws {
        var machine = LogBuilder()
        machine.measure(0, .crtmVersion, data)
        machine.separate([0])
        #expect(try machine.facts().firmwareVersion?.value == text)
    }

    @Test func unifiedKernelImagesAreReadBySection() throws {
        var machine = LogBuilder()
        for (name, contents) in [(".linux", "kernel"), (".cmdline", "root=/dev/vda quiet")] {
            let label = LogBuilder.utf16(name) + [0, 0]
            machine.measure(11, .ipl, label, measured: Array(name.utf8) + [0])
            machine.measure(11, .ipl, label, measured: Array(contents.utf8))
        }
        let sections = try machine.facts().unifiedKernelSections()
        #expect(sections.map(\.name) == [".linux", ".cmdline"])
        #expect(sections.last?.digest == LogBuilder.hash(.sha256, Array("root=/dev/vda quiet".utf8)))
        #expect(sections.map(\.event) == [2, 4])
    }
}
