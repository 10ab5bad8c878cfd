import Crypto
import Messages
import Testing

/// What an instance without a TPM says, and what is said of it: read strictly.
@Suite struct CompensatedMessageTests {
    private let key = P256.Signing.PrivateKey()
    private let next = P256.Signing.PrivateKey()

    private func record(_ change: (inout CompensatedBirthRecord) -> Void = { _ in }) throws -> [UInt8] {
        let label = try #require(Label("a"))
        var record = CompensatedBirthRecord(
            serial: label,
            model: label,
            hardwareRevision: label,
            environment: label,
            profile: label,
            bornAt: 1,
            station: label,
            bornWith: BornWith(name: label, version: label, securityVersion: 1),
            key: SoftwareKey(of: key),
            keyOrigin: .station,
            claims: try #require(HardwareClaims([label: label]))
        )
        change(&record)
        return try CanonicalJSON.encode(record)
    }

    private func request(_ change: (inout CompensatedRequest) -> Void = { _ in }) throws -> CompensatedRequest {
        let label = try #require(Label("a"))
        var request = CompensatedRequest(
            instance: InstanceID(firstKey: SoftwareKey(of: key)),
            purpose: .attest,
            challenge: "c",
            key: SoftwareKey(of: key),
            next: SoftwareKey(of: next),
            claims: try #require(HardwareClaims([:])),
            running: ClaimedRelease(name: label, version: label, manifest: nil)
        )
        change(&request)
        return request
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let bytes = try record()
        let read = try CompensatedBirthRecord(parsing: bytes)
        #expect(try CanonicalJSON.encode(read) == bytes)
        #expect(read.facts.tier == .compensated && read.facts.selection == nil)
    }

    @Test func aRecordThatContradictsItselfIsRefused() throws {
        let other = SoftwareKey(of: next)
        let changes: [(inout CompensatedBirthRecord) -> Void] = [
            { $0.formatVersion = 2 }, { $0.tier = .tpm }, { $0.tier = .vtpm }, { $0.key = other },
            { $0.instance = InstanceID(firstKey: other) },
            { record in
                guard let by = Label("b"), let reason = Remark("r") else { return }
                record.replaces = Replacement(instance: record.instance, reason: reason, by: by)
            },
        ]
        for change in changes {
            let bytes = try record(change)
            #expect(throws: MessageError.self) { try CompensatedBirthRecord(parsing: bytes) }
        }
    }

    /// No instance of one tier can have the name of one of the other: the domains differ.
    @Test func namesOfTiersAreApart() {
        let point = SoftwareKey(of: key)
        #expect(InstanceID(firstKey: point) != InstanceID(iakName: point.bytes))
    }

    @Test func aRequestThatContradictsItselfIsRefused() throws {
        #expect(try CompensatedRequest(parsing: request().bytes) == request())
        let label = try #require(Label("a"))
        let digest = ContentDigest(of: [1])
        let package = PackageReference(name: label, version: label, sha256: digest, manifest: digest)
        let changes: [(inout CompensatedRequest) -> Void] = [
            { $0.version = 2 }, { $0.purpose = .update }, { $0.purpose = .confirm }, { $0.purpose = .delayed },
            { $0.purpose = .vouch }, { $0.package = package }, { $0.grant = "g" }, { $0.next = $0.key },
            { ($0.purpose, $0.package) = (.farewell, package) }, { ($0.purpose, $0.grant) = (.farewell, "g") },
        ]
        for change in changes {
            let bytes = try request(change).bytes
            #expect(throws: MessageError.self) { try CompensatedRequest(parsing: bytes) }
        }
        #expect(try CompensatedRequest(parsing: request { $0.purpose = .farewell }.bytes).purpose == .farewell)
        #expect(
            try CompensatedRequest(parsing: request { ($0.purpose, $0.package) = (.update, package) }.bytes).package
                == package
        )
    }

    @Test func keysArePointsOfTheCurve() throws {
        #expect(SoftwareKey(Array(repeating: 1, count: 64)) == nil)
        #expect(SoftwareKey(Array(SoftwareKey(of: key).bytes.dropLast())) == nil)
        #expect(SoftwareKey(SoftwareKey(of: key).bytes) == SoftwareKey(of: key))
    }

    @Test func evidenceIsSignedByWhomItNames() throws {
        let request = try request()
        let evidence = try CompensatedEvidence(request, signedBy: key, next: next)
        #expect(try CompensatedEvidence(parsing: CanonicalJSON.encode(evidence)) == evidence)
        #expect(throws: MessageError.self) { try CompensatedEvidence(request, signedBy: next, next: key) }
        for change: (inout CompensatedEvidence) -> Void in [
            { $0.signature.bytes.removeLast() }, { $0.nextSignature.bytes.append(0) },
            { $0.request.bytes = Array(repeating: 0, count: CompensatedRequest.maximumSize + 1) },
        ] {
            var changed = evidence
            change(&changed)
            let bytes = try CanonicalJSON.encode(changed)
            #expect(throws: MessageError.self) { try CompensatedEvidence(parsing: bytes) }
        }
    }

    @Test func claimsAreFewAndLabels() throws {
        let label = try #require(Label("a"))
        let many = Dictionary(
            uniqueKeysWithValues: (0...HardwareClaims.maximumCount).compactMap { Label("c\($0)") }.map { ($0, label) }
        )
        #expect(HardwareClaims(many) == nil)
        let text = "{" + many.keys.sorted().map { "\"\($0)\":\"a\"" }.joined(separator: ",") + "}"
        #expect(throws: MessageError.self) {
            try CanonicalJSON.decode(HardwareClaims.self, from: Array(text.utf8), limit: 4096)
        }
        #expect(throws: MessageError.self) {
            try CanonicalJSON.decode(HardwareClaims.self, from: Array(#"{"a b":"a"}"#.utf8), limit: 4096)
        }
        let born = try #require(HardwareClaims([label: label]))
        #expect(born.differing(from: try #require(HardwareClaims([:]))) == [label])
        #expect(born.differing(from: born).isEmpty)
    }
}
