import MeasuredBoot
import SeededRandom
import TPMWire
import Testing

@Suite struct EventLogTests {
    private func code(_ bytes: [UInt8]) -> EventLogError.Code? {
        do throws(EventLogError) {
            _ = try EventLog(parsing: bytes)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func eventsAreWhereTheyWereWritten() throws {
        let machine = LogBuilder.machine(banks: [.sha1, .sha256])
        let log = try machine.parse()
        #expect(log.format == .cryptoAgile)
        #expect(log.bytes == machine.bytes)
        #expect(log.events[0].unverifiedType == .noAction)
        let version = log.events[1]
        #expect(version.pcr == 0)
        #expect(version.unverifiedType == .crtmVersion)
        #expect(Array(log.unverifiedData(of: version)) == LogBuilder.utf16("Firmware 1.2") + [0, 0])
        let digest = LogBuilder.hash(.sha256, LogBuilder.utf16("Firmware 1.2") + [0, 0])
        #expect(log.digest(of: version, in: .sha256) == digest[...])
        #expect(log.digest(of: version, in: .sha384) == nil)
        #expect(log.leniencies.isEmpty)
    }

    @Test(arguments: [false, true])
    func truncationAtEveryByteIsRefusedOrEndsAtAnEvent(legacy: Bool) throws {
        let machine = LogBuilder.machine(banks: [.sha1, .sha256], legacy: legacy)
        let log = try machine.parse()
        let ends = Set(log.events.map(\.data.upperBound))
        for count in 0..<machine.bytes.count {
            let cut = Array(machine.bytes.prefix(count))
            guard let parsed = try? EventLog(parsing: cut) else {
                #expect(!ends.contains(count), "a log that ends with an event is whole: \(count)")
                continue
            }
            // A cut may leave a few zero bytes, which are no different from padding.
            let padding = parsed.leniencies.contains { if case .trailingPadding = $0 { true } else { false } }
            #expect(ends.contains(count) || padding, "\(count)")
            #expect(parsed.events.elementsEqual(log.events.prefix(parsed.events.count)))
        }
    }

    @Test(arguments: 0..<8 as Range<UInt64>)
    func noMutationTrapsAndNoneIsBelieved(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let machine = LogBuilder.machine(banks: [.sha1, .sha256], legacy: seed == 0)
        let bank = seed == 0 ? AlgorithmID.sha1 : .sha256
        let quoted = try #require(machine.values[bank])
        let original = try BootFacts(Replay(machine.parse(), bank: bank).authenticated(by: quoted).get())
        for _ in 0..<600 {
            var bytes = machine.bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let position = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: bytes.remove(at: position)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: position)
                }
            }
            guard let log = try? EventLog(parsing: bytes) else { continue }
            _ = LogDescription(log)
            guard let replay = try? Replay(log, bank: bank),
                let confirmed = try? replay.authenticated(by: quoted).get()
            else { continue }
            // The digests are all there and in order, so what is said must be what was said, or less.
            let facts = BootFacts(confirmed)
            #expect(facts.secureBoot.state == original.secureBoot.state || facts.secureBoot.state == .unknown)
            #expect(facts.bootApplications.map(\.digest) == original.bootApplications.map(\.digest))
            if let version = facts.firmwareVersion { #expect(version.value == original.firmwareVersion?.value) }
            if case .measured(let line) = facts.kernelCommandLine() {
                #expect(line.value == "/vmlinuz root=/dev/sda2 ro")
            }
            _ = (facts.authorities(), facts.grubCommands(), facts.measuredFiles(), facts.unifiedKernelSections())
        }
    }

    @Test(arguments: [UInt8(0x00), 0xFF], [1, 7, 12, 40, 5000])
    func paddingAfterTheEndIsTolerated(value: UInt8, count: Int) throws {
        let machine = LogBuilder.machine()
        let padded = machine.bytes + [UInt8](repeating: value, count: count)
        let log = try EventLog(parsing: padded)
        #expect(log.leniencies == [.trailingPadding(bytes: count)])
        #expect(try log.events.count == machine.parse().events.count)
        let legacy = LogBuilder.machine(legacy: true)
        #expect(
            try EventLog(parsing: legacy.bytes + [UInt8](repeating: value, count: count)).leniencies
                == [.trailingPadding(bytes: count)]
        )
    }

    @Test func otherBytesAfterTheEndAreRefused() {
        let bytes = LogBuilder.machine().bytes
        #expect(code(bytes + [1]) == .truncated)
        #expect(code(bytes + [0xFF, 0xFF, 0]) == .truncated)
        #expect(code(bytes + [UInt8](repeating: 0xFF, count: 40) + [0]) == .noSuchPCR)
        #expect(code(bytes + [UInt8](repeating: 0x00, count: 40) + [1]) == .wrongDigestCount)
    }

    @Test func windowsTrustPointsAreIgnoredAndEndTheLog() throws {
        var machine = LogBuilder.machine()
        let events = try machine.parse().events.count
        let digest = [(AlgorithmID.sha256, [UInt8](repeating: 9, count: 32))]
        machine.append(pcr: 0xFFFF_FFFF, .noAction, digest, [1, 2, 3])
        let log = try machine.parse()
        #expect(log.events.count == events)
        #expect(log.leniencies == [.windowsTrustPoints(count: 1)])
        machine.append(pcr: 4, .efiAction, digest, [])
        #expect(code(machine.bytes) == .eventAfterEnd)
    }

    @Test func attack55_listsAndSizesThatLie() throws {
        #expect(code([]) == .empty)
        #expect(code([UInt8](repeating: 0, count: EventLogBounds.logSize + 1)) == .tooLarge)

        let sha256 = (id: AlgorithmID.sha256.rawValue, size: UInt16(32))
        let sha1 = (id: AlgorithmID.sha1.rawValue, size: UInt16(20))
        #expect(code(LogBuilder.header([sha256])) == nil)
        #expect(code(LogBuilder.header([], count: 0)) == .tooManyAlgorithms)
        #expect(code(LogBuilder.header([sha256], count: 17)) == .tooManyAlgorithms)
        #expect(code(LogBuilder.header([sha256], count: .max)) == .tooManyAlgorithms)
        #expect(code(LogBuilder.header([sha256], count: 2)) == .badHeader)
        #expect(code(LogBuilder.header([sha1, sha256], count: 1)) == .badHeader)
        #expect(code(LogBuilder.header([sha256, sha256])) == .repeatedAlgorithm)
        #expect(code(LogBuilder.header([(sha256.id, 20)])) == .wrongDigestSize)
        #expect(code(LogBuilder.header([(sha256.id, 0xFFFF)])) == .wrongDigestSize)
        #expect(code(LogBuilder.header([(0x4242, 32)])) == .unknownAlgorithm)
        #expect(code(LogBuilder.header([(AlgorithmID.rsa.rawValue, 32)])) == .unknownAlgorithm)
        #expect(code(LogBuilder.header([sha256], vendor: [])) == .badHeader)
        #expect(code(LogBuilder.header([sha256], vendor: [4, 1, 2])) == .badHeader)
        #expect(code(LogBuilder.header([sha256], vendor: [3, 1, 2, 3])) == nil)
        #expect(code(LogBuilder.header([sha256]) + LogBuilder.machine().bytes) == .wrongDigestCount)

        let digest = (AlgorithmID.sha256, [UInt8](repeating: 1, count: 32))
        func one(
            _ digests: [(AlgorithmID, [UInt8])],
            count: UInt32? = nil,
            size: UInt32? = nil,
            pcr: UInt32 = 0
        )
            -> EventLogError.Code?
        {
            var log = LogBuilder(banks: [.sha256, .sha384])
            log.append(pcr: pcr, .crtmVersion, digests, [1, 2], count: count, size: size)
            return code(log.bytes)
        }
        #expect(one([digest]) == nil)
        #expect(one([digest], count: 0) == .wrongDigestCount)
        #expect(one([digest], count: 3) == .wrongDigestCount)
        #expect(one([digest], count: .max) == .wrongDigestCount)
        #expect(one([digest], count: 2) != nil)
        #expect(one([digest, digest]) == .repeatedAlgorithm)
        #expect(one([(.sha1, [UInt8](repeating: 1, count: 20))]) == .unknownAlgorithm)
        #expect(one([digest], size: 3) == .truncated)
        #expect(one([digest], size: UInt32(EventLogBounds.eventSize)) == .truncated)
        #expect(one([digest], size: UInt32(EventLogBounds.eventSize) + 1) == .eventTooLarge)
        #expect(one([digest], size: 0x8000_0000) == .eventTooLarge)
        #expect(one([digest], size: .max) == .eventTooLarge)
        for pcr: UInt32 in [24, 25, 31, 32, 255, 256, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFE, 0xFFFF_FFFF] {
            #expect(one([digest], pcr: pcr) == .noSuchPCR)
        }

        var legacy = LogBuilder.legacy()
        legacy.append(pcr: 4, .ipl, [(.sha1, [UInt8](repeating: 0, count: 20))], [], size: 1_206_894_525)
        #expect(code(legacy.bytes) == .eventTooLarge)
        var empty = LogBuilder.legacy()
        empty.measure(4, .ipl, [])
        #expect(try empty.parse().events.count == 1)
    }

    @Test func attack55_nestedDataOfADeepContainer() throws {
        // Windows records nest; the data of an event is never walked by its own claims.
        var nested: [UInt8] = []
        for _ in 0..<60_000 { nested += LogBuilder.le32(0x4001_0001) + LogBuilder.le32(0xFFFF_FFF0) }
        var machine = LogBuilder.machine()
        machine.measure(13, .eventTag, nested)
        machine.measure(7, .efiVariableAuthority, nested)
        machine.measure(12, .eventTag, nested)
        #expect(try machine.facts().kernelCommandLine() != .absent)
        #expect(SignatureDatabase(parsing: nested[...]) == nil)
    }

    @Test func attack55_moreEventsThanAnyMachineMeasures() {
        var log = LogBuilder.legacy()
        log.append(pcr: 0, .ipl, [(.sha1, [UInt8](repeating: 1, count: 20))], [])
        let event = log.bytes
        let many = [[UInt8]](repeating: event, count: EventLogBounds.events).flatMap(\.self)
        #expect(code(many) == nil)
        #expect(code(many + event) == .tooManyEvents)
    }

    @Test func aSecondHeaderIsRefused() {
        var machine = LogBuilder.machine()
        machine.note(0, Array("Spec ID Event03\0".utf8) + [UInt8](repeating: 0, count: 17))
        #expect(code(machine.bytes) == .repeatedHeader)
    }

    @Test func vendorInformationOutsideTheHeadersSizeIsSkipped() throws {
        // A log that tpm2-tools keeps: the size of the event does not count the vendor information it announces.
        let header = LogBuilder.header([(AlgorithmID.sha256.rawValue, 32)], vendor: [4])
        let log = try EventLog(parsing: header + [0xDE, 0xAD, 0xBE, 0xEF])
        #expect(log.leniencies == [.vendorInformationOutsideHeader(bytes: 4)])
        #expect(code(header + [0xDE, 0xAD, 0xBE]) == .badHeader)
    }

    @Test func confidentialComputingLogsAreNotPCRLogs() {
        let header = LogBuilder.header([(AlgorithmID.sha384.rawValue, 48)], pcr: 1)
        #expect(code(header) == .confidentialComputingLog)
        #expect(code(LogBuilder.header([(AlgorithmID.sha384.rawValue, 48)], pcr: 2)) == .badHeader)
        #expect(code(Array("CCEL".utf8) + [UInt8](repeating: 0, count: 52)) == .confidentialComputingTable)
    }

    @Test func errorsSayWhereAndWhat() {
        var log = LogBuilder()
        log.measure(0, .crtmVersion, [1])
        log.append(pcr: 99, .crtmVersion, [(.sha256, [UInt8](repeating: 1, count: 32))], [])
        do throws(EventLogError) {
            _ = try log.parse2()
            Issue.record("parsed")
        } catch {
            #expect(error.event == 2)
            #expect(error.value == 99)
            #expect("\(error)".contains("event 2"))
            #expect("\(error)".contains("PCR 99"))
        }
    }
}

extension LogBuilder {
    fileprivate func parse2() throws(EventLogError) -> EventLog { try EventLog(parsing: bytes) }
}
