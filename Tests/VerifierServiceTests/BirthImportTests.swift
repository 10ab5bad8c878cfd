import Crypto
import Endorsement
import Messages
import TPMCrypto
import TPMWire
import Testing
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

@Suite struct BirthImportTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func importing(_ bundle: BirthBundle, _ service: TestVerifier) async throws -> [BirthOutcome] {
        try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births
    }

    /// Nothing of the bundle is taken over, and the operator is told why.
    @discardableResult
    private func refuses(
        _ bundle: BirthBundle,
        _ reason: BundleReason,
        _ service: TestVerifier,
        _ comment: Comment? = nil
    ) async throws -> Problem {
        let head = try await service.store.ledgerHead()
        let problem = try await problem { try await importing(bundle, service) }
        #expect(problem.kind == .refused && problem.reasons == [reason.rawValue], comment)
        #expect(problem.title.contains("nothing of it was taken over"), comment)
        #expect(try await service.store.ledgerHead() == head, comment)
        return problem
    }

    @Test func sameBundleTwiceChangesNothing() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let devices = try (1...3).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            let bundle = try factory.bundle(devices[0], devices[1], devices[2])
            let first = try await importing(bundle, service)
            #expect(first.map(\.outcome) == [.imported, .imported, .imported])
            #expect(first.map(\.instance) == devices.map(\.instance))
            let head = try await service.store.ledgerHead()
            let again = try await importing(bundle, service)
            #expect(again.map(\.outcome) == [.known, .known, .known])
            #expect(try await service.store.ledgerHead() == head)
            #expect(service.verifier.metrics.value(.births, "imported") == 3)
        }
    }

    @Test func attack45_sameSerialOtherTPMIsNotImported() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            let second = try SoftwareKeyDevice(serial: "SN-1")
            #expect(try await importing(try factory.bundle(first), service).map(\.outcome) == [.imported])
            let refused = try await importing(try factory.bundle(second), service)
            #expect(refused.map(\.outcome) == [.refused])
            #expect(refused[0].detail?.contains(first.instance.text) == true)
        }
    }

    @Test func attack45_sameSerialRacing() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let bundles = try (0..<8).map { _ in try factory.bundle(try SoftwareKeyDevice(serial: "SN-1")) }
            let outcomes = try await withThrowingTaskGroup(of: [BirthOutcome].self) { group in
                for bundle in bundles { group.addTask { try await importing(bundle, service) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(outcomes.filter { $0.outcome == .imported }.count == 1)
            #expect(outcomes.filter { $0.outcome == .refused }.count == 7)
            #expect(try await service.store.instances(after: nil, limit: 10).count == 1)
        }
    }

    @Test func attack52_duplicateBirthOfOneEndorsementKey() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            let second = try SoftwareKeyDevice(serial: "SN-2", ek: first.ek)
            // Both in one bundle: nothing of it is taken.
            try await refuses(try factory.bundle(first, second), .birthDoubled, service)
            #expect(try await importing(try factory.bundle(first), service).map(\.outcome) == [.imported])
            let later = try await importing(try factory.bundle(second), service)
            #expect(later.map(\.outcome) == [.refused])
            #expect(later[0].detail?.contains(first.instance.text) == true)
            // The same keys with another record.
            let again = try await importing(try factory.bundle(first), service)
            #expect(again.map(\.outcome) == [.refused])
            #expect(try await service.store.instances(after: nil, limit: 10).count == 1)
        }
    }

    /// Keys whose private halves anybody can compute: the verifier sees it by itself, and a factory can waive it by name.
    @Test func aKeyThatCanBeFactoredIsNotBelieved() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            var record = try factory.record(of: device)
            let area = try FactorableKey.area(EndorsementKeyTemplate.rsa2048.area)
            let name = try Name(of: area)
            record.ek.template = try label(EndorsementKeyTemplate.rsa2048.rawValue)
            record.ek.publicArea = Blob(area.bytes)
            record.ek.name = HexBytes(name.contents)
            record.ek.qualifiedName = HexBytes(try name.qualified(under: Name(handle: .endorsement)).contents)
            let bundle = try factory.bundle(of: [try factory.envelope(record)])
            let problem = try await refuses(bundle, .birthNotBelieved, service)
            #expect(problem.title.contains("endorsement key: CVE-2017-15361 (ROCA)"), "\(problem)")
            record.waivedAdvisories = [
                AdvisoryWaiver(advisory: try label("CVE-2017-15361"), reason: try Remark("boards of the lab").found())
            ]
            let waived = try factory.bundle(of: [try factory.envelope(record)])
            // The residency is that of the key before.
            let other = try await refuses(waived, .birthNotBelieved, service)
            #expect(!other.title.contains("CVE-2017-15361"), "\(other)")
        }
    }

    @Test func attack48_swappedKeysOfTwoDevices() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let (one, other) = (try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"))
            let (good, foreign) = (try factory.record(of: one), try factory.record(of: other))
            var records: [BirthRecord] = []
            var record = good
            record.ek = foreign.ek
            records.append(record)
            record = good
            record.idevid = foreign.idevid
            records.append(record)
            record = good
            record.residency = foreign.residency
            records.append(record)
            record = good
            record.firstBoot = foreign.firstBoot
            records.append(record)
            record = good
            record.iak = foreign.iak
            record.instance = foreign.instance
            records.append(record)
            for record in records {
                try await refuses(
                    try factory.bundle(of: [try factory.envelope(record)]),
                    .birthNotBelieved,
                    service
                )
            }
            #expect(try await service.store.instances(after: nil, limit: 10).isEmpty)
        }
    }

    @Test func attack32_certificatesOfOtherKeys() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let good = try factory.record(of: device)
            // The same serial and model, so that only the keys tell.
            let sister = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
            var exchanged = good
            swap(&exchanged.iak.certificate, &exchanged.idevid.certificate)
            var sistersIAK = good
            sistersIAK.iak.certificate = sister.iak.certificate
            var sistersIDevID = good
            sistersIDevID.idevid.certificate = sister.idevid.certificate
            for record in [exchanged, sistersIAK, sistersIDevID] {
                try await refuses(
                    try factory.bundle(of: [try factory.envelope(record)]),
                    .birthNotBelieved,
                    service
                )
            }
            #expect(try await importing(try factory.bundle(device), service).map(\.outcome) == [.imported])
        }
    }

    /// The CA has certified keys in one TPM, and the record shows the endorsement of another.
    @Test func attack48_certificatesOfAnotherEndorsement() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let other = try factory.subject(of: try SoftwareKeyDevice(serial: "SN-1"))
            func certificate(_ kind: DeviceCertificateKind, _ key: SoftwareKeyDevice.Key) throws -> Blob {
                Blob(
                    try factory.authority.issueDeviceCertificate(kind, for: key.area, of: other, at: TestFactory.bornAt)
                )
            }
            var record = try factory.record(of: device)
            record.iak.certificate = try certificate(.iak, device.iak)
            record.idevid.certificate = try certificate(.idevid, device.idevid)
            let bundle = try factory.bundle(of: [try factory.envelope(record)])
            let problem = try await refuses(bundle, .birthNotBelieved, service)
            #expect(problem.title.contains("a device with another endorsement key"), "\(problem)")
            #expect(try await importing(try factory.bundle(device), service).map(\.outcome) == [.imported])
        }
    }

    /// What a station signed that is not so.
    private static let lies: [(String, @Sendable (inout BirthRecord) throws -> Void)] = [
        ("another model than the certificates'", { $0.model = try label("m2") }),
        ("another serial than the certificates'", { $0.serial = try label("SN-9") }),
        ("hardware, of which no vendor speaks", { $0.tier = .tpm }),
        ("no IAK certificate", { $0.iak.certificate = nil }),
        ("the IAK's certificate for the IDevID", { $0.idevid.certificate = $0.iak.certificate }),
        ("a Name that is not the EK's", { $0.ek.name = $0.idevid.name }),
        ("a qualified Name under another hierarchy", { $0.iak.qualifiedName = $0.iak.name }),
        ("another firmware than the quote's", { $0.tpm.firmwareVersion += 1 }),
        ("a template that is none of ours", { $0.iak.template = try label("H-9") }),
        ("another template for the EK", { $0.ek.template = try label("L-1") }),
        ("creation statements exchanged", { swap(&$0.residency.iakCreation, &$0.residency.idevidCreation) }),
        ("a creation signature cut short", { $0.residency.iakSignature.bytes.removeLast() }),
        (
            "PCRs that were not quoted",
            { record in
                var values = record.firstBoot.pcrs.values
                values[0] = ContentDigest(of: [1]).bytes
                record.firstBoot.pcrs = try PCRValues(bank: .sha256, values: values).found()
            }
        ),
        (
            "an IAK that signs anything",
            { record in
                var area = try TPMTPublic(parsing: record.iak.publicArea.bytes)
                area.objectAttributes.remove(.restricted)
                record.iak.publicArea = Blob(area.bytes)
            }
        ),
    ]

    @Test func everyPartOfABirthIsJudgedAgain() async throws {
        try await TestVerifier.with(factory: factory) { service in
            for (lie, spoil) in Self.lies {
                var record = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
                try spoil(&record)
                let bundle = try factory.bundle(of: [try factory.envelope(record)])
                let problem = try await refuses(bundle, .birthNotBelieved, service, "\(lie)")
                // By its serial number, or its place when the record cannot be read.
                #expect(problem.title.contains(record.serial.text) || problem.title.contains("birth 1: "), "\(lie)")
            }
            #expect(try await service.store.ledgerHead().size == 1)
            #expect(service.verifier.metrics.value(.births, "refused") == Double(Self.lies.count))
        }
    }

    @Test func oneBirthThatIsNotBelievedKeepsTheBundleOut() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let good = try factory.envelope(try factory.record(of: try SoftwareKeyDevice(serial: "SN-1")))
            var bad = try factory.record(of: try SoftwareKeyDevice(serial: "SN-2"))
            bad.model = try label("m2")
            let bundle = try factory.bundle(of: [try factory.envelope(bad), good])
            let problem = try await refuses(bundle, .birthNotBelieved, service)
            #expect(problem.title.contains("SN-2") && !problem.title.contains("SN-1"))
            #expect(try await importing(try factory.bundle(of: [good]), service).map(\.outcome) == [.imported])
        }
    }

    /// What is on record stands against single births, not against the bundle.
    @Test func oneThatIsTakenLeavesTheOthersAlone() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            #expect(try await importing(try factory.bundle(first), service).map(\.outcome) == [.imported])
            let (same, other) = (try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"))
            #expect(
                try await importing(try factory.bundle(same, other), service).map(\.outcome) == [.refused, .imported]
            )
        }
    }

    @Test func onlyTheBundlesStationSignsItsBirths() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let record = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
            let stranger = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
            var envelopes = [try factory.envelope(record, by: stranger)]
            var tampered = try factory.envelope(record)
            tampered.payload.bytes[100] ^= 1
            envelopes.append(tampered)
            envelopes.append(
                try SignedEnvelope(
                    payload: try CanonicalJSON.encode(record),
                    payloadType: Release.payloadType,
                    signers: [factory.station]
                )
            )
            var signedTwice = try factory.envelope(record)
            try signedTwice.add(stranger)
            envelopes.append(signedTwice)
            for envelope in envelopes {
                try await refuses(try factory.bundle(of: [envelope]), .birthNotBelieved, service)
            }
        }
    }

    @Test func otherFactoriesCertificatesDoNotCount() async throws {
        try await TestVerifier.with(factory: factory) { service in
            // The same station's key, certificates of a CA that this verifier was not given.
            let elsewhere = try TestFactory()
            let record = try elsewhere.record(of: try SoftwareKeyDevice(serial: "SN-1"))
            try await refuses(try factory.bundle(of: [try factory.envelope(record)]), .birthNotBelieved, service)
        }
    }

    @Test(arguments: [
        "SN\n1", "SN\u{0}", "\u{202E}1-NS", "../../etc", String(repeating: "S", count: 1 << 16), "", "SN 1",
    ])
    func attack50_hostileSerial(serial: String) async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let honest = try CanonicalJSON.encode(try factory.record(of: device))
            let quoted = String(decoding: try CanonicalJSON.encode([serial]), as: UTF8.self).dropFirst().dropLast()
            let text = String(decoding: honest, as: UTF8.self)
                .split(separator: "\"SN-1\"", omittingEmptySubsequences: false).joined(separator: String(quoted))
            let envelope = try SignedEnvelope(
                payload: Array(text.utf8),
                payloadType: BirthRecord.payloadType,
                signers: [factory.station]
            )
            let problem = try await refuses(try factory.bundle(of: [envelope]), .birthNotBelieved, service)
            #expect(!problem.title.contains(serial) || serial.isEmpty)
            #expect(service.log.lines.allSatisfy { !$0.contains(serial) || serial.isEmpty })
        }
    }

    @Test func withoutAFactoryNothingIsImported() async throws {
        try await TestVerifier.with { service in
            let bundle = try factory.bundle(try SoftwareKeyDevice(serial: "SN-1"))
            let refusal = try await problem { try await importing(bundle, service) }
            #expect(refusal.kind == .conflict)
            #expect(refusal.title.contains("--birth-keys"))
        }
    }
}
