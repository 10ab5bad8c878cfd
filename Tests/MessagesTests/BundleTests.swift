import Crypto
import Testing

@testable import Messages

private func label(_ text: String) throws -> Label { try #require(Label(text)) }
private func digest(_ number: Int) -> ContentDigest { ContentDigest(of: Array(String(number).utf8)) }

@Suite struct BundleListTests {
    private let signer = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())

    private func parse(_ change: (inout BundleList) throws -> Void = { _ in }) throws -> BundleList {
        var list = BundleList(
            station: try label("line-1"),
            number: 1,
            exportedAt: 5,
            births: [digest(2), digest(1)],
            logs: [digest(1), digest(2)].sorted()
        )
        try change(&list)
        return try BundleList(parsing: CanonicalJSON.encode(list))
    }

    @Test func soundListsAreRead() throws {
        #expect(try parse().births == [digest(2), digest(1)])
        #expect(try parse { $0.number = BundleList.maximumNumber }.number == BundleList.maximumNumber)
        #expect(try parse { $0.logs = [] }.logs == [])
        #expect(try parse { $0.births = (0..<1000).map(digest) }.births.count == 1000)
    }

    @Test func contradictionsAreRefused() throws {
        let changes: [(inout BundleList) throws -> Void] = [
            { $0.formatVersion = 2 }, { $0.number = 0 }, { $0.number = -1 }, { $0.number = Int64.max },
            { $0.number = BundleList.maximumNumber + 1 }, { $0.births = [] },
            { $0.births = [digest(1), digest(1)] }, { $0.births = (0..<1001).map(digest) },
            { $0.logs = $0.logs.reversed() }, { $0.logs = [digest(1), digest(1)] },
            { $0.logs = (0..<1001).map(digest).sorted() },
        ]
        for (index, change) in changes.enumerated() {
            #expect(throws: MessageError.self, "change \(index)") { try parse(change) }
        }
    }

    @Test func aBundleIsWhatItsListNames() throws {
        let births = try (0..<3).map { number in
            try SignedEnvelope(payload: [UInt8(number)], payloadType: "t", signers: [signer])
        }
        let logs = (0..<4).map { Blob([UInt8($0)]) }
        let bundle = try BirthBundle(
            births: births,
            logs: logs,
            station: try label("line-1"),
            number: 7,
            at: 5,
            signer: signer
        )
        let read = try BirthBundle(parsing: CanonicalJSON.encode(bundle))
        #expect(read == bundle)
        let list = try BundleList(
            parsing: read.list.payload(type: BundleList.payloadType, signedBy: signer.key)
        )
        #expect(try list.births == read.births.map { ContentDigest(of: try CanonicalJSON.encode($0)) })
        #expect(list.logs == read.logs.map { ContentDigest(of: $0.bytes) })
        #expect(Set(read.logs) == Set(logs))
        #expect(list.number == 7)
    }

    @Test func bundlesAreBounded() throws {
        let envelope = try SignedEnvelope(payload: [1], payloadType: "t", signers: [])
        var bundle = BirthBundle(list: envelope, births: [envelope], logs: [])
        #expect(try BirthBundle(parsing: CanonicalJSON.encode(bundle)) == bundle)
        for version in [1, 3] {
            bundle.formatVersion = version
            let other = try CanonicalJSON.encode(bundle)
            #expect(throws: MessageError.self) { try BirthBundle(parsing: other) }
        }
        for (births, logs) in [(1001, 0), (0, 1001)] {
            bundle = BirthBundle(
                list: envelope,
                births: Array(repeating: envelope, count: births),
                logs: Array(repeating: Blob([1]), count: logs)
            )
            let large = try CanonicalJSON.encode(bundle)
            #expect(throws: MessageError.self) { try BirthBundle(parsing: large) }
        }
    }

    @Test func oneKeysStatementHasItsSignatureAndNoOther() throws {
        let other = StatementSigner.p256(P256.Signing.PrivateKey())
        let one = try SignedEnvelope(payload: [1], payloadType: "t", signers: [signer])
        #expect(try one.payload(type: "t", signedBy: signer.key) == [1])
        #expect(throws: MessageError.self) { try one.payload(type: "u", signedBy: signer.key) }
        #expect(throws: MessageError.self) { try one.payload(type: "t", signedBy: other.key) }
        let both = try SignedEnvelope(payload: [1], payloadType: "t", signers: [signer, other])
        #expect(throws: MessageError.self) { try both.payload(type: "t", signedBy: signer.key) }
        let none = try SignedEnvelope(payload: [1], payloadType: "t", signers: [])
        #expect(throws: MessageError.self) { try none.payload(type: "t", signedBy: signer.key) }
    }
}

@Suite struct StationKeysTests {
    private func station(_ name: String, _ key: StatementKey, from: Int64 = 10, until: Int64 = 20) throws -> StationKey
    {
        StationKey(name: try label(name), key: key, from: from, until: until)
    }
    private let keys = (0..<2).map { _ in StatementKey(P256.Signing.PrivateKey().publicKey) }

    @Test func severalStationsAreOneFile() throws {
        let stations = try StationKeys([station("line-1", keys[0]), station("line-2", keys[1], until: 30)])
        #expect(try StationKeys(parsing: EditedJSON.encode(stations)) == stations)
        #expect(stations.station(keyID: keys[1].id)?.name.text == "line-2")
        #expect(stations.station(keyID: "") == nil)
    }

    @Test func validityIsHalfOpen() throws {
        let station = try station("line-1", keys[0])
        #expect([9, 10, 19, 20].map(station.isValid) == [false, true, true, false])
    }

    @Test func stationsThatCannotBeToldApartAreRefused() throws {
        var broken = keys[0]
        broken.publicKey.bytes[1] ^= 1
        let lists: [[StationKey]] = try [
            [], [station("line-1", keys[0]), station("line-1", keys[1])],
            [station("line-1", keys[0]), station("line-2", keys[0])], [station("line-1", keys[0], until: 10)],
            [station("line-1", broken)],
        ]
        for (index, list) in lists.enumerated() {
            #expect(throws: MessageError.self, "list \(index)") { try StationKeys(list) }
        }
        // What went before: keys without stations.
        let bare = try EditedJSON.encode(SigningKeys(threshold: 1, keys: [keys[0]]))
        #expect(throws: MessageError.self) { try StationKeys(parsing: bare) }
        var future = try StationKeys([station("line-1", keys[0])])
        future.formatVersion = 2
        let bytes = try EditedJSON.encode(future)
        #expect(throws: MessageError.self) { try StationKeys(parsing: bytes) }
    }
}

@Suite struct ReworkTests {
    @Test func reworksAreRead() throws {
        var rework = Rework(
            station: try label("line-1"),
            serial: try label("SN-1"),
            instance: InstanceID(iakName: [1]),
            endorsementKey: digest(1),
            record: nil,
            reason: try #require(Remark("dead")),
            by: try label("bob"),
            at: 5
        )
        #expect(try Rework(parsing: CanonicalJSON.encode(rework)) == rework)
        rework.record = digest(2)
        #expect(try Rework(parsing: CanonicalJSON.encode(rework)) == rework)
        let text = String(decoding: try CanonicalJSON.encode(rework), as: UTF8.self)
        for hostile in [#"de\nad"#, #"\u202ed"#, ""] {
            let changed = text.replacing(#""reason":"dead""#, with: #""reason":"\#(hostile)""#)
            #expect(throws: MessageError.self) { try Rework(parsing: Array(changed.utf8)) }
        }
        rework.formatVersion = 2
        let future = try CanonicalJSON.encode(rework)
        #expect(throws: MessageError.self) { try Rework(parsing: future) }
    }
}
