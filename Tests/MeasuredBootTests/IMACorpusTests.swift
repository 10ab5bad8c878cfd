import MeasuredBoot
import TPMWire
import Testing

/// Lists of real machines, read as the corpus' index says.
@Suite(.enabled(if: Corpus.root != nil)) struct IMACorpusTests {
    private static let charra = "Fraunhofer-SIT+charra/logs/ima"
    private static let immune = "immune-gmbh+guard-oss/_derived/evidence"
    private static let tss = "tpm2-software+tpm2-tss/_derived/ima"
    private static let policies = "keylime+keylime/test/data/create-runtime-policy"
    private static let redHat = "RedHat-SP-Security+keylime-tests/functional/keylime_create_policy-static-data/test2"
    private static let evmUtils = "linux-integrity+ima-evm-utils/tests"
    private static let rustKeylime = "keylime+rust-keylime/keylime/test-data"

    private static func value(_ entries: [IMAEntry], _ bank: AlgorithmID, pcr: Int = 10) throws -> String {
        var replay = try IMAReplay(bank: bank, pcr: pcr, extensions: [.perBank])
        for entry in entries { try replay.extend(entry) }
        return Corpus.hexadecimal(replay.value(.perBank) ?? [])
    }

    @Test(arguments: [
        ("\(charra)/binary_runtime_measurements", IMAListForm.binary(), 1650, 0),
        ("\(immune)/h12ssl/ima.bin", .binary(), 5071, 9),
        ("\(immune)/ludmilla-2/ima.bin", .binary(), 1, 0),
    ])
    func listsOfRealMachinesLeadToTheirPCR(path: String, form: IMAListForm, entries: Int, violations: Int) throws {
        let expected: [String: [AlgorithmID: String]] = [
            Self.charra: [
                .sha1: "b9d6433e7b6f9d17ee6ae6bf42df902984df2dcd",
                .sha256: "9842c6f3a154484c12df027b9becd4e7fe9590b9a877936504b079a7b894af56",
            ],
            Self.immune + "/h12ssl": [
                .sha1: "1de9e6b4dc8c6a1c0839b1fe28fca998a0057fd9",
                .sha256: "c770b4b7a6a8c48ef7a4fd58fed362470106b4d20d2e8c1dff21362a5fe4f902",
            ],
            Self.immune + "/ludmilla-2": [
                .sha1: "9daf565b98641dc4b47a625a2a0da9636d779ce7",
                .sha256: "b8e0c5da324280f6fd6a728e672108140c0f06057337b027df8ae22022f1328b",
            ],
        ]
        let reading = try IMAReading(try Corpus.bytes(path), form, pieces: 4096)
        #expect(reading.error == nil)
        #expect(reading.entries.count == entries)
        #expect(reading.entries.filter(\.isViolation).count == violations)
        #expect(reading.entries.allSatisfy { $0.template == .imaNG })
        let machine = path.split(separator: "/").dropLast().joined(separator: "/")
        for (bank, value) in try #require(expected[machine]) {
            #expect(try Self.value(reading.entries, bank) == value)
        }
    }

    /// The ASCII copy was made four entries before the binary one.
    @Test func asciiAndBinarySayTheSame() throws {
        let binary = try IMAReading(try Corpus.bytes("\(Self.charra)/binary_runtime_measurements"))
        let ascii = try IMAReading(try Corpus.bytes("\(Self.charra)/ascii_runtime_measurements"), .ascii)
        #expect(ascii.error == nil)
        #expect(ascii.entries.count == 1646)
        #expect(try Self.value(ascii.entries, .sha256) == Self.value(Array(binary.entries.prefix(1646)), .sha256))
        for (one, other) in zip(binary.entries, ascii.entries) {
            #expect(one.templateData == other.templateData)
            #expect(one.listedDigest == other.listedDigest)
        }
    }

    /// The PCR values beside the list are those of the same boot, in both banks and by the real digest of each bank.
    @Test(arguments: ["h12ssl", "ludmilla-2"])
    func reportedPCRsAreReached(machine: String) throws {
        let text = try Corpus.text("\(Self.immune)/\(machine)/pcrs.json").lowercased()
        let bytes = try Corpus.bytes("\(Self.immune)/\(machine)/ima.bin")
        let entries = try IMAReading(bytes).entries
        for bank in [AlgorithmID.sha1, .sha256] {
            let value = try Self.value(entries, bank)
            #expect(text.contains(value))
            var prefix = try IMAPrefix(.binary(), to: try #require([UInt8](hexadecimal: value)), bank: bank)
            try prefix.read(bytes[...])
            #expect(prefix.reached?.mode == .perBank)
            #expect(prefix.reached?.entries == entries.count)
        }
    }

    /// Copies in a test of other software: two end with a newline that is not the list's, one in the middle of an entry.
    @Test(arguments: [
        ("sml-ima-ng-sha1.bin", IMATemplate.imaNG, 6, 558, "ef2a20de2a84a4780f92ab11d5c4934c709dff00"),
        ("sml-ima-sha1.bin", .ima, 12, 916, "062a05a9d18d1a51775ff8162bf6964b8dd23eb4"),
        ("sml-ima-sig-sha256.bin", .imaSig, 9, 987, "b44019405884709ca410b0c30b48159d3a556622"),
    ])
    func everyWholeEntryOfACutListIsRead(
        file: String,
        template: IMATemplate,
        entries: Int,
        offset: UInt64,
        value: String
    ) throws {
        let reading = try IMAReading(try Corpus.bytes("\(Self.tss)/\(file)"))
        #expect(reading.code == .truncated)
        #expect(reading.entries.count == entries)
        #expect(reading.offset == offset)
        #expect(reading.entries.allSatisfy { $0.template == template })
        #expect(try Self.value(reading.entries, .sha1) == value)
    }

    @Test(arguments: [("ima-log-sha1", "sha1"), ("ima-log-sha384", "sha384"), ("ima-log-unknown", "unknown")])
    func fileDigestsOfEveryAlgorithmAreRead(file: String, algorithm: String) throws {
        let reading = try IMAReading(try Corpus.bytes("\(Self.policies)/\(file)"), .ascii)
        #expect(reading.error == nil)
        #expect(reading.entries.map(\.digest.algorithm) == [algorithm, algorithm])
        #expect(reading.entries.map(\.isViolation) == [true, false])
        #expect(reading.entries.map { String(decoding: $0.name, as: UTF8.self) } == ["boot_aggregate", "/data"])
        #expect(reading.entries[0].digest.algorithmID == (algorithm == "unknown" ? nil : AlgorithmID(named: algorithm)))
    }

    @Test func listsOfOtherVerifiersTests() throws {
        let genuine = try IMAReading(try Corpus.bytes("\(Self.rustKeylime)/ima_log.txt"), .ascii)
        #expect(genuine.error == nil)
        #expect(genuine.entries.count == 1)
        _ = try Self.value(genuine.entries, .sha1)
        #expect(try IMAReading(try Corpus.bytes("\(Self.rustKeylime)/invalid_ima_log.txt"), .ascii).code == .badLine)
        #expect(try IMAReading(try Corpus.bytes("\(Self.rustKeylime)/empty_ima_log.txt"), .ascii).entries.isEmpty)
    }

    /// Signed files, keys, a policy, device mapper tables; every template digest is that of what stands beside it.
    @Test func signedFilesAndMeasuredBuffers() throws {
        let signed = try IMAReading(try Corpus.bytes("\(Self.redHat)/ascii_runtime_measurements-1"), .ascii)
        #expect(signed.error == nil)
        #expect(signed.entries.count == 4)
        _ = try Self.value(signed.entries, .sha1)
        #expect(signed.entries[0].signature == nil)
        for entry in signed.entries.dropFirst() {
            let signature = try #require(entry.signature.flatMap { IMASignature($0) })
            #expect(signature.hash == .sha256)
            #expect(Corpus.hexadecimal(signature.keyID) == "d3320449")
        }
        let measured = try IMAReading(try Corpus.bytes("\(Self.redHat)/ascii_runtime_measurements-2"), .ascii)
        #expect(measured.error == nil)
        #expect(measured.entries.count == 11)
        _ = try Self.value(measured.entries, .sha1)
        for entry in measured.entries {
            #expect(entry.digest.bytes == IMAListBuilder.hash(.sha256, Array(entry.buffer ?? [])))
        }
        #expect(measured.entries.last.map { String(decoding: $0.name, as: UTF8.self) } == ".ima")
    }

    /// A list of a TDX machine names a register of that platform, 2, where others name a PCR.
    @Test func aListOfAnotherRegisterIsNotTakenForPCR10() throws {
        let path = "cc-api+cc-trusted-api/common/golang/cctrusted_base/test_data/ima_log.bin"
        let bytes = try Corpus.bytes(path)
        let reading = try IMAReading(bytes, .ascii)
        #expect(reading.error == nil)
        #expect(reading.entries.map(\.pcr) == [2])
        #expect(reading.entries[0].listedDigest.count == 48)
        let error = #expect(throws: IMAListError.self) { try Self.value(reading.entries, .sha384) }
        #expect(error?.code == .otherPCR)
        #expect(try Self.value(reading.entries, .sha384, pcr: 2).count == 96)
        #expect(try IMAReading(bytes).code == .noSuchPCR)
    }

    /// boot_aggregate is over the PCRs of the event log of the same boot.
    @Test func bootAggregatesAreThoseOfTheEventLog() throws {
        func aggregates(_ log: String, _ bank: AlgorithmID) throws -> [[UInt8]] {
            let replay = try Replay(try EventLog(parsing: try Corpus.bytes(log)), bank: bank)
            var values: [Int: [UInt8]] = [:]
            for pcr in 0..<10 { values[pcr] = replay.value(of: pcr).map(Array.init) }
            return IMABootAggregate.digests(of: values, bank: bank).map(\.bytes)
        }
        let sample = "\(Self.evmUtils)/sample-ascii_runtime_measurements-pcrs-8-9"
        let entry = try #require(try IMAReading(try Corpus.bytes(sample), .ascii).entries.first)
        let log = "\(Self.evmUtils)/sample-binary_bios_measurements-pcrs-8-9"
        #expect(try aggregates(log, .sha256).first == entry.digest.bytes)

        let laptop = try IMAReading(try Corpus.bytes("osresearch+safeboot/_derived/quote-t490/ima"), .ascii).entries
        #expect(laptop.map { Array($0.name) } == [IMABootAggregate.name])
        #expect(laptop[0].digest.description == "sha1:d6524a6f8374eab8a5eb1c9d363ea4794f63ba6e")
        _ = try Self.value(laptop, .sha1)

        for machine in ["h12ssl", "ludmilla-2"] {
            let list = try IMAReading(try Corpus.bytes("\(Self.immune)/\(machine)/ima.bin")).entries
            let bank = try #require(list[0].digest.algorithmID)
            #expect(try aggregates("\(Self.immune)/\(machine)/eventlog.bin", bank).contains(list[0].digest.bytes))
        }
    }

    /// Three entries, in spite of what the index says: one boot_aggregate and two files.
    @Test func aListWithAKexec() throws {
        let path = "\(Self.evmUtils)/test_ascii_runtime_measurements"
        let reading = try IMAReading(try Corpus.bytes(path), .ascii)
        #expect(reading.error == nil)
        #expect(reading.entries.count == 3)
        _ = try Self.value(reading.entries, .sha1)
    }
}
