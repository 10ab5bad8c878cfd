import Crypto
import Endorsement
import Messages
import Testing

@testable import VerifierService

/// A bundle is taken as the station made it, or not at all.
@Suite struct BundleTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func envelope(_ serial: String) throws -> SignedEnvelope {
        try factory.envelope(try factory.record(of: try SoftwareKeyDevice(serial: serial)))
    }

    private func judge(allowed: EKAllowList? = nil) throws -> BundleJudge {
        BundleJudge(
            stations: try factory.birthKeys,
            factories: FactoryPolicy(anchors: TrustAnchors([try ParsedCertificate(der: try factory.authority.der())])),
            endorsement: nil,
            allowed: allowed
        )
    }

    private func reason(
        _ bundle: BirthBundle,
        at now: Int64 = TestFactory.bornAt + 10,
        allowed: EKAllowList? = nil
    ) throws -> BundleReason? {
        let judge = try judge(allowed: allowed)
        do throws(BundleJudge.Refused) {
            _ = try judge.judge(bundle, at: now)
            return nil
        } catch { return error.reason }
    }

    /// A bundle that says of itself what it holds, signed by the station; `change` makes it say otherwise.
    private func bundle(
        _ births: [SignedEnvelope],
        _ logs: [Blob] = [],
        _ change: (inout BundleList) throws -> Void = { _ in }
    ) throws -> BirthBundle {
        var bundle = try factory.bundle(of: births, logs: logs)
        var list = try BundleList(parsing: bundle.list.payload.bytes)
        try change(&list)
        bundle.list = try list.signed(by: factory.station)
        return bundle
    }

    // MARK: Whole or not at all

    /// Whatever byte of the file is changed, and to whatever of some values: it is no bundle, or it is refused.
    @Test(.timeLimit(.minutes(20))) func aByteAnywhere() async throws {
        let honest = try factory.bundle(of: [try envelope("SN-1")])
        #expect(try reason(honest) == nil)
        let bytes = try CanonicalJSON.encode(honest)
        let births = try #require(bytes.firstRange(of: Array("],\"formatVersion\":2".utf8))).lowerBound
        var taken: [Int] = []
        var parsed = 0
        // Every position of the list and what stands around it, and one in seventeen of the birth.
        for position in bytes.indices where position >= births || position % 17 == 0 {
            // Other tests wait for this thread.
            await Task.yield()
            var changed = bytes
            changed[position] ^= position % 2 == 0 ? 0x01 : 0x02
            guard let bundle = try? BirthBundle(parsing: changed) else { continue }
            parsed += 1
            if try reason(bundle) == nil { taken.append(position) }
        }
        #expect(taken == [])
        // Most changes leave a readable bundle: the judge was asked, not the parser alone.
        #expect(parsed > 400)
    }

    @Test func missingAddedDoubledAndExchangedBirths() throws {
        let births = try ["SN-1", "SN-2", "SN-3"].map(envelope)
        let honest = try bundle(births)
        #expect(try reason(honest) == nil)
        let others: [[SignedEnvelope]] = [
            Array(births.dropLast()), Array(births.dropFirst()), births + [try envelope("SN-4")],
            births + [births[0]], [births[1], births[0], births[2]], [births[0], births[0], births[2]], [],
            [births[0], births[1], try envelope("SN-3")],
        ]
        for (index, other) in others.enumerated() {
            var changed = honest
            changed.births = other
            #expect(try reason(changed) == .birthsDiffer, "\(index)")
        }
    }

    /// Without vendors' roots no certificate lifts a key above the list: a station's thief can attach any.
    @Test func anAllowListBindsKeysWithACertificateThatNobodyJudges() throws {
        let devices = try (1...2).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
        let list = try EKAllowList(parsing: LowercaseHex.encode(EKAllowList.digest(of: devices[0].ek.area))).found()
        for certificate in [nil, Blob([0x30, 0x00])] {
            let verdicts = try devices.map { device in
                var record = try factory.record(of: device)
                record.ek.certificate = certificate
                return try reason(try bundle([try factory.envelope(record)]), allowed: list)
            }
            #expect(verdicts == [nil, .birthNotBelieved])
        }
    }

    /// The station itself signs one birth twice, one device twice, one serial number twice.
    @Test func attack45_sameSerialTwiceInOneBundle() throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let twice = try (0..<2).map { _ in try factory.envelope(try factory.record(of: device)) }
        #expect(try reason(try bundle(twice)) == .birthDoubled)
        #expect(try reason(try bundle(["SN-1", "SN-1"].map(envelope))) == .birthDoubled)
        #expect(throws: MessageError.self) { try bundle([twice[0], twice[0]]) }
        // Two boards that both replace the first one.
        let swaps = try (0..<2).map { _ in
            try factory.envelope(
                try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"), replacing: device.instance)
            )
        }
        #expect(try reason(try bundle(swaps)) == .birthDoubled)
        #expect(try reason(try bundle([twice[0], swaps[0]])) == nil)
    }

    @Test func attack52_sameEndorsementKeyTwiceInOneBundle() throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let other = try SoftwareKeyDevice(serial: "SN-2", ek: device.ek)
        let records = [try factory.record(of: device), try factory.record(of: other)]
        #expect(try reason(try bundle(records.map { try factory.envelope($0) })) == .birthDoubled)
        // Nor as its own successor.
        var swap = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1", ek: device.ek))
        swap.replaces = try factory.record(of: other, replacing: device.instance).replaces
        #expect(try reason(try bundle([records[0], swap].map { try factory.envelope($0) })) == .birthDoubled)
    }

    /// Two devices of one batch whose keys were exchanged keep the whole batch out.
    @Test func attack48_swappedKeysWithinOneBatch() throws {
        var records = try (1...3).map { try factory.record(of: try SoftwareKeyDevice(serial: "SN-\($0)")) }
        let ek = records[0].ek
        records[0].ek = records[1].ek
        records[1].ek = ek
        #expect(try reason(try bundle(records.map { try factory.envelope($0) })) == .birthNotBelieved)
    }

    @Test func missingAddedAndChangedLogs() throws {
        // The judge replays no log before it knows that the station signed for just these.
        let birth = try envelope("SN-1")
        let log = Blob([1, 2, 3])
        var honest = try bundle([birth], [log])
        // The station's word for a log that no birth names.
        #expect(try reason(honest) == .logsDiffer)
        honest = try bundle([birth])
        for logs in [[log], [Blob([])], [Blob([UInt8](repeating: 0, count: Evidence.maximumLogSize + 1))]] {
            var changed = honest
            changed.logs = logs
            #expect(try reason(changed) == .logsDiffer)
        }
        // A birth that names a log which did not come along.
        var record = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
        record.firstBoot.log = ContentDigest(of: log.bytes)
        #expect(try reason(try bundle([try factory.envelope(record)])) == .logsDiffer)
    }

    // MARK: Stations

    @Test func unknownStations() throws {
        let births = [try envelope("SN-1")]
        let honest = try bundle(births)
        var unsigned = honest
        unsigned.list.signatures = []
        #expect(try reason(unsigned) == .stationUnknown)
        var foreign = honest
        let list = try BundleList(parsing: honest.list.payload.bytes)
        foreign.list = try list.signed(by: .p256(P256.Signing.PrivateKey()))
        #expect(try reason(foreign) == .stationUnknown)
        // A stranger who names the station's key.
        foreign.list.signatures[0].keyid = factory.station.key.id
        #expect(try reason(foreign) == .listSignature)
        // A second signature that nothing covers.
        var more = honest
        try more.list.add(.p256(P256.Signing.PrivateKey()))
        #expect(try reason(more) == .listSignature)
        // A birth record in the list's place.
        var other = honest
        other.list = births[0]
        #expect(try reason(other) == .listSignature)
        other.list = try SignedEnvelope(
            payload: Array("{}".utf8),
            payloadType: BundleList.payloadType,
            signers: [factory.station]
        )
        #expect(try reason(other) == .listUnreadable)
    }

    @Test func stationsThatSayTheyAreAnother() throws {
        let births = [try envelope("SN-1")]
        #expect(try reason(try bundle(births) { $0.station = try label("line-2") }) == .stationDiffers)
        var record = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
        record.station = try label("line-2")
        #expect(try reason(try bundle([try factory.envelope(record)])) == .stationDiffers)
    }

    @Test func stationsExpireByTheVerifiersClock() throws {
        let honest = try bundle([try envelope("SN-1")])
        #expect(try reason(honest, at: TestFactory.until - 1) == nil)
        #expect(try reason(honest, at: TestFactory.until) == .stationExpired)
        #expect(try reason(honest, at: TestFactory.from) == nil)
        #expect(try reason(honest, at: TestFactory.from - 1) == .stationExpired)
        for date in [TestFactory.from - 1, TestFactory.until] {
            #expect(try reason(try bundle([try envelope("SN-1")]) { $0.exportedAt = date }) == .stationExpired)
            var record = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"))
            record.bornAt = date
            #expect(try reason(try bundle([try factory.envelope(record)])) == .birthOutsideValidity)
        }
    }
}
