import FoundationEssentials
import MeasuredBoot
import TPMWire
import Testing

/// Where other people's logs lie; the tests that need them are skipped without.
enum Corpus {
    static let root = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(root ?? "")/\(path)")))
    }

    static func text(_ path: String) throws -> String { String(decoding: try bytes(path), as: UTF8.self) }

    static func json<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes(path)))
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// What the corpus' index says a verifier should conclude of a log.
struct CorpusLog: CustomTestStringConvertible {
    let path: String
    let events: Int
    let banks: [AlgorithmID]
    let secureBoot: SecureBootFact.State
    var leniencies: [EventLog.Leniency] = []

    var testDescription: String { path }

    init(
        _ path: String,
        _ events: Int,
        _ banks: [AlgorithmID],
        _ secureBoot: SecureBootFact.State,
        _ leniencies: [EventLog.Leniency] = []
    ) {
        self.path = path
        self.events = events
        self.banks = banks
        self.secureBoot = secureBoot
        self.leniencies = leniencies
    }

    private static let two: [AlgorithmID] = [.sha1, .sha256]
    private static let three: [AlgorithmID] = [.sha1, .sha256, .sha384]
    private static let four: [AlgorithmID] = [.sha1, .sha256, .sha384, .sha512]
    static let goAttestation = "google+go-attestation/attest/testdata"
    static let goTPMTools = "google+go-tpm-tools/internal/test/eventlogs"
    static let immune = "immune-gmbh+guard-oss/_derived/evidence"
    private static let immuneLogs = "immune-gmbh+guard-oss/apisrv/pkg/eventlog/testdata"
    private static let keylime = "keylime+keylime"
    private static let imaEVM = "linux-integrity+ima-evm-utils/tests"
    private static let secboot = "snapcore+secboot/efi/testdata"
    private static let tpm2Tools = "tpm2-software+tpm2-tools/test/integration/fixtures"
    private static let windowsOnSHA256 = EventLog.Leniency.digestsOmitted(events: 11)

    static let all: [CorpusLog] = [
        .init("Fraunhofer-SIT+charra/logs/tcg-boot/binary_bios_measurements", 108, [.sha256], .disabled),
        .init(
            "RedHat-SP-Security+keylime-tests/functional/keylime-policy-commands/mb_log.bin",
            107,
            [.sha256],
            .disabled
        ),
        .init("canonical+tcglog-parser/testdata/binary_bios_measurements", 115, two, .enabled),
        .init("fwupd+fwupd/plugins/tpm-eventlog/tests/binary_bios_measurements-v1", 108, [.sha1], .disabled),
        .init("google+go-attestation/_derived/adversarial/event_size_zero_sha1.bin", 1, [.sha1], .unknown),
        .init("google+go-attestation/_derived/adversarial/specid_sha1.bin", 1, [.sha1], .unknown),
        .init("google+go-attestation/_derived/adversarial/specid_sha1_and_sha256.bin", 1, two, .unknown),
        .init("\(goAttestation)/crypto_agile_eventlog", 27, [.sha256], .unknown),
        .init("\(goAttestation)/ebs_event_missing_eventlog", 38, [.sha1], .disabled),
        .init("\(goAttestation)/sb_cert_eventlog", 15, three, .enabled),
        .init("\(goAttestation)/ubuntu_2104_shielded_vm_no_secure_boot_eventlog", 106, three, .disabled),
        .init("\(goTPMTools)/arch-linux-workstation.bin", 25, two, .unknown),
        .init("\(goTPMTools)/cos-101-amd-sev.bin", 49, three, .enabled),
        .init("\(goTPMTools)/cos-85-amd-sev.bin", 46, three, .enabled),
        .init("\(goTPMTools)/eventlogwithsp800155.bin", 54, three, .enabled),
        .init("\(goTPMTools)/glinux-alex.bin", 29, two, .disabled),
        .init("google+go-tpm-tools/_derived/gce-cos-85-nonce9009.eventlog.bin", 45, three, .enabled),
        .init("\(goTPMTools)/rhel8-uefi.bin", 83, three, .enabled),
        .init("\(goTPMTools)/ubuntu-2104-no-dbx.bin", 112, three, .disabled),
        .init("\(immune)/h12ssl/eventlog.bin", 114, two, .disabled),
        .init("\(immune)/test-HP-EliteBook-830-G6-add-mokx/eventlog.bin", 119, two, .enabled),
        .init("\(immune)/test-before/eventlog.bin", 117, two, .enabled),
        .init("\(immune)/test-update/eventlog.bin", 117, two, .enabled),
        .init("\(immune)/DESKTOP-MIMU51J-EPP-ESET/eventlog.bin", 62, [.sha256], .disabled),
        .init("\(immune)/dell-notebook-5eventlogs-WBCL/eventlog.0.bin", 62, [.sha256], .disabled),
        .init("\(immune)/dell-notebook-5eventlogs-WBCL/eventlog.1.bin", 62, [.sha256], .disabled),
        .init("\(immune)/dell-notebook-5eventlogs-WBCL/eventlog.2.bin", 62, [.sha256], .disabled),
        .init("\(immune)/dell-notebook-5eventlogs-WBCL/eventlog.3.bin", 62, [.sha256], .disabled),
        .init("\(immune)/dell-notebook-5eventlogs-WBCL/eventlog.4.bin", 62, [.sha256], .disabled),
        .init("\(immune)/latitude-7520/eventlog.bin", 66, [.sha256], .disabled),
        .init("\(immune)/ludmilla-2/eventlog.bin", 119, two, .disabled),
        .init("\(immune)/ludmilla/eventlog.bin", 121, two, .disabled),
        .init(
            "\(immune)/IMN-SUPERMICRO-EPP-MSDefender/eventlog.bin",
            38,
            two,
            .unknown,
            [.windowsTrustPoints(count: 1), windowsOnSHA256]
        ),
        .init(
            "\(immune)/IMN-SUPERMICRO-WBCL-Quote-AIKs/eventlog.bin",
            38,
            two,
            .unknown,
            [.windowsTrustPoints(count: 1), windowsOnSHA256]
        ),
        .init("\(immuneLogs)/binary_bios_measurements_15", 39, [.sha1], .disabled),
        .init("\(immuneLogs)/linux_event_log", 43, [.sha1], .disabled),
        .init(
            "\(immuneLogs)/tpm12_windows_lenovo_x1carbonv3",
            36,
            [.sha1],
            .enabled,
            [.windowsTrustPoints(count: 1)]
        ),
        .init("\(keylime)/_derived/mb_log.bin", 102, [.sha256], .enabled),
        .init("\(keylime)/test/data/create-mb-policy/binary_bios_measurements-secureboot", 99, [.sha256], .enabled),
        .init("\(imaEVM)/sample-binary_bios_measurements-pcrs-8-9", 162, two, .enabled),
        .init("\(imaEVM)/test_binary_bios_measurements", 47, two, .enabled),
        .init("nsacyber+HIRS/HIRS_Utils/src/test/resources/tcgeventlog/TpmLog.bin", 56, [.sha256], .disabled),
        .init("nsacyber+HIRS/tools/tcg_rim_tool/src/test/resources/TPMLog_Altered.bin", 56, [.sha256], .disabled),
        .init("osresearch+safeboot/_derived/quote-t490/eventlog", 50, two, .enabled),
        .init("salrashid123+tpm2/event_log/binary_bios_measurements", 122, three, .enabled),
        .init("\(secboot)/eventlog1.bin", 32, two, .enabled),
        .init("\(secboot)/eventlog3.bin", 29, two, .disabled),
        .init("\(secboot)/eventlog5.bin", 115, two, .enabled),
        .init("\(tpm2Tools)/event-arch-linux.bin", 25, two, .unknown),
        // Two events cut out of a log: without a separator nothing tells that firmware measured the variable.
        .init("\(tpm2Tools)/event-uefiaction.bin", 2, four, .unknown, [.digestsOmitted(events: 1)]),
        .init("\(tpm2Tools)/event-uefivar.bin", 2, four, .unknown, [.digestsOmitted(events: 1)]),
        .init("\(tpm2Tools)/event-moklisttrusted.bin", 97, [.sha256], .enabled),
        .init("\(tpm2Tools)/event-sd-boot-fedora37.bin", 28, [.sha256], .unknown),
        .init("\(tpm2Tools)/specid-vendordata.bin", 1, two, .unknown, [.vendorInformationOutsideHeader(bytes: 4)]),
        .init("\(tpm2Tools)/event-uefi-sha1-log.bin", 17, [.sha1], .unknown),
        .init(
            "tpm2-software+tpm2-tss/_derived/binary_measurements_hcrtm.bin",
            204,
            [.sha1, .sha256, .sm3_256],
            .disabled
        ),
        .init("tpm2-software+tpm2-tss/_derived/binary_measurements_pc_client.bin", 33, two, .unknown),
    ]
}

@Suite(.enabled(if: Corpus.root != nil, "needs BIRTHMARK_CORPUS"))
struct CorpusTests {
    @Test(arguments: CorpusLog.all)
    func attack59_everyRealLogIsReadAsItsIndexSays(expected: CorpusLog) throws {
        let log = try EventLog(parsing: Corpus.bytes(expected.path))
        #expect(log.events.count == expected.events)
        #expect(log.banks == expected.banks)
        #expect(log.leniencies == expected.leniencies)
        let description = try #require(LogDescription(log))
        #expect(description.secureBoot.state == expected.secureBoot, "\(description.warnings)")
        #expect(description.banks.map(\.bank) == expected.banks.filter { $0 != .sm3_256 })
    }

    @Test(arguments: [
        (
            "confidential-containers+trustee/deps/eventlog/test_data/CCEL_AAEL_alibabacloud",
            EventLogError.Code.confidentialComputingLog
        ),
        ("google+go-eventlog/testdata/eventlogs/ccel/CCEL_unpadded.data.bin", .confidentialComputingLog),
        ("google+go-eventlog/testdata/eventlogs/ccel/CCEL.bin", .confidentialComputingTable),
        ("google+go-attestation/_derived/adversarial/event_size_too_large.bin", .noSuchPCR),
        ("keylime+keylime/test/data/create-mb-policy/binary_bios_measurements-empty", .empty),
    ])
    func whatIsNoLogOfPCRsIsRefused(path: String, code: EventLogError.Code) throws {
        do throws(EventLogError) {
            _ = try EventLog(parsing: (try? Corpus.bytes(path)) ?? [1])
            Issue.record("parsed")
        } catch {
            #expect(error.code == code)
        }
    }

    // MARK: PCR values

    private func expectValues(_ path: String, _ values: [String: [String: String]], only pcrs: [Int]? = nil) throws {
        let log = try EventLog(parsing: Corpus.bytes(path))
        var compared = 0
        for (name, expected) in values {
            guard let bank = AlgorithmID(named: name), log.banks.contains(bank) else { continue }
            let replay = try Replay(log, bank: bank)
            for (index, hex) in expected {
                guard let pcr = Int(index), pcrs?.contains(pcr) ?? true else { continue }
                #expect(Corpus.hexadecimal(replay.value(of: pcr) ?? []) == hex, "\(name) \(pcr)")
                compared += 1
            }
        }
        #expect(compared > 0)
    }

    private struct GoExpectation: Decodable {
        let pcrs: [String: [String: String]]
        let efi_app_digests: [String: [String]]
    }

    @Test(arguments: [
        "arch-linux-workstation", "cos-101-amd-sev", "cos-85-amd-sev", "eventlogwithsp800155", "glinux-alex",
        "rhel8-uefi", "ubuntu-2104-no-dbx",
    ])
    func valuesAndApplicationsOfGoTPMTools(name: String) throws {
        let path = "\(CorpusLog.goTPMTools)/\(name).bin"
        let expected = try Corpus.json(GoExpectation.self, "google+go-tpm-tools/_derived/\(name).bin.expected.json")
        try expectValues(path, expected.pcrs)
        let log = try EventLog(parsing: Corpus.bytes(path))
        for (bank, digests) in expected.efi_app_digests {
            let replay = try Replay(log, bank: try #require(AlgorithmID(named: bank)))
            let facts = BootFacts(try #require(AuthenticatedLog(unconfirmed: replay)))
            #expect(facts.bootApplications.map { Corpus.hexadecimal($0.digest) } == digests)
        }
    }

    @Test(arguments: [
        ("h12ssl", "eventlog.bin", ["sha1", "sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("ludmilla", "eventlog.bin", ["sha1", "sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("ludmilla-2", "eventlog.bin", ["sha1", "sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("test-HP-EliteBook-830-G6-add-mokx", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("test-before", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("test-update", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]),
        ("DESKTOP-MIMU51J-EPP-ESET", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14]),
        ("latitude-7520", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14]),
        ("IMN-SUPERMICRO-EPP-MSDefender", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14]),
        ("IMN-SUPERMICRO-WBCL-Quote-AIKs", "eventlog.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14]),
        ("dell-notebook-5eventlogs-WBCL", "eventlog.4.bin", ["sha256"], [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14]),
    ])
    func valuesThatRealTPMsReported(folder: String, file: String, banks: [String], pcrs: [Int]) throws {
        let values = try Corpus.json([String: [String: String]].self, "\(CorpusLog.immune)/\(folder)/pcrs.json")
        try expectValues(
            "\(CorpusLog.immune)/\(folder)/\(file)",
            values.filter { banks.contains($0.key) },
            only: pcrs
        )
    }

    @Test func valuesOfOtherSources() throws {
        try expectValues(
            "\(CorpusLog.goAttestation)/sb_cert_eventlog",
            Corpus.json([String: [String: String]].self, "google+go-attestation/_derived/sb_cert_eventlog.pcrs.json"),
            only: [0, 1, 2, 3, 4, 5, 6, 7]
        )
        try expectValues(
            "fwupd+fwupd/plugins/tpm-eventlog/tests/binary_bios_measurements-v1",
            ["sha1": ["0": "543ae96e57b6fc4003531cd0dab1d9ba7f8166e0"]]
        )
        try expectValues(
            "tpm2-software+tpm2-tss/_derived/binary_measurements_hcrtm.bin",
            ["sha1": ["0": "15f4e6ca457d1af6bc49511a93ba3500ad69acc5"]]
        )

        let hirs = "nsacyber+HIRS/HIRS_Utils/src/test/resources/tcgeventlog"
        let lines = try Corpus.text("\(hirs)/TpmLogExpectedPcrs.txt").split(whereSeparator: \.isNewline).map(
            String.init
        )
        let hirsValues = Dictionary(uniqueKeysWithValues: lines.prefix(8).enumerated().map { (String($0), $1) })
        try expectValues("\(hirs)/TpmLog.bin", ["sha256": hirsValues])
        let altered = try EventLog(
            parsing: Corpus.bytes("nsacyber+HIRS/tools/tcg_rim_tool/src/test/resources/TPMLog_Altered.bin")
        )
        #expect(Corpus.hexadecimal(try Replay(altered, bank: .sha256).value(of: 0) ?? []) != hirsValues["0"])

        let ima = "linux-integrity+ima-evm-utils/tests"
        var imaValues: [String: String] = [:]
        for line in try Corpus.text("\(ima)/sample-tpm-2.0-pcrs-8-9").split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: ":")
            if fields.count == 2, let pcr = Int(fields[0].filter(\.isNumber)) {
                imaValues[String(pcr)] = fields[1].filter { !$0.isWhitespace }
            }
        }
        try expectValues(
            "\(ima)/sample-binary_bios_measurements-pcrs-8-9",
            ["sha1": imaValues],
            only: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14]
        )
    }

    @Test func aBankWhoseDigestsAreUselessIsNamedAndTheOtherStands() throws {
        let folder = "\(CorpusLog.immune)/IMN-SUPERMICRO-EPP-MSDefender"
        let log = try EventLog(parsing: Corpus.bytes("\(folder)/eventlog.bin"))
        let sha1 = try Replay(log, bank: .sha1)
        #expect(Set(sha1.obstacles.map(\.pcr)) == [11, 12, 13, 14])
        #expect(sha1.obstacles.allSatisfy { $0.cause == .digestMissing })
    }

    @Test func anOlderLogOfTheSameMachineDoesNotMatchItsQuote() throws {
        let folder = "\(CorpusLog.immune)/dell-notebook-5eventlogs-WBCL"
        let values = try Corpus.json([String: [String: String]].self, "\(folder)/pcrs.json")["sha256"] ?? [:]
        var quoted: [Int: [UInt8]] = [:]
        for pcr in [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14] {
            quoted[pcr] = [UInt8](hexadecimal: try #require(values[String(pcr)]))
        }
        for (file, differing) in [(0, [12, 13, 14]), (1, [12]), (2, [12]), (3, [12]), (4, [])] {
            let log = try EventLog(parsing: Corpus.bytes("\(folder)/eventlog.\(file).bin"))
            switch try Replay(log, bank: .sha256).authenticated(by: quoted) {
            case .success: #expect(differing.isEmpty, "log \(file)")
            case .failure(let mismatch): #expect(mismatch.pcrs.map(\.pcr) == differing, "log \(file)")
            }
        }
    }

    @Test func firmwareThatLeftOutExitBootServices() throws {
        let log = try EventLog(parsing: Corpus.bytes("\(CorpusLog.goAttestation)/ebs_event_missing_eventlog"))
        let quoted = try #require([UInt8](hexadecimal: "31245808d6d35849bc394f6343f2b3ff908ed5e3"))
        guard case .failure(let mismatch) = try Replay(log, bank: .sha1).authenticated(by: [5: quoted]) else {
            Issue.record("the log does not lead to this value")
            return
        }
        #expect(mismatch.pcrs.first?.explanation == .exitBootServicesOmitted)
    }

    // MARK: Facts

    private func facts(_ path: String, _ bank: AlgorithmID = .sha256) throws -> BootFacts {
        let replay = try Replay(EventLog(parsing: Corpus.bytes(path)), bank: bank)
        return BootFacts(try #require(AuthenticatedLog(unconfirmed: replay)))
    }

    @Test(arguments: [
        ("cos-101-amd-sev.bin", "Cos101AmdSevCmdline.txt"), ("cos-85-amd-sev.bin", "Cos85AmdSevCmdline.txt"),
    ])
    func kernelCommandLinesOfGoTPMTools(log: String, expected: String) throws {
        let text = try Corpus.text("google+go-tpm-tools/_derived/\(expected)")
        guard case .measured(let line) = try facts("\(CorpusLog.goTPMTools)/\(log)").kernelCommandLine() else {
            Issue.record("no command line")
            return
        }
        #expect(line.value + "\0" == text)
    }

    @Test func kernelCommandLinesOfSystemdBoot() throws {
        let fedora = try facts("tpm2-software+tpm2-tools/test/integration/fixtures/event-sd-boot-fedora37.bin")
        guard case .measured(let line) = fedora.kernelCommandLine() else {
            Issue.record("\(fedora.kernelCommandLine())")
            return
        }
        #expect(line.value == " console=ttyS0 console=tty0 efi=debug ")
        #expect(fedora.measuredFiles().map(\.unverifiedName) == ["Linux initrd"])
        let arch = try facts("\(CorpusLog.goTPMTools)/arch-linux-workstation.bin")
        guard case .measured(let old) = arch.kernelCommandLine() else {
            Issue.record("\(arch.kernelCommandLine())")
            return
        }
        #expect(old.value.hasPrefix("initrd=\\intel-ucode.img"))
    }

    @Test func everyLogWithGRUBHasOneCommandLine() throws {
        var measured = 0
        for entry in CorpusLog.all {
            let bank: AlgorithmID = entry.banks.contains(.sha256) ? .sha256 : .sha1
            let facts = try facts(entry.path, bank)
            #expect(facts.violations.isEmpty, "\(entry.path): \(facts.violations)")
            switch facts.kernelCommandLine() {
            case .measured: measured += 1
            case .absent: break
            case .ambiguous, .unreadable: Issue.record("\(entry.path): \(facts.kernelCommandLine())")
            }
        }
        #expect(measured > 20)
    }

    @Test func authoritiesIncludingShimsShortenedOne() throws {
        let facts = try facts("\(CorpusLog.goAttestation)/sb_cert_eventlog")
        #expect(facts.authorities().map(\.name) == ["db", "Shim", "Shim"])
        let images = facts.bootApplications
        #expect(images.count == 3)
        let authorities = facts.authorities()
        #expect(images.map { facts.unverifiedAuthority(of: $0, among: authorities)?.name } == ["db", "db", "Shim"])
        for variable in [SecureBootVariable.platformKey, .keyExchangeKeys, .allowed] {
            let contents = try #require(facts.variable(variable)).contents
            #expect(SignatureDatabase(parsing: contents)?.certificates.isEmpty == false)
        }
        let dbx = try #require(facts.variable(.forbidden))
        #expect(SignatureDatabase(parsing: dbx.contents)?.hashes.count == 77)
    }

    @Test func anOperatingSystemUpdateIsToldFromAFirmwareChange() throws {
        let before = try EventLog(parsing: Corpus.bytes("\(CorpusLog.immune)/test-before/eventlog.bin"))
        let after = try EventLog(parsing: Corpus.bytes("\(CorpusLog.immune)/test-update/eventlog.bin"))
        let differences = try #require(LogDifference.between(expected: before, actual: after, bank: .sha256))
        #expect(differences.map(\.pcr) == [4, 8, 9])
    }

    @Test func announcementsOfARealLaptop() throws {
        let facts = try facts("\(CorpusLog.immune)/test-before/eventlog.bin")
        #expect(facts.alarms.map(\.value) == [.dmaProtectionDisabled, .securityLevelDowngraded])
        #expect(facts.firmwareApplications.count == 1)
        #expect(facts.exitBootServices.returned != nil)
    }

    @Test(arguments: [
        "siglist_oversized_SignatureHeaderSize", "siglist_oversized_SignatureSize",
        "siglist_vendor_header_not_trusted",
    ])
    func signatureListsOfGoAttestation(name: String) throws {
        let bytes = try Corpus.bytes("google+go-attestation/_derived/adversarial/\(name).bin")
        let database = SignatureDatabase(parsing: bytes[...])
        if name.hasSuffix("not_trusted") {
            #expect(database?.hashes.map { Array($0.value) } == [[UInt8](repeating: 0xBB, count: 32)])
        } else {
            #expect(database == nil)
        }
    }
}
