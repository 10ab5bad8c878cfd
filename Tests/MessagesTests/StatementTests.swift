import Testing

@testable import Messages

private func label(_ text: String) throws -> Label { try #require(Label(text)) }

private func pcrs(_ indices: some Sequence<Int>) throws -> PCRValues {
    let values = indices.map { ($0, [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 32)) }
    return try #require(PCRValues(bank: .sha256, values: Dictionary(uniqueKeysWithValues: values)))
}

@Suite struct ReleaseTests {
    private func parse(_ change: (inout Release) throws -> Void = { _ in }) throws -> Release {
        var release = Release(
            name: try label("os"),
            version: try label("1.1.0"),
            securityVersion: 4,
            models: [try label("gw-100")],
            hardwareRevisions: [try label("B")],
            artifact: Artifact(name: try label("os.img"), size: 10, sha256: ContentDigest(of: [1])),
            boot: BootProfile(exact: try pcrs(0..<8), facts: BootFactRequirements())
        )
        try change(&release)
        return try Release(parsing: CanonicalJSON.encode(release))
    }

    @Test func soundReleasesAreRead() throws {
        #expect(try parse().securityVersion == 4)
        #expect(try parse { $0.minimumSecurityVersion = 4 }.minimumSecurityVersion == 4)
        #expect(try parse { ($0.notBefore, $0.expires) = (1, 2) }.expires == 2)
        #expect(try parse { $0.securityVersion = UInt64.max }.securityVersion == UInt64.max)
    }

    @Test func contradictionsAreRefused() throws {
        let changes: [(inout Release) throws -> Void] = [
            { $0.formatVersion = 2 }, { $0.formatVersion = 0 }, { $0.models = [] }, { $0.hardwareRevisions = [] },
            { $0.models = Array(repeating: try label("m"), count: 257) }, { $0.minimumSecurityVersion = 5 },
            { $0.artifact.size = 0 }, { ($0.notBefore, $0.expires) = (2, 2) }, { ($0.notBefore, $0.expires) = (3, 2) },
            { $0.boot?.exact = try pcrs([]) }, { $0.notes = String(repeating: "n", count: Release.maximumSize) },
        ]
        for (index, change) in changes.enumerated() {
            #expect(throws: MessageError.self, "change \(index)") { try parse(change) }
        }
    }

    /// An instance's state holds the boots of all that it may come to run.
    @Test func bootsLongerThanAnyAreRefused() throws {
        let digest = HexBytes([UInt8](repeating: 1, count: 32))
        let longest = BootFactRequirements(
            firmwareVersion: String(repeating: "é", count: 2048),
            bootApplications: Array(repeating: digest, count: 64),
            kernelCommandLine: String(repeating: "k", count: 4096)
        )
        #expect(try parse { $0.boot?.facts = longest }.boot?.facts == longest)
        for change: (inout BootFactRequirements) -> Void in [
            { $0.firmwareVersion?.append("v") }, { $0.kernelCommandLine?.append("k") },
            { $0.bootApplications?.append(digest) },
            { $0.bootApplications = [HexBytes([UInt8](repeating: 1, count: 20))] },
        ] {
            var facts = longest
            change(&facts)
            #expect(throws: MessageError.self) { try parse { $0.boot?.facts = facts } }
        }
    }

    @Test func hostileTextsInItsNames() throws {
        let text = String(decoding: try CanonicalJSON.encode(try parse()), as: UTF8.self)
        for hostile in [#"os\n"#, #"..\/os"#, #"os\u0000"#, #"os\u202e"#] {
            let changed = text.replacing(#""name":"os""#, with: #""name":"\#(hostile)""#)
            #expect(changed != text)
            #expect(throws: MessageError.self) { try Release(parsing: Array(changed.utf8)) }
        }
    }
}

@Suite struct BirthRecordTests {
    private func key(_ seed: UInt8, handle: UInt32) throws -> BornKey {
        BornKey(
            template: try label("H-2"),
            handle: handle,
            publicArea: Blob([seed]),
            name: HexBytes([0, 11] + [UInt8](repeating: seed, count: 32)),
            qualifiedName: HexBytes([0, 11] + [UInt8](repeating: seed &+ 1, count: 32)),
            certificate: nil
        )
    }

    private func parse(_ change: (inout BirthRecord) throws -> Void = { _ in }) throws -> BirthRecord {
        var record = BirthRecord(
            serial: try label("SN-1"),
            model: try label("gw-100"),
            hardwareRevision: try label("B"),
            environment: try label("production"),
            tier: .vtpm,
            profile: try label("p256"),
            bornAt: 1,
            station: try label("station-1"),
            bornWith: BornWith(name: try label("os"), version: try label("1.0.0"), securityVersion: 1),
            ek: try key(1, handle: 0x8101_000A),
            iak: try key(2, handle: 0x8102_0001),
            idevid: try key(3, handle: 0x8102_0000),
            eccUniqueY: .empty,
            residency: Residency(
                enrolmentKey: Blob([1]),
                iakCreation: Blob([2]),
                iakSignature: Blob([3]),
                idevidCreation: Blob([4]),
                idevidSignature: Blob([5])
            ),
            counters: BornCounters(
                securityFloor: BornCounter(index: 0x01D1_0240, base: 1),
                grants: BornCounter(index: 0x01D1_0241, base: 1)
            ),
            tpm: TPMIdentity(manufacturer: "IBM", vendor: "SW", firmwareVersion: 1),
            selection: try #require(PCRSet(bank: .sha256, pcrs: 0..<10)),
            firstBoot: FirstBoot(pcrs: try pcrs(0..<10), attest: Blob([6]), signature: Blob([7]), log: nil)
        )
        try change(&record)
        return try BirthRecord(parsing: CanonicalJSON.encode(record))
    }

    @Test func soundRecordsAreRead() throws {
        let record = try parse()
        #expect(record.instance == InstanceID(iakName: record.iak.name.bytes))
    }

    @Test func contradictionsAreRefused() throws {
        let changes: [(inout BirthRecord) throws -> Void] = [
            { $0.formatVersion = 2 }, { $0.instance = InstanceID(iakName: $0.idevid.name.bytes) },
            { $0.iak = try key(9, handle: 0x8102_0001) }, { $0.idevid.name = $0.iak.name },
            { $0.ek.name = $0.idevid.name },
            { $0.ek.name = $0.iak.name }, { $0.idevid.handle = $0.iak.handle }, { $0.ek.handle = $0.iak.handle },
            { $0.counters.grants.index = $0.counters.securityFloor.index }, { $0.firstBoot.pcrs = try pcrs(0..<9) },
            { $0.firstBoot.pcrs = try pcrs(0..<11) }, { $0.firstBoot.pcrs = try pcrs([]) },
            { $0.selection = try #require(PCRSet(bank: .sha1, pcrs: 0..<10)) },
            { $0.tpm.vendor = String(repeating: "v", count: BirthRecord.maximumSize) },
            { $0.eccUniqueY = nil }, { $0.iak.template = try label("H-1") },
            { $0.endorsementIntermediates = Array(repeating: Blob([1]), count: BirthRecord.maximumIntermediates + 1) },
            {
                $0.endorsementIntermediates = [
                    Blob([UInt8](repeating: 1, count: BirthRecord.maximumIntermediateBytes + 1))
                ]
            },
            {
                $0.replaces = Replacement(
                    instance: $0.instance,
                    reason: try #require(Remark("by itself")),
                    by: try label("bob")
                )
            },
        ]
        for (index, change) in changes.enumerated() {
            #expect(throws: MessageError.self, "change \(index)") { try parse(change) }
        }
    }

    @Test(
        arguments: ["serial", "model", "hardwareRevision", "environment", "station", "profile"],
        [
            #"a\nb"#, #"a\u0000"#, #"a\u202eb"#, "../a", "", String(repeating: "a", count: 40_000),
        ]
    )
    func attack50_hostileLabelsInABirth(field: String, text: String) throws {
        let record = String(decoding: try CanonicalJSON.encode(try parse()), as: UTF8.self)
        let start = try #require(record.firstRange(of: "\"\(field)\":\"")).upperBound
        let end = try #require(record[start...].firstIndex(of: "\""))
        let changed = record[..<start] + text + record[end...]
        #expect(throws: MessageError.self) { try BirthRecord(parsing: Array(changed.utf8)) }
    }

    @Test func firstBootIsBoundToBothKeys() {
        let one = FirstBoot.qualifyingData(ekName: [1, 2], iakName: [3])
        #expect(one.count == 32)
        #expect(one != FirstBoot.qualifyingData(ekName: [1, 2], iakName: [4]))
        #expect(one != FirstBoot.qualifyingData(ekName: [1, 3], iakName: [3]))
    }
}

@Suite struct PCRTests {
    @Test func selectionsHaveOneForm() throws {
        #expect(PCRSet(bank: .sha256, pcrs: [7, 0, 23])?.pcrs == [0, 7, 23])
        for pcrs in [[], [0, 0], [24], [-1], [0, 24], Array(0...24)] {
            #expect(PCRSet(bank: .sha256, pcrs: pcrs) == nil)
        }
        func read(_ text: String) throws(MessageError) -> PCRSet {
            try CanonicalJSON.decode(PCRSet.self, from: Array(text.utf8), limit: 500)
        }
        #expect(try read(#"{"bank":"sha256","pcrs":[0,1]}"#).pcrs == [0, 1])
        for text in [
            #"{"bank":"sha256","pcrs":[1,0]}"#, #"{"bank":"sha256","pcrs":[0,0]}"#, #"{"bank":"sha256","pcrs":[]}"#,
            #"{"bank":"sha256","pcrs":[24]}"#, #"{"bank":"sha257","pcrs":[0]}"#, #"{"bank":"SHA256","pcrs":[0]}"#,
            #"{"bank":"sha256","pcrs":[0.0]}"#, #"{"bank":"sha256","pcrs":["0"]}"#, #"{"bank":"sha256"}"#,
        ] {
            #expect(throws: MessageError.self, "\(text)") { try read(text) }
        }
    }

    @Test func attack18_valuesOfTheWrongSize() throws {
        func read(_ text: String) throws(MessageError) -> PCRValues {
            try CanonicalJSON.decode(PCRValues.self, from: Array(text.utf8), limit: 5000)
        }
        func hex(_ count: Int) -> String { String(repeating: "ab", count: count) }
        #expect(try read(#"{"sha256":{"0":"\#(hex(32))","10":"\#(hex(32))"}}"#).values.count == 2)
        for text in [
            #"{"sha256":{"0":"\#(hex(31))"}}"#, #"{"sha256":{"0":"\#(hex(33))"}}"#, #"{"sha1":{"0":"\#(hex(32))"}}"#,
            #"{"sha256":{"0":"\#(hex(20))","1":"\#(hex(44))"}}"#, #"{"sha256":{"0":""}}"#,
            #"{"sha256":{"24":"\#(hex(32))"}}"#,
            #"{"sha256":{"-1":"\#(hex(32))"}}"#, #"{"sha256":{"00":"\#(hex(32))"}}"#,
            #"{"sha256":{"+0":"\#(hex(32))"}}"#,
            #"{"sha256":{" 0":"\#(hex(32))"}}"#, #"{"sha256":{"0x0":"\#(hex(32))"}}"#,
            #"{"sha256":{"٠":"\#(hex(32))"}}"#,
            #"{"sha256":{"0":"\#(hex(32).uppercased())"}}"#, #"{"sha256":{"0":"\#(hex(32))","0":"\#(hex(32))"}}"#,
            #"{"sha1":{},"sha256":{}}"#, "{}", #"{"md5":{}}"#, #"{"sha256":[]}"#,
        ] {
            #expect(throws: MessageError.self, "\(text.prefix(60))") { try read(text) }
        }
    }
}

@Suite struct RequestTests {
    private let instance = InstanceID(iakName: [1])
    private let installation = InstallationProof(
        key: Blob([UInt8](repeating: 1, count: 64)),
        signature: Blob([UInt8](repeating: 2, count: 64))
    )

    private func package() throws -> PackageReference {
        PackageReference(
            name: try label("os"),
            version: try label("1"),
            sha256: ContentDigest(of: [1]),
            manifest: ContentDigest(of: [2])
        )
    }

    private func request(_ purpose: Purpose) -> DecisionRequest {
        DecisionRequest(instance: instance, purpose: purpose, challenge: "c", installation: installation)
    }

    private func accepts(_ request: DecisionRequest) throws -> Bool {
        let bytes = try request.bytes
        return (try? DecisionRequest(parsing: bytes)) == request
    }

    @Test func partsGoWithThePurpose() throws {
        for purpose in Purpose.allCases {
            for package in [nil, try package()] {
                for (grant, vouches) in [
                    (nil, nil), ("jti", nil), (nil, ContentDigest(of: [1])), ("jti", ContentDigest(of: [1])),
                ] {
                    let request = DecisionRequest(
                        instance: instance,
                        purpose: purpose,
                        challenge: "c",
                        installation: installation,
                        package: package,
                        grant: grant,
                        vouches: vouches
                    )
                    let isRight =
                        (package != nil) == purpose.namesPackage && (grant != nil) == (purpose == .confirm)
                        && (vouches != nil) == (purpose == .vouch)
                    #expect(try accepts(request) == isRight)
                }
                let challenge = ChallengeRequest(
                    instance: instance,
                    purpose: purpose,
                    package: package?.sha256
                )
                let read = try? ChallengeRequest(parsing: CanonicalJSON.encode(challenge))
                #expect((read == challenge) == ((package != nil) == (purpose == .update)))
            }
        }
    }

    @Test func otherVersionsAndSizesAreRefused() throws {
        var request = request(.attest)
        #expect(try accepts(request))
        request.version = 2
        #expect(try !accepts(request))
        request.version = 1
        request.challenge = String(repeating: "c", count: DecisionRequest.maximumSize)
        #expect(try !accepts(request))
    }

    @Test func qualifyingDataIsOfTheExactBytes() throws {
        let bytes = try request(.attest).bytes
        let data = DecisionRequest.qualifyingData(for: bytes)
        #expect(data.count == 32)
        #expect(data != DecisionRequest.qualifyingData(for: bytes + [0x20]))
        #expect(data != ContentDigest(of: bytes).bytes, "under a domain tag")
    }

    @Test func evidenceHoldsItsPartsToTheirSizes() throws {
        func accepts(_ change: (inout Evidence) -> Void) throws -> Bool {
            var evidence = Evidence(request: Blob([1]), attest: Blob([2]), signature: Blob([3]), pcrs: try pcrs(0..<2))
            change(&evidence)
            return (try? Evidence(parsing: CanonicalJSON.encode(evidence))) == evidence
        }
        func bytes(_ count: Int) -> Blob { Blob([UInt8](repeating: 7, count: count)) }
        #expect(try accepts { _ in })
        #expect(try accepts { $0.attest = bytes(2048) })
        #expect(try !accepts { $0.attest = bytes(2049) })
        #expect(try accepts { $0.signature = bytes(1024) })
        #expect(try !accepts { $0.signature = bytes(1025) })
        #expect(try accepts { $0.request = bytes(4096) })
        #expect(try !accepts { $0.request = bytes(4097) })
        let log: [UInt8] = [1, 2, 3]
        #expect(try accepts { $0.log = ContentDigest(of: log) })
        #expect(
            try accepts {
                $0.log = ContentDigest(of: log)
                $0.logBytes = Blob(log)
            }
        )
        #expect(try !accepts { $0.logBytes = Blob(log) })
        #expect(
            try !accepts {
                $0.log = ContentDigest(of: [])
                $0.logBytes = Blob(log)
            }
        )
        let largest = [UInt8](repeating: 7, count: Evidence.maximumLogSize)
        #expect(
            try accepts {
                $0.log = ContentDigest(of: largest)
                $0.logBytes = Blob(largest)
            },
            "the whole evidence with the largest log still fits"
        )
    }

    @Test func problemsNameTheirKind() throws {
        for kind in Problem.Kind.allCases {
            let problem = Problem(kind, title: "t", status: 400)
            let bytes = try CanonicalJSON.encode(problem)
            let read = try CanonicalJSON.decode(Problem.self, from: bytes, limit: Problem.maximumSize)
            #expect(read.kind == kind)
        }
        var foreign = Problem(.busy, title: "t", status: 503)
        foreign.type = "about:blank"
        #expect(foreign.kind == nil)
    }
}
