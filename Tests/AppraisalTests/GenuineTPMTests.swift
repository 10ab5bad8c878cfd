import AttestationResults
import Crypto
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@testable import Appraisal

/// What a TPM really makes, honest and hostile.
@Suite struct GenuineTPMTests {
    private struct OtherKind: Error {}

    private func appraise(_ input: AppraisalInput) -> Verdict { Appraiser.appraise(input) }

    @Test func aBirthAnUpdateAndATamperedBoot() async throws {
        try await withGenuineTPM { device in
            let old = ContentDigest.bytesAndDigest(try await device.boot(firmware: .named("sensor-os-1.7.0")))
            let born = try await device.quote()
            let first = appraise(try born.input(log: old))
            let facts = try #require(first.state?.facts)
            #expect(facts.secureBoot == true)
            #expect(first.state?.movement == .first)
            let current = try Genuine.expecting(born.values)

            let later = try await device.quote()
            let lastClock = try #require(first.state?.observation.clock)
            let same = appraise(try later.input(log: old, lastClock: lastClock, expectations: [current]))
            #expect(same.state?.movement == .sameBoot)
            // The same evidence again is no news: the clock has not moved on.
            expectOwnKey(appraise(try later.input(lastClock: same.state?.observation.clock)), .clockWentBack)

            let new = ContentDigest.bytesAndDigest(try await device.boot(firmware: .named("sensor-os-1.8.0")))
            let updated = try await device.quote()
            let granted = try Genuine.expecting(updated.values, .granted)
            let verdict = appraise(
                try updated.input(log: new, lastClock: lastClock, expectations: [current, granted])
            )
            #expect(verdict.state?.boot == .granted)
            #expect(verdict.state?.movement == .rebooted(1))
            expectOwnKey(appraise(try updated.input(log: new, expectations: [current])), .bootUnexpected)
            expectOwnKey(appraise(try updated.input(log: old, expectations: [granted])), .logReplayMismatch)

            for tamper in Tamper.allCases {
                let log = try await device.boot(firmware: .named("sensor-os-1.8.0"), tamper: [tamper])
                let tampered = try await device.quote()
                let verdict = appraise(
                    try tampered.input(log: ContentDigest.bytesAndDigest(log), expectations: [current, granted])
                )
                expectOwnKey(verdict, .bootUnexpected)
                #expect(verdict.authentic?.pcrs?.values == tampered.values)
            }
        }
    }

    @Test(arguments: [DeviceIdentityTemplate.rsa2048, .eccP384])
    func theOtherTemplatesAttestToo(template: DeviceIdentityTemplate) async throws {
        try await withGenuineTPM { device in
            let quote = try await device.quote(template: template.iak())
            let input = try quote.input(
                template: template,
                expectations: [Genuine.expecting([0: [UInt8](repeating: 0, count: 32)])]
            )
            #expect(appraise(input).state?.boot == .current)
        }
    }

    @Test func attack04_otherAttestationsOfTheGenuineKey() async throws {
        try await withGenuineTPM { device in
            let attestations = try await device.onTPM { tpm throws(TPMError) -> (TPMTPublic, [SignedAttestation]) in
                let iak = DeviceIdentityTemplate.eccP256.iak()
                let key = try tpm.createPrimary(iak, in: .endorsement)
                let other = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.enrolmentKey, in: .endorsement)
                let index = try tpm.nvDefineSpace(
                    TPMSNVPublic(
                        nvIndex: Handle(rawValue: 0x0150_0001),
                        nameAlg: .sha256,
                        attributes: [.ownerWrite, .authWrite, .ownerRead, .authRead, .noDA],
                        dataSize: 64
                    )
                )
                // The index holds what a quote holds after its head, for a reader with fixed offsets.
                let quote: [UInt8] = [0, 0, 0, 1, 0, 0x0B, 3, 0xFF, 0x03, 0, 0, 32] + [UInt8](repeating: 0, count: 32)
                try tpm.nvWrite(quote + [UInt8](repeating: 0, count: 64 - quote.count), to: index)
                let data = Genuine.qualifyingData
                return (
                    key.object.publicArea,
                    [
                        try tpm.nvCertify(index, count: 64, offset: 0, with: key.object, qualifyingData: data),
                        try tpm.certify(other.object, with: key.object, qualifyingData: data),
                        try tpm.certifyCreation(
                            of: other.object,
                            creation: other.creation,
                            with: key.object,
                            qualifyingData: data
                        ),
                    ]
                )
            }
            let types = try attestations.1.map { try TPMSAttest(parsing: $0.attest).type }
            #expect(types == [.attestNV, .attestCertify, .attestCreation])
            for signed in attestations.1 {
                let genuine = Genuine(attestations.0, signed, [:])
                expectStranger(appraise(try genuine.input()), .notAQuote)
            }
        }
    }

    @Test func attack07_genuineQuotesFromOtherPlaces() async throws {
        try await withGenuineTPM { device in
            // The same template in another hierarchy is another key, unless somebody enrols that one.
            for hierarchy in [Hierarchy.owner, .null, .platform] {
                let quote = try await device.quote(in: hierarchy)
                expectStranger(appraise(try quote.input()), .signerMismatch)
            }
        }
    }

    @Test func attack14_resettablePCRsPassedOffAsOthers() async throws {
        try await withGenuineTPM { device in
            let golden = BootLog.extend([UInt8](repeating: 0, count: 32), by: Array("a clean IMA list".utf8))
            let digest = HashAlgorithm.sha256.digest(Array("a clean IMA list".utf8))
            let evil = HashAlgorithm.sha256.digest(Array("what really ran".utf8))
            try await device.onTPM { tpm throws(TPMError) in
                guard let clean = TPMTHA(hashAlg: .sha256, digest: digest),
                    let dirty = TPMTHA(hashAlg: .sha256, digest: evil)
                else { return }
                try tpm.pcrExtend(10, with: [dirty])
                for pcr in [16, 23] {
                    try tpm.pcrReset(pcr)
                    try tpm.pcrExtend(pcr, with: [clean])
                }
            }
            let asked = try #require(PCRSet(bank: .sha256, pcrs: [10, 16]))
            let quoted = try #require(PCRSet(bank: .sha256, pcrs: [16, 23]))
            var quote = try await device.quote(quoted)
            #expect(quote.values == [16: golden, 23: golden])
            quote.values = [10: golden, 16: golden]
            // The digest over the claimed values is the quoted one; only the selection tells.
            expectOwnKey(appraise(try quote.input(selection: asked)), .selectionMismatch, .pcrDigestMismatch)
            let info = try #require(try TPMSAttest(parsing: quote.attest).quote)
            #expect(info.pcrDigest == HashAlgorithm.sha256.digest(golden, golden))
        }
    }

    @Test func aTPMQuotesLessThanItWasAsked() async throws {
        try await withGenuineTPM { device in
            // PCRs of a bank that this TPM does not have come back as an empty selection over nothing.
            let sha512 = try #require(PCRSet(bank: .sha512, pcrs: 0..<10))
            let quote = try await device.quote(sha512)
            let info = try #require(try TPMSAttest(parsing: quote.attest).quote)
            #expect(info.pcrSelect.selections.allSatisfy { $0.pcrs.isEmpty })
            let verdict = appraise(try quote.input(selection: sha512, expectations: []))
            #expect(verdict.codes.first == .selectionMismatch)
        }
    }

    @Test func attack25_genuineKeysThatAreNotTheInstances() async throws {
        let (mine, others) = try await withGenuineTPM { device in
            let mine = try await device.quote()
            // A local attestation key: restricted like the IAK, and its own key all the same.
            let pcrs = TPMLPCRSelection(try #require(TPMSPCRSelection(bank: .sha256, pcrs: Set(0..<10))))
            let local = try await device.onTPM { tpm throws(TPMError) -> Genuine in
                let storage = try tpm.createPrimary(Self.storageKey, in: .owner)
                let created = try tpm.create(DeviceIdentityTemplate.eccP256.enrolmentKey, under: storage.object)
                let key = try tpm.load(created.publicArea, created.privateArea, under: storage.object)
                let signed = try tpm.quote(pcrs, with: key, qualifyingData: Genuine.qualifyingData)
                return Genuine(key.publicArea, signed, mine.values)
            }
            return (mine, [local])
        }
        let stranger = try await withGenuineTPM { device in try await device.quote() }
        let enrolled = try EnrolledKey(publicArea: mine.area.bytes, template: DeviceIdentityTemplate.eccP256.iak())
        #expect(appraise(try mine.input(enrolled: enrolled)).state != nil)
        for other in others + [stranger] {
            expectStranger(appraise(try other.input(enrolled: enrolled)), .signatureInvalid)
        }
        // Enrolled itself, a key under a parent is not where an IAK is.
        let local = try #require(others.first)
        expectStranger(appraise(try local.input(template: nil)), .signerMismatch)
    }

    @Test func attack27_selfMadeAttestSignedByTheTPM() async throws {
        try await withGenuineTPM { device in
            let template = DeviceIdentityTemplate.eccP256.idevid()
            let honest = try await device.quote()
            let (area, qualified) = try await device.onTPM { tpm throws(TPMError) -> (TPMTPublic, Name) in
                let key = try tpm.createPrimary(template, in: .endorsement)
                return (key.object.publicArea, try tpm.readPublic(key.object).qualifiedName)
            }
            // A quote of the wished-for values, which no TPM made, under the Name of the unrestricted key.
            var forged = try TPMSAttest(parsing: honest.attest)
            forged.qualifiedSigner = qualified
            let bytes = forged.bytes
            let signature = try await device.onTPM { tpm throws(TPMError) -> TPMTSignature in
                let key = try tpm.createPrimary(template, in: .endorsement)
                return try tpm.sign(HashAlgorithm.sha256.digest(bytes), with: key.object)
            }
            let evidence = Genuine(area, attest: bytes, signature: signature.bytes, honest.values)
            let refusal = #expect(throws: KeyRefusal.self) { try evidence.input(template: nil) }
            #expect(refusal?.reasons.map(\.code) == [.keyAttributes])
            // In a record all the same: everything about the forgery holds, but not the key.
            let enrolled = try EnrolledKey(unjudged: area, area.bytes, template: nil)
            expectStranger(appraise(try evidence.input(enrolled: enrolled)), .keyAttributes)
            #expect(enrolled.verifyingKey.verify(signature, over: bytes) == .valid)

            // The IAK itself refuses to sign it: the TPM gives no ticket for data that begins like its own.
            let refused = await #expect(throws: TPMError.self) {
                try await device.onTPM { tpm throws(TPMError) in
                    let key = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.iak(), in: .endorsement)
                    let hashed = try tpm.hash(bytes, algorithm: .sha256, ticketFor: .endorsement)
                    return try tpm.sign(hashed.digest, with: key.object, ticket: hashed.ticket)
                }
            }
            #expect(refused?.code == .ticket)
        }
    }

    @Test func attack28_importedKeyThatItsMakerKnows() async throws {
        try await withGenuineTPM { device in
            var maker = try SoftKey.iak()
            maker.area.objectAttributes = [.userWithAuth, .restricted, .sign]
            maker.area.authPolicy = []
            guard case .p256(let secret) = maker.secret else { throw OtherKind() }
            let area = maker.area
            let sensitive = TPMTSensitive(
                sensitiveType: .ecc,
                seedValue: [],
                sensitive: Array(secret.rawRepresentation)
            )
            let quote = try await device.onTPM { tpm throws(TPMError) -> SignedAttestation in
                let storage = try tpm.createPrimary(Self.storageKey, in: .owner)
                let wrapped = try tpm.importObject(
                    area,
                    duplicate: TPM2BPrivate(TPM2B(sensitive).bytes),
                    seed: TPM2BEncryptedSecret([]),
                    under: storage.object
                )
                let key = try tpm.load(area, wrapped, under: storage.object)
                return try tpm.quote(
                    TPMLPCRSelection.empty,
                    with: key,
                    qualifyingData: Genuine.qualifyingData
                )
            }
            let evidence = Genuine(area, quote, [:])
            let refusal = #expect(throws: KeyRefusal.self) { try evidence.input(template: nil) }
            #expect(refusal?.reasons.map(\.code) == [.keyAttributes])
            let enrolled = try EnrolledKey(unjudged: area, area.bytes, template: nil)
            #expect(
                enrolled.verifyingKey.verify(try TPMTSignature(parsing: quote.signature), over: quote.attest) == .valid
            )
            expectStranger(appraise(try evidence.input(enrolled: enrolled)), .keyAttributes)
        }
    }

    @Test func attack29_keyThatCanMoveToAnotherTPM() async throws {
        try await withGenuineTPM { device in
            var template = DeviceIdentityTemplate.eccP256.enrolmentKey
            template.objectAttributes.subtract([.fixedTPM, .fixedParent])
            let quote = try await device.quote(template: template)
            let refusal = #expect(throws: KeyRefusal.self) { try quote.input(template: nil) }
            #expect(refusal?.reasons.map(\.code) == [.keyAttributes])
            let enrolled = try EnrolledKey(unjudged: quote.area, quote.area.bytes, template: nil)
            expectStranger(appraise(try quote.input(enrolled: enrolled)), .keyAttributes)
        }
    }

    @Test func attack31_genuineKeyOfAnotherTemplate() async throws {
        try await withGenuineTPM { device in
            let quote = try await device.quote(template: DeviceIdentityTemplate.eccP256.enrolmentKey)
            let refusal = #expect(throws: KeyRefusal.self) { try quote.input(template: .eccP256) }
            #expect(refusal?.reasons.map(\.code) == [.keyAttributes, .keyPolicy])
            // It attests well enough, where nobody claims the template.
            #expect(appraise(try quote.input(template: nil)).state != nil)
        }
    }

    @Test func attack41_clearedTPMKeepsTheKeyAndLosesTheClock() async throws {
        try await withGenuineTPM { device in
            for _ in 0..<3 { try await device.powerCycle() }
            let before = try await device.quote()
            let clock = try #require(appraise(try before.input()).state?.observation.clock)
            #expect(clock.resetCount >= 3)
            try await device.onTPM { tpm throws(TPMError) in try tpm.clear(by: .platform) }
            let after = try await device.quote()
            #expect(after.area == before.area)
            let verdict = appraise(try after.input(lastClock: clock))
            expectOwnKey(verdict, .tpmClearedOrReplaced)
            #expect(verdict.authentic?.clock.resetCount == 0)
        }
    }

    @Test func attack41_powerCutsAndOrderlyReboots() async throws {
        try await withGenuineTPM { device in
            let before = try await device.quote()
            let clock = try #require(appraise(try before.input()).state?.observation.clock)
            try await device.powerCycle()
            let rebooted = try await device.quote()
            #expect(appraise(try rebooted.input(lastClock: clock)).state?.movement == .rebooted(1))
            try await device.powerCycle(orderly: false)
            let cut = try await device.quote()
            let state = try #require(appraise(try cut.input(lastClock: clock)).state)
            #expect(state.movement == .rebooted(2))
            // Once the clock has passed the value that was saved last, it is safe again (Part 1, 36.3.2).
            #expect(!state.observation.clock.safe || state.observation.clock.clock >= clockUpdatePeriod)
            // The quote from before the reboot is an old one, whatever it answers.
            expectOwnKey(appraise(try before.input(lastClock: state.observation.clock)), .tpmClearedOrReplaced)
        }
    }

    @Test func attack42_ownerHierarchyHidesItsCounters() async throws {
        try await withGenuineTPM { device in
            let plain = try await device.quote()
            let hidden = try await device.quote(in: .owner)
            let (open, obscure) = (
                try TPMSAttest(parsing: plain.attest), try TPMSAttest(parsing: hidden.attest)
            )
            #expect(obscure.firmwareVersion != open.firmwareVersion)
            #expect(obscure.clockInfo.resetCount != open.clockInfo.resetCount)
            expectStranger(appraise(try hidden.input()), .signerMismatch)
        }
    }

    /// A storage key of the tests' own.
    private static let storageKey = TPMTPublic(
        nameAlg: .sha256,
        objectAttributes: [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .noDA, .restricted, .decrypt,
        ],
        parameters: .ecc(
            TPMSECCParms(symmetric: .aes128CFB, scheme: .null, curveID: .p256),
            unique: TPMSECCPoint(x: [], y: [])
        )
    )
}

extension ContentDigest {
    fileprivate static func bytesAndDigest(_ log: [UInt8]) -> LogEvidence {
        .bytes(log, digest: ContentDigest(of: log))
    }
}

/// TPM_PT_CLOCK_UPDATE of the software TPM in milliseconds: how often it saves its clock.
private let clockUpdatePeriod: UInt64 = 4096
