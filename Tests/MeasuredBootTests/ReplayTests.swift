import MeasuredBoot
import TPMWire
import Testing

@Suite struct ReplayTests {
    static let banks: [AlgorithmID] = [.sha1, .sha256, .sha384, .sha512]

    @Test(arguments: banks)
    func everyBankReplaysToWhatWasMeasured(bank: AlgorithmID) throws {
        let machine = LogBuilder.machine(banks: Self.banks)
        let replay = try Replay(machine.parse(), bank: bank)
        let expected = try #require(machine.values[bank])
        for pcr in 0..<24 {
            let size = try #require(bank.digestSize)
            let reset = [UInt8](repeating: (17...22).contains(pcr) ? 0xFF : 0, count: size)
            #expect(replay.value(of: pcr) == (expected[pcr] ?? reset)[...], "PCR \(pcr)")
            #expect(replay.extended.contains(pcr) == (expected[pcr] != nil))
        }
        #expect(replay.obstacles.isEmpty)
        #expect(replay.value(of: 24) == nil)
        #expect(replay.value(of: -1) == nil)
    }

    @Test func legacyLogsReplayInSHA1() throws {
        let machine = LogBuilder.machine(legacy: true)
        let log = try machine.parse()
        #expect(log.format == .sha1Legacy)
        let replay = try Replay(log, bank: .sha1)
        for (pcr, value) in try #require(machine.values[.sha1]) { #expect(replay.value(of: pcr) == value[...]) }
        #expect(throws: ReplayError.bankNotInLog(.sha256)) { try Replay(log, bank: .sha256) }
        #expect(try machine.facts().secureBoot.state == .enabled)
    }

    @Test func algorithmsMayStandInAnotherOrderThanInTheHeader() throws {
        var machine = LogBuilder(banks: [.sha384, .sha1, .sha256], listed: [.sha1, .sha256, .sha384])
        machine.measure(0, .crtmVersion, [1])
        machine.banks = [.sha256, .sha384, .sha1]
        machine.measure(0, .crtmVersion, [2])
        let log = try machine.parse()
        #expect(log.banks == [.sha1, .sha256, .sha384])
        for bank in log.banks {
            #expect(try Replay(log, bank: bank).value(of: 0) == machine.values[bank]?[0]?[...])
        }
    }

    @Test func aBankThatCannotBeComputedIsNamedAndTheOthersReplay() throws {
        var machine = LogBuilder(banks: [.sha256, .sm3_256])
        machine.measure(0, .crtmVersion, [1])
        let log = try machine.parse()
        #expect(throws: ReplayError.bankNotSupported(.sm3_256)) { try Replay(log, bank: .sm3_256) }
        #expect(try Replay(log, bank: .sha256).value(of: 0) == machine.values[.sha256]?[0]?[...])
        let description = try #require(LogDescription(log))
        #expect(description.banks.map(\.bank) == [.sha256])
        #expect(description.warnings.contains { $0.contains("sm3_256") })
    }

    @Test(arguments: [UInt8(0), 3, 4])
    func theStartupLocalitySeedsPCR0(locality: UInt8) throws {
        var machine = LogBuilder(banks: [.sha256, .sha384])
        machine.startPCR0(at: locality)
        machine.note(0, Array("StartupLocality\0".utf8) + [locality])
        machine.measure(0, .crtmVersion, [1])
        let log = try machine.parse()
        for bank in log.banks {
            #expect(try Replay(log, bank: bank).value(of: 0) == machine.values[bank]?[0]?[...])
        }
    }

    @Test(arguments: [true, false])
    func aHardwareCRTMEventStartsPCR0AtLocality4AndIsExtended(stated: Bool) throws {
        var machine = LogBuilder()
        machine.startPCR0(at: 4)
        if stated { machine.note(0, Array("StartupLocality\0".utf8) + [4]) }
        machine.measure(0, .efiHCRTM, Array("HCRTM".utf8), measured: Array("the CRTM's code".utf8))
        machine.measure(0, .crtmVersion, [1])
        #expect(try Replay(machine.parse(), bank: .sha256).value(of: 0) == machine.values[.sha256]?[0]?[...])
    }

    @Test func aHardwareCRTMEventOutOfPlaceIsAnObstacle() throws {
        var late = LogBuilder()
        late.measure(0, .crtmVersion, [1])
        late.measure(0, .efiHCRTM, Array("HCRTM".utf8))
        let replay = try Replay(late.parse(), bank: .sha256)
        #expect(replay.obstacles.map(\.cause) == [.hardwareCRTM])
        #expect(replay.obstacles.map(\.event) == [2])
        #expect(replay.value(of: 0) == nil)

        var contradicted = LogBuilder()
        contradicted.note(0, Array("StartupLocality\0".utf8) + [3])
        contradicted.measure(0, .efiHCRTM, Array("HCRTM".utf8))
        #expect(try Replay(contradicted.parse(), bank: .sha256).obstacles.map(\.cause) == [.hardwareCRTM])
    }

    @Test func noActionIsNeverExtended() throws {
        var machine = LogBuilder.machine()
        let before = try Replay(machine.parse(), bank: .sha256)
        machine.note(2, Array("a note of the vendor".utf8))
        let after = try Replay(machine.parse(), bank: .sha256)
        for pcr in 0..<24 { #expect(before.value(of: pcr) == after.value(of: pcr)) }
        #expect(!after.log.events[after.log.events.count - 1].isExtended)
    }

    @Test func anEventWithoutADigestBlocksItsPCRInThatBankOnly() throws {
        // Windows extends its own events in one bank and logs only that one.
        var machine = LogBuilder(banks: [.sha1, .sha256])
        machine.measure(0, .crtmVersion, [1])
        machine.measure(12, .eventTag, [2], in: [.sha256])
        let log = try machine.parse()
        #expect(log.leniencies == [.digestsOmitted(events: 1)])
        #expect(try Replay(log, bank: .sha256).value(of: 12) == machine.values[.sha256]?[12]?[...])
        let sha1 = try Replay(log, bank: .sha1)
        #expect(sha1.obstacles.map(\.cause) == [.digestMissing])
        #expect(sha1.obstacles.map(\.pcr) == [12])
        #expect(sha1.value(of: 12) == nil)
        #expect(sha1.value(of: 0) == machine.values[.sha1]?[0]?[...])
        let verdict = sha1.authenticated(by: [12: [UInt8](repeating: 0, count: 20)])
        #expect(throws: ReplayMismatch.self) { try verdict.get() }
    }

    // MARK: Comparison with a quote

    private func mismatch(_ machine: LogBuilder, _ quoted: [Int: [UInt8]]) throws -> ReplayMismatch? {
        switch try Replay(machine.parse(), bank: .sha256).authenticated(by: quoted) {
        case .success: nil
        case .failure(let mismatch): mismatch
        }
    }

    @Test func aQuoteOfWhatWasMeasuredConfirmsTheLog() throws {
        let machine = LogBuilder.machine()
        var quoted = try #require(machine.values[.sha256])
        quoted[16] = [UInt8](repeating: 0, count: 32)
        quoted[17] = [UInt8](repeating: 0xFF, count: 32)
        #expect(try mismatch(machine, quoted) == nil)
    }

    @Test func everyAlteredPCRIsNamed() throws {
        let machine = LogBuilder.machine()
        let quoted = try #require(machine.values[.sha256])
        for pcr in quoted.keys {
            var altered = quoted
            altered[pcr]?[31] ^= 1
            let found = try mismatch(machine, altered)
            #expect(found?.pcrs.map(\.pcr) == [pcr])
        }
        for wrong in [[], [UInt8](repeating: 0, count: 31), [UInt8](repeating: 0, count: 33)] {
            #expect(try mismatch(machine, [16: wrong])?.pcrs.first?.explanation == .wrongSize)
        }
        #expect(try mismatch(machine, [24: [UInt8](repeating: 0, count: 32)]) != nil)
    }

    @Test func attack57_logWithoutEventsOfAPCR() throws {
        // The device leaves out what it measured into PCR 9: silence must not pass for "nothing happened".
        var machine = LogBuilder()
        machine.measure(0, .crtmVersion, [1])
        machine.extend(9, by: LogBuilder.hash(.sha256, [6, 6, 6]), in: .sha256)
        let found = try mismatch(machine, machine.values[.sha256] ?? [:])
        #expect(found?.pcrs.map(\.pcr) == [9])
        #expect(found?.pcrs.first?.explanation == .eventsMissing)
    }

    @Test func firmwareThatLeavesOutExitBootServicesIsRecognisedAndStillRefused() throws {
        var machine = LogBuilder()
        machine.measure(5, .separator, LogBuilder.separator)
        for text in ["Exit Boot Services Invocation", "Exit Boot Services Returned with Success"] {
            machine.extend(5, by: LogBuilder.hash(.sha256, Array(text.utf8)), in: .sha256)
        }
        #expect(
            try mismatch(machine, machine.values[.sha256] ?? [:])?.pcrs.first?.explanation == .exitBootServicesOmitted
        )
    }

    @Test func aMissingStartupLocalityIsRecognisedAndStillRefused() throws {
        var machine = LogBuilder()
        machine.startPCR0(at: 3)
        machine.measure(0, .crtmVersion, [1])
        #expect(
            try mismatch(machine, machine.values[.sha256] ?? [:])?.pcrs.first?.explanation == .startupLocality(3)
        )
    }

    @Test func eventsAfterTheQuoteAreRecognisedAndStillRefused() throws {
        var machine = LogBuilder()
        machine.measure(4, .efiBootServicesApplication, [1])
        machine.measure(4, .efiBootServicesApplication, [2])
        let quoted = machine.values[.sha256] ?? [:]
        machine.measure(4, .efiBootServicesApplication, [3])
        #expect(try mismatch(machine, quoted)?.pcrs.first?.explanation == .prefix(events: 2))
    }

    @Test func differencesNameTheFirstEventOfEachPCR() throws {
        let expected = try LogBuilder.machine(secureBoot: [1]).parse()
        let actual = try LogBuilder.machine(secureBoot: [0]).parse()
        let differences = try #require(LogDifference.between(expected: expected, actual: actual, bank: .sha256))
        #expect(differences.map(\.pcr) == [7])
        #expect(differences.first?.position == 0)
        #expect(differences.first?.expected == differences.first?.actual)
        #expect(LogDifference.between(expected: expected, actual: actual, bank: .sha1) == nil)

        var longer = LogBuilder.machine()
        longer.load("second kernel")
        let more = try #require(LogDifference.between(expected: expected, actual: longer.parse(), bank: .sha256))
        #expect(more.map(\.pcr) == [4])
        #expect(more.first?.expected == nil)
        #expect(LogDifference.between(expected: expected, actual: expected, bank: .sha256) == [])
    }
}
