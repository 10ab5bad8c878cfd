import Crypto
import Endorsement
import FactoryAuthority
import FoundationEssentials
import Messages
import SoftwareDevice
import Synchronization
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@testable import FactoryLine

/// The CA's side of a birth against stations and TPMs that lie, with real TPMs behind every statement.
@Suite struct EnrolmentDeskTests {
    /// What a TPM says about its keys, in the parts a liar could exchange.
    struct Statements: Sendable {
        var device: SoftwareDevice
        var endorsementKey: TPMTPublic
        var enrolmentKey: TPMTPublic
        var certificate: [UInt8]?
        var secret: [UInt8]
        var identifier: [UInt8]
        var iak: ResidencyProof.CertifiedKey
        var idevid: ResidencyProof.CertifiedKey

        var keys: ResidencyProof {
            ResidencyProof(endorsementKey: endorsementKey, enrolmentKey: enrolmentKey, iak: iak, idevid: idevid)
        }

        /// Describes the attestation key otherwise; what the TPM said of it stays.
        mutating func describeKey(_ change: (inout TPMTPublic) -> Void) {
            var area = iak.publicArea
            change(&area)
            iak = ResidencyProof.CertifiedKey(publicArea: area, attest: iak.attest, signature: iak.signature)
        }

        /// The certification request, signed by the identity key of the device that these statements began with.
        func answer(secret other: [UInt8]? = nil, serial: String = "GW-0001") async throws -> EnrolmentAnswer {
            let proof = EnrolmentProof(
                challenge: HexBytes(identifier),
                enrolmentKey: Blob(enrolmentKey.bytes),
                proof: HexBytes(try keys.activationProof(secret: other ?? secret, challenge: identifier))
            )
            let field = try certificate.map { try EKCertificate(fromNV: $0).certificate.bytes }
            let content = IDevIDContent(
                hash: .sha256,
                model: Array("gw-100".utf8),
                serial: Array(serial.utf8),
                caData: try CanonicalJSON.encode(proof),
                endorsement: field ?? endorsementKey.bytes,
                attestationKey: iak.publicArea,
                attestationStatement: iak.attest,
                attestationStatementSignature: iak.signature,
                identityKey: idevid.publicArea,
                identityStatement: idevid.attest,
                identityStatementSignature: idevid.signature
            )
            let contents = content.bytes(form: .own)
            let signature = try await device.onTPM { tpm throws(TPMError) in
                let key = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.idevid(), in: .endorsement)
                return try tpm.sign(HashAlgorithm.sha256.digest(contents), with: key.object)
            }
            return EnrolmentAnswer(
                request: Blob(try IDevIDRequest.bytes(contents: contents, signature: signature, form: .own)),
                form: .own
            )
        }
    }

    private func desk(_ line: TestLine) throws -> EnrolmentDesk {
        EnrolmentDesk(try FactoryAuthority(opening: line.station.directory.authority), now: { TestLine.now })
    }

    private static func request(
        endorsementKey: TPMTPublic,
        certificate: [UInt8]?,
        enrolmentKey: TPMTPublic,
        serial: String = "GW-0001",
        retired: [ContentDigest] = []
    ) -> EnrolmentRequest {
        EnrolmentRequest(
            serial: TestLine.label(serial),
            model: TestLine.label("gw-100"),
            tier: .vtpm,
            endorsementKey: Blob(endorsementKey.bytes),
            certificateIndex: 0x01C0_000A,
            certificate: certificate.map { Blob($0) },
            intermediates: [],
            enrolmentKey: Blob(enrolmentKey.bytes),
            retired: retired
        )
    }

    private static let station = TestLine.label("line-1")

    /// Plays the station honestly as far as the templates allow.
    private func enrol(
        _ device: SoftwareDevice,
        at desk: EnrolmentDesk,
        iak: TPMTPublic = DeviceIdentityTemplate.eccP256.iak(),
        enrolmentKey: TPMTPublic = ResidencyProof.enrolmentTemplate,
        qualifyingData: [UInt8]? = nil,
        serial: String = "GW-0001",
        retired: [ContentDigest] = []
    ) async throws -> Statements {
        try await withTPM(tcti: device.tcti) { tpm in
            try await enrol(device, tpm, desk, iak, enrolmentKey, qualifyingData, serial, retired)
        }
    }

    private func enrol(
        _ device: SoftwareDevice,
        _ tpm: isolated TPM,
        _ desk: EnrolmentDesk,
        _ iakTemplate: TPMTPublic,
        _ enrolmentTemplate: TPMTPublic,
        _ qualifyingData: [UInt8]?,
        _ serial: String,
        _ retired: [ContentDigest]
    ) async throws -> Statements {
        let connection = try tpm.connection
        let profile = try TestLine.profile()
        let ek = try connection.keep(connection.endorsementKey(of: profile), of: profile)
        let ekArea = try connection.readPublic(ek).publicArea
        let enrolment = try connection.createPrimary(enrolmentTemplate, in: .endorsement)
        let area = enrolment.object.publicArea
        let index = Handle(rawValue: 0x01C0_000A)
        let certificate = try connection.content(of: index)
        let challenge = try await desk.challenge(
            Self.request(
                endorsementKey: ekArea,
                certificate: certificate,
                enrolmentKey: area,
                serial: serial,
                retired: retired
            ),
            from: Self.station
        )
        let secret = try connection.activateCredential(
            TPM2BIDObject(parsing: challenge.idObject.bytes),
            secret: TPM2BEncryptedSecret(parsing: challenge.secret.bytes),
            of: enrolment.object,
            with: ek,
            keyAuthorization: .session(try connection.endorsementSession(for: ek))
        )
        let ekName = try Name(of: ekArea)
        let enrolmentName = enrolment.object.name
        func statement(
            about key: borrowing CreatedPrimary,
            by signer: borrowing TransientObject
        ) throws -> ResidencyProof.CertifiedKey {
            let statement = try connection.certifyCreation(
                of: key.object,
                creation: key.creation,
                with: signer,
                qualifyingData: qualifyingData
                    ?? ResidencyProof.qualifyingData(
                        endorsementKey: ekName,
                        enrolmentKey: enrolmentName,
                        certified: key.object.name
                    )
            )
            return .init(
                publicArea: key.object.publicArea,
                attest: statement.attest,
                signature: statement.signature
            )
        }
        let iak = try connection.createPrimary(iakTemplate, in: .endorsement)
        let certifiedIAK = try statement(about: iak, by: enrolment.object)
        let idevid = try connection.createPrimary(DeviceIdentityTemplate.eccP256.idevid(), in: .endorsement)
        return Statements(
            device: device,
            endorsementKey: ekArea,
            enrolmentKey: area,
            certificate: certificate,
            secret: secret,
            identifier: challenge.identifier.bytes,
            iak: certifiedIAK,
            idevid: try statement(about: idevid, by: iak.object)
        )
    }

    private func expect(_ reasons: ResidencyReason..., from body: () async throws -> Void) async {
        await expect(reasons.map(BirthReason.residency), from: body)
    }

    private func expect(request reason: CSRReason, from body: () async throws -> Void) async {
        await expect([.request(reason)], from: body)
    }

    private func expect(_ reasons: [BirthReason], from body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("nothing was refused")
        } catch let refusal as BirthRefusal {
            #expect(refusal.reasons == reasons)
        } catch {
            Issue.record("\(error)")
        }
    }

    private func issue(_ answer: EnrolmentAnswer, at desk: EnrolmentDesk) async throws {
        _ = try await desk.enrol(answer, from: Self.station)
    }

    @Test func attack47_wrongActivationThenRight() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                let statements = try await enrol(device, at: desk)
                var wrong = statements.secret
                wrong[0] ^= 1
                let lie = try await statements.answer(secret: wrong)
                await expect(.activationWrong) { try await issue(lie, at: desk) }
                // The right answer comes too late: each challenge is answered once.
                await expect(.challengeUnknown) { try await issue(await statements.answer(), at: desk) }
                let again = try await enrol(device, at: desk)
                try await issue(await again.answer(), at: desk)
                await expect(.challengeUnknown) { try await issue(await again.answer(), at: desk) }
                // And at a desk that never asked.
                let other = try self.desk(line)
                await expect(.challengeUnknown) { try await issue(await statements.answer(), at: other) }
            }
        }
    }

    /// A clock that a test sets.
    private final class Clock: Sendable {
        private let seconds = Mutex(TestLine.now)

        var now: Int64 { seconds.withLock { $0 } }

        func advance(_ by: Int64) { seconds.withLock { $0 += by } }
    }

    private func desk(_ line: TestLine, _ clock: Clock) throws -> EnrolmentDesk {
        EnrolmentDesk(try FactoryAuthority(opening: line.station.directory.authority), now: { clock.now })
    }

    @Test func aChallengeIsGoodForTenMinutes() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let clock = Clock()
                let desk = try desk(line, clock)
                let late = try await enrol(device, at: desk)
                clock.advance(601)
                await expect(.challengeUnknown) { try await issue(await late.answer(), at: desk) }
                let last = try await enrol(device, at: desk)
                clock.advance(600)
                try await issue(await last.answer(), at: desk)
            }
        }
    }

    /// A station that never answers pushes its own challenges out, and nobody else's.
    @Test func aStationHasABoundedNumberOfOpenChallenges() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let clock = Clock()
                let desk = try desk(line, clock)
                let oldest = try await enrol(device, at: desk)
                clock.advance(1)
                let second = try await enrol(device, at: desk)
                clock.advance(1)
                let request = Self.request(
                    endorsementKey: oldest.endorsementKey,
                    certificate: oldest.certificate,
                    enrolmentKey: oldest.enrolmentKey
                )
                for _ in 0..<1022 { _ = try await desk.challenge(request, from: Self.station) }
                _ = try await desk.challenge(request, from: TestLine.label("line-2"))
                // The one that is too much.
                _ = try await desk.challenge(request, from: Self.station)
                await expect(.challengeUnknown) { try await issue(await oldest.answer(), at: desk) }
                try await issue(await second.answer(), at: desk)
            }
        }
    }

    /// Who has one station's key takes nothing away from a device of another station, and from none before a TPM has shown that it asks.
    @Test func attack45_aStationSwapsNoBoardOfAnother() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let desk = try desk(line)
                    let directory = line.station.directory.authority
                    let serial = TestLine.label("GW-0001")
                    let old = try await enrol(first, at: desk)
                    try await issue(await old.answer(), at: desk)
                    let tpm = ContentDigest(of: old.endorsementKey.bytes)

                    // The station's own swap: the first board keeps what it has until the second one has shown that it is there.
                    let new = try await enrol(second, at: desk, retired: [tpm])
                    #expect(try FactoryAuthority.holder(of: serial, in: directory) == tpm)
                    #expect(!FileManager.default.fileExists(atPath: directory.revocationList))

                    let request = Self.request(
                        endorsementKey: new.endorsementKey,
                        certificate: new.certificate,
                        enrolmentKey: new.enrolmentKey,
                        retired: [tpm]
                    )
                    await expect([.serialTaken(by: tpm)]) {
                        _ = try await desk.challenge(request, from: TestLine.label("line-2"))
                    }
                    #expect(try FactoryAuthority.holder(of: serial, in: directory) == tpm)
                    #expect(!FileManager.default.fileExists(atPath: directory.revocationList))

                    try await issue(await new.answer(), at: desk)
                    let holder = ContentDigest(of: new.endorsementKey.bytes)
                    #expect(try FactoryAuthority.holder(of: serial, in: directory) == holder)
                    #expect(FileManager.default.fileExists(atPath: directory.revocationList))
                }
            }
        }
    }

    @Test func attack48_swappedEKAndIAK() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let desk = try desk(line)
                    var swapped = try await enrol(first, at: desk)
                    let other = try await enrol(second, at: desk, serial: "GW-0002")
                    // The other's attestation key, with its own true statement.
                    swapped.iak = other.iak
                    await expect(request: .statementSignatureInvalid) {
                        try await issue(await swapped.answer(), at: desk)
                    }
                    // And with the other's enrolment key, which the credential was not made for.
                    swapped = try await enrol(first, at: desk)
                    swapped.enrolmentKey = other.enrolmentKey
                    swapped.iak = other.iak
                    swapped.idevid = other.idevid
                    await expect(.activationWrong) { try await issue(await swapped.answer(), at: desk) }
                }
            }
        }
    }

    /// A credential to one TPM's endorsement key for another TPM's enrolment key is of no use to either.
    @Test func attack48_credentialForAnotherTPMsKey() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let desk = try desk(line)
                    let one = try await enrol(first, at: desk)
                    let other = try await enrol(second, at: desk, serial: "GW-0002")
                    let challenge = try await desk.challenge(
                        Self.request(
                            endorsementKey: one.endorsementKey,
                            certificate: one.certificate,
                            enrolmentKey: other.enrolmentKey
                        ),
                        from: Self.station
                    )
                    let idObject = try TPM2BIDObject(parsing: challenge.idObject.bytes)
                    let secret = try TPM2BEncryptedSecret(parsing: challenge.secret.bytes)
                    for device in [first, second] {
                        await #expect(throws: TPMError.self) {
                            try await device.onTPM { tpm throws(TPMError) in
                                guard let ek = try tpm.persistentObject(at: Handle(rawValue: 0x8101_000A)) else {
                                    return
                                }
                                let key = try tpm.createPrimary(ResidencyProof.enrolmentTemplate, in: .endorsement)
                                _ = try tpm.activateCredential(
                                    idObject,
                                    secret: secret,
                                    of: key.object,
                                    with: ek,
                                    keyAuthorization: .session(try tpm.endorsementSession(for: ek))
                                )
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func attack27_unrestrictedEnrolmentKey() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                var template = ResidencyProof.enrolmentTemplate
                template.objectAttributes.remove(.restricted)
                let unrestricted = template
                await expect(.enrolmentKeyUnsuitable) {
                    _ = try await enrol(device, at: desk, enrolmentKey: unrestricted)
                }
            }
        }
    }

    @Test func attack28_importedKeyAtEnrolment() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                let raw = Array(P256.Signing.PrivateKey().publicKey.rawRepresentation)
                let point = TPMSECCPoint(x: Array(raw.prefix(32)), y: Array(raw.suffix(32)))

                // A key whose private half its maker knows, as a TPM would truly describe it after TPM2_Import …
                var statements = try await enrol(device, at: desk)
                statements.describeKey { area in
                    area.objectAttributes.subtract([.sensitiveDataOrigin, .fixedTPM, .fixedParent])
                    if case .ecc(let detail, _) = area.parameters { area.parameters = .ecc(detail, unique: point) }
                }
                await expect(request: .keysUnsuitable) { [statements] in
                    try await issue(await statements.answer(), at: desk)
                }
                // … and as its maker would rather have it described.
                statements = try await enrol(device, at: desk)
                statements.describeKey { area in
                    if case .ecc(let detail, _) = area.parameters { area.parameters = .ecc(detail, unique: point) }
                }
                await expect(request: .statementSignatureInvalid) { [statements] in
                    try await issue(await statements.answer(), at: desk)
                }
            }
        }
    }

    @Test func attack29_duplicableKeyAtEnrolment() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                var template = DeviceIdentityTemplate.eccP256.iak()
                template.objectAttributes.subtract([.fixedTPM, .fixedParent])
                let statements = try await enrol(device, at: desk, iak: template)
                await expect(request: .keysUnsuitable) { try await issue(await statements.answer(), at: desk) }
            }
        }
    }

    @Test func attack30_sameKeyWithAnotherNameAlg() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                // Made by the TPM with SHA-384 for its Name …
                var template = DeviceIdentityTemplate.eccP384.iak()
                template.parameters = DeviceIdentityTemplate.eccP256.iak().parameters
                let made = try await enrol(device, at: desk, iak: template)
                await expect(request: .keysUnsuitable) { try await issue(await made.answer(), at: desk) }
                // … or only described so.
                var statements = try await enrol(device, at: desk)
                statements.describeKey { $0.nameAlg = .sha384 }
                await expect(request: .keysUnsuitable) { [statements] in
                    try await issue(await statements.answer(), at: desk)
                }
            }
        }
    }

    @Test func attack31_iakWithUserWithAuthOnly() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                var template = DeviceIdentityTemplate.eccP256.iak()
                template.objectAttributes.remove(.adminWithPolicy)
                template.authPolicy = []
                let statements = try await enrol(device, at: desk, iak: template)
                await expect(request: .keysUnsuitable) { try await issue(await statements.answer(), at: desk) }
            }
        }
    }

    @Test func attack36_uniqueYVariantIsAnotherKey() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                let empty = try await enrol(device, at: desk)
                let repeated = try await enrol(
                    device,
                    at: desk,
                    iak: DeviceIdentityTemplate.eccP256.iak(uniqueY: .repeated)
                )
                #expect(empty.iak.publicArea != repeated.iak.publicArea)
            }
        }
    }

    @Test func attack26_everyAttributeBitOfEveryKey() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let honest = try await enrol(device, at: desk(line)).keys
                #expect(honest.reasons(template: .eccP256) == [])
                for bit in 0..<32 {
                    func flipped(_ area: TPMTPublic) -> TPMTPublic {
                        var area = area
                        area.objectAttributes = TPMAObject(rawValue: area.objectAttributes.rawValue ^ 1 << UInt32(bit))
                        return area
                    }
                    func key(_ key: ResidencyProof.CertifiedKey) -> ResidencyProof.CertifiedKey {
                        .init(publicArea: flipped(key.publicArea), attest: key.attest, signature: key.signature)
                    }
                    let variants = [
                        ResidencyProof(
                            endorsementKey: honest.endorsementKey,
                            enrolmentKey: flipped(honest.enrolmentKey),
                            iak: honest.iak,
                            idevid: honest.idevid
                        ),
                        ResidencyProof(
                            endorsementKey: honest.endorsementKey,
                            enrolmentKey: honest.enrolmentKey,
                            iak: key(honest.iak),
                            idevid: honest.idevid
                        ),
                        ResidencyProof(
                            endorsementKey: honest.endorsementKey,
                            enrolmentKey: honest.enrolmentKey,
                            iak: honest.iak,
                            idevid: key(honest.idevid)
                        ),
                    ]
                    let expected: [ResidencyReason] = [
                        .enrolmentKeyUnsuitable, .attestationKeyUnsuitable, .identityKeyUnsuitable,
                    ]
                    for (variant, reason) in zip(variants, expected) {
                        #expect(variant.reasons(template: .eccP256).contains(reason), "bit \(bit)")
                    }
                }
            }
        }
    }

    @Test func attack04_quoteInPlaceOfACreation() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                var statements = try await enrol(device, at: desk)
                let selection = try TestLine.profile().selection.forTPM()
                let quote = try await device.onTPM { tpm throws(TPMError) in
                    let key = try tpm.createPrimary(ResidencyProof.enrolmentTemplate, in: .endorsement)
                    return try tpm.quote(selection, with: key.object, qualifyingData: [])
                }
                statements.iak = .init(
                    publicArea: statements.iak.publicArea,
                    attest: quote.attest,
                    signature: quote.signature
                )
                await expect(.statementNotCreation) { [statements] in
                    try await issue(await statements.answer(), at: desk)
                }
            }
        }
    }

    @Test func statementsStandForTheirOwnSetOfKeys() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let desk = try desk(line)
                let statements = try await enrol(device, at: desk, qualifyingData: [UInt8](repeating: 7, count: 32))
                await expect(.statementForOtherKeys, .statementForOtherKeys) {
                    try await issue(await statements.answer(), at: desk)
                }
            }
        }
    }

    /// No byte of a statement or its signature can be changed, removed or added.
    @Test func attack02_statementsTruncatedOrChanged() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let honest = try await enrol(device, at: desk(line)).keys
                func reasons(attest: [UInt8], signature: [UInt8]) -> [ResidencyReason] {
                    ResidencyProof(
                        endorsementKey: honest.endorsementKey,
                        enrolmentKey: honest.enrolmentKey,
                        iak: .init(publicArea: honest.iak.publicArea, attest: attest, signature: signature),
                        idevid: honest.idevid
                    ).reasons(template: .eccP256)
                }
                let (attest, signature) = (honest.iak.attest, honest.iak.signature)
                for length in attest.indices {
                    #expect(
                        reasons(attest: Array(attest.prefix(length)), signature: signature) == [.statementUnreadable]
                    )
                    var changed = attest
                    changed[length] ^= 0x80
                    #expect(!reasons(attest: changed, signature: signature).isEmpty)
                }
                for length in signature.indices {
                    #expect(!reasons(attest: attest, signature: Array(signature.prefix(length))).isEmpty)
                    var changed = signature
                    changed[length] ^= 0x01
                    #expect(!reasons(attest: attest, signature: changed).isEmpty)
                }
                #expect(reasons(attest: attest + [0], signature: signature) == [.statementUnreadable])
                #expect(reasons(attest: attest, signature: signature + [0]) == [.statementUnreadable])
            }
        }
    }
}
