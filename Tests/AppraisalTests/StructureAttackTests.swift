import AttestationResults
import Crypto
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// Odd structures that the instance's own key signed: the signature holds, the structure must not.
@Suite struct StructureAttackTests {
    @Test(arguments: [DeviceIdentityTemplate.eccP256, .eccP384, .rsa2048])
    func everythingInOrderIsAccepted(template: DeviceIdentityTemplate) throws {
        let scene = try Scene(template)
        let state = try #require(try scene.verdict().state)
        #expect(state.boot == .current)
        #expect(state.movement == .first)
        #expect(state.pcrs.values == scene.values)
        #expect(state.attest == ContentDigest(of: try scene.attest.bytes))
        #expect(state.request == ContentDigest(of: scene.request))
        #expect(state.instance == InstanceID(iakName: state.iakName.bytes))
        #expect(state.observation.firmwareVersion == scene.firmwareVersion)
        #expect(state.observation.clock == ClockReading(scene.clock))
    }

    @Test(arguments: [0, 3])
    func attack01_magicOffByABit(offset: Int) throws {
        let scene = try Scene()
        var bytes = try scene.attest.bytes
        bytes[offset] ^= offset == 0 ? 0xFF : 0x0F
        #expect(bytes.prefix(4).hexadecimal == (offset == 0 ? "00544347" : "ff544348"))
        expectStranger(Appraiser.appraise(try scene.input(bytes)), .notFromTPM)
    }

    @Test func attack02_quoteTruncatedAtEveryByte() throws {
        let scene = try Scene()
        let whole = try scene.attest.bytes
        for length in 0..<whole.count {
            let verdict = Appraiser.appraise(try scene.input(Array(whole.prefix(length))))
            expectStranger(verdict, length < 4 ? .notFromTPM : length < 6 ? .notAQuote : .attestMalformed)
        }
    }

    @Test func attack03_trailingByteOfEvidence() throws {
        let scene = try Scene()
        expectStranger(Appraiser.appraise(try scene.input(try scene.attest.bytes + [0])), .attestMalformed)
        let signature = try scene.input().signature
        expectStranger(
            Appraiser.appraise(try scene.input(try scene.attest.bytes, signature: signature + [0])),
            .signatureMalformed
        )
    }

    @Test(arguments: [0x8014, 0x8015, 0x8016, 0x8017, 0x8019, 0x801A, 0x801C, 0x8000, 0x8022] as [UInt16])
    func attack04_everyOtherTypeWithTheFieldsOfAQuote(type: UInt16) throws {
        let scene = try Scene()
        var bytes = try scene.attest.bytes
        bytes.replaceSubrange(4..<6, with: StructureTag(rawValue: type).bytes)
        expectStranger(Appraiser.appraise(try scene.input(bytes)), .notAQuote)
    }

    @Test func attack05_expectedDataAsASubstring() throws {
        let scene = try Scene()
        let expected = DecisionRequest.qualifyingData(for: scene.request)
        for data in [
            expected + [0], [0] + expected, expected + expected, scene.enrolled.name.contents + expected.prefix(30),
        ] {
            expectStranger(try scene.verdict { $0.extraData = data }, .notThisRequest)
        }
    }

    @Test func attack06_otherFormsOfTheNonce() throws {
        let scene = try Scene()
        let expected = DecisionRequest.qualifyingData(for: scene.request)
        let base64 = Array(Blob(expected).base64.utf8)
        #expect(base64.count == 44)
        for data in [
            [], Array(expected.prefix(31)), Array(expected.suffix(31)), base64, expected + [0xFF],
            [UInt8](repeating: 0, count: 32),
        ] {
            expectStranger(try scene.verdict { $0.extraData = data }, .notThisRequest)
        }
    }

    @Test func attack07_signerElsewhere() throws {
        let scene = try Scene()
        let name = scene.enrolled.name
        let strangers = try Scene().enrolled.qualifiedName
        let signers: [Name] = [
            try name.qualified(under: Name(handle: .null)), try name.qualified(under: Name(handle: .owner)),
            try name.qualified(under: Name(handle: .platform)), try name.qualified(under: strangers), strangers, name,
            .empty, Name(handle: .null), Name(handle: .endorsement),
            try #require(Name(algorithm: .sha384, digest: HashAlgorithm.sha384.digest(name.contents))),
        ]
        for signer in signers {
            expectStranger(try scene.verdict { $0.qualifiedSigner = signer }, .signerMismatch)
        }
    }

    @Test(arguments: [2, 0x80, 0xFF] as [UInt8])
    func attack08_safeIsNeitherYesNorNo(safe: UInt8) throws {
        let scene = try Scene()
        var bytes = try scene.attest.bytes
        let offset = 6 + 2 + scene.enrolled.qualifiedName.contents.count + 2 + 32 + 8 + 4 + 4
        #expect(bytes[offset] == 1)
        bytes[offset] = safe
        expectStranger(Appraiser.appraise(try scene.input(bytes)), .attestMalformed)
    }

    /// Replaces everything from the count of the selections on.
    private func verdict(_ scene: Scene, selections: [UInt8], digest: [UInt8]? = nil) throws -> Verdict {
        let attest = try scene.attest
        let info = try #require(attest.quote)
        let bytes = attest.bytes.dropLast(info.bytes.count)
        var writer = ByteWriter()
        writer.sized(digest ?? info.pcrDigest)
        return Appraiser.appraise(try scene.input(bytes + selections + writer.bytes))
    }

    @Test func attack09_countOfSelections() throws {
        let scene = try Scene()
        let one: [UInt8] = [0, 0x0B, 3, 0xFF, 0x03, 0]
        #expect(try verdict(scene, selections: [0, 0, 0, 1] + one).state != nil)
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 0]),
            .selectionMismatch,
            .pcrDigestMismatch
        )
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 2] + one + [0, 0x0C, 3, 0xFF, 0x03, 0]),
            .selectionMismatch,
            .pcrDigestMismatch
        )
        expectStranger(try verdict(scene, selections: [0, 0, 0, 2] + one), .attestMalformed)
        expectStranger(try verdict(scene, selections: [0xFF, 0xFF, 0xFF, 0xFF] + one), .attestMalformed)
    }

    @Test func attack10_sizeOfSelect() throws {
        let scene = try Scene()
        let few: [(UInt8, [UInt8])] = [(0, []), (1, [0xFF]), (2, [0xFF, 0x03])]
        for (size, bits) in few {
            expectOwnKey(
                try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, size] + bits),
                .selectionMismatch,
                .pcrDigestMismatch
            )
        }
        // Four bytes are allowed when the fourth selects nothing: some TPMs have room for 32 PCRs.
        #expect(try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, 4, 0xFF, 0x03, 0, 0]).state != nil)
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, 4, 0xFF, 0x03, 0, 1]),
            .selectionMismatch,
            .pcrDigestMismatch
        )
        let many = [UInt8](repeating: 0, count: 252)
        expectStranger(
            try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, 255, 0xFF, 0x03, 0] + many),
            .attestMalformed
        )
    }

    @Test func attack11_duplicateBank() throws {
        let scene = try Scene()
        let one: [UInt8] = [0, 0x0B, 3, 0xFF, 0x03, 0]
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 2] + one + one),
            .selectionMismatch,
            .pcrDigestMismatch
        )
        // The same PCRs, split over two selections of one bank: the digest is the right one.
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 2, 0, 0x0B, 3, 0x0F, 0, 0, 0, 0x0B, 3, 0xF0, 0x03, 0]),
            .selectionMismatch,
            .pcrDigestMismatch
        )
    }

    @Test func attack12_bitOrderReversed() throws {
        var scene = try Scene()
        scene.selection = try #require(PCRSet(bank: .sha256, pcrs: [0, 1, 2, 4]))
        scene.values = scene.values.filter { [0, 1, 2, 4].contains($0.key) }
        scene.expectations[0].profile.exact = try #require(PCRValues(bank: .sha256, values: scene.values))
        #expect(try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, 3, 0b0001_0111, 0, 0]).state != nil)
        expectOwnKey(
            try verdict(scene, selections: [0, 0, 0, 1, 0, 0x0B, 3, 0b1110_1000, 0, 0]),
            .selectionMismatch,
            .pcrDigestMismatch
        )
    }

    @Test func attack13_emptySelectionWithTheDigestOfNothing() throws {
        var scene = try Scene()
        let nothing = HashAlgorithm.sha256.digest([])
        #expect(nothing.hexadecimal.hasPrefix("e3b0c442"))
        scene.values = [:]
        let lists: [[UInt8]] = [
            [0, 0, 0, 0], [0, 0, 0, 1, 0, 0x0B, 3, 0, 0, 0], [0, 0, 0, 1, 0, 0x0C, 3, 0, 0, 0],
            [0, 0, 0, 1, 0, 0x0B, 0],
        ]
        for list in lists {
            let verdict = try verdict(scene, selections: list, digest: nothing)
            #expect(verdict.codes.first == .selectionMismatch)
            #expect(verdict.state == nil)
        }
    }

    @Test func attack15_oneSuppliedPCRMore() throws {
        var scene = try Scene()
        let honest = try scene.attest
        scene.values[10] = Scene.value(10)
        expectOwnKey(Appraiser.appraise(try scene.input(honest.bytes)), .pcrDigestMismatch)
        scene.values[10] = nil
        scene.values[9] = nil
        expectOwnKey(Appraiser.appraise(try scene.input(honest.bytes)), .pcrDigestMismatch)
        // One more, one less: as many as were quoted.
        scene.values[10] = Scene.value(10)
        expectOwnKey(Appraiser.appraise(try scene.input(honest.bytes)), .pcrDigestMismatch)
    }

    @Test func attack16_bankOfSHA1() throws {
        let scene = try Scene()
        let verdict = try scene.verdict { attest in
            let sha1 = try #require(TPMSPCRSelection(bank: .sha1, pcrs: Set(0..<10)))
            attest.attested = .quote(
                TPMSQuoteInfo(pcrSelect: TPMLPCRSelection(sha1), pcrDigest: try #require(attest.quote).pcrDigest)
            )
        }
        expectOwnKey(verdict, .selectionMismatch, .pcrDigestMismatch)
        // A record that asks for it asks for nothing that could be trusted; that is not the instance's fault.
        var weak = try Scene(bank: .sha1)
        weak.log = .none
        guard case .undecided = try weak.verdict() else {
            Issue.record("a SHA-1 selection was judged")
            return
        }
    }

    @Test func attack17_digestOfTheBanksHash() throws {
        let scene = try Scene(.eccP384)
        let short = HashAlgorithm.sha256.digest(scene.selection.pcrs.flatMap { scene.values[$0] ?? [] })
        let verdict = try scene.verdict { attest in
            let select = try #require(attest.quote).pcrSelect
            attest.attested = .quote(TPMSQuoteInfo(pcrSelect: select, pcrDigest: short))
        }
        expectOwnKey(verdict, .pcrDigestMismatch)
    }

    @Test func attack18_valuesOfOtherSizes() throws {
        let scene = try Scene()
        let joined = (scene.values[0] ?? []) + (scene.values[1] ?? [])
        let splits: [[Int: [UInt8]]] = [
            [0: Array(joined.prefix(31)), 1: Array(joined.dropFirst(31))],
            [0: Array(joined.prefix(20)), 1: Array(joined.dropFirst(20))], [0: joined], [0: joined, 1: []],
        ]
        for split in splits {
            #expect(PCRValues(bank: .sha256, values: split) == nil)
            let json =
                #"{"sha256":{"# + split.map { "\"\($0.key)\":\"\($0.value.hexadecimal)\"" }.joined(separator: ",")
                + "}}"
            #expect(throws: MessageError.self) {
                try CanonicalJSON.decode(PCRValues.self, from: Array(json.utf8), limit: 4096)
            }
        }
    }

    @Test func aQuoteOverOtherPCRsIsTheInstancesOwnWord() throws {
        var scene = try Scene()
        let fewer = try scene.quoted([(.sha256, [0, 1, 2])])
        scene.values = scene.values.filter { $0.key < 3 }
        let verdict = try scene.verdict { $0.attested = .quote(fewer) }
        expectOwnKey(verdict, .selectionMismatch)
        #expect(verdict.authentic?.pcrs == nil)
    }
}
