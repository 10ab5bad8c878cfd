import AttestationResults
import FoundationEssentials
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// `birthmark quote verify`: one quote, no record.
@Suite struct QuoteJudgementTests {
    private struct Case {
        var scene: Scene
        var key: JudgedKey
        var attest: [UInt8]
        var signature: [UInt8]
        var nonce: [UInt8]?
        var pcrs: [PCRValues]?

        init(
            _ template: DeviceIdentityTemplate = .eccP256,
            _ change: (inout TPMSAttest) throws -> Void = { _ in }
        ) throws {
            scene = try Scene(template)
            var quote = try scene.attest
            try change(&quote)
            attest = quote.bytes
            signature = try scene.key.sign(attest).bytes
            key = JudgedKey(publicArea: scene.key.area)
            nonce = quote.extraData
            pcrs = [try #require(PCRValues(bank: .sha256, values: scene.values))]
        }

        var report: QuoteReport {
            QuoteJudgement.judgeQuote(key: key, attest: attest, signature: signature, nonce: nonce, pcrs: pcrs)
        }
    }

    @Test(arguments: [DeviceIdentityTemplate.eccP256, .eccP384, .rsa2048])
    func aQuoteInOrder(template: DeviceIdentityTemplate) throws {
        let honest = try Case(template)
        let report = honest.report
        #expect(report.verdict == .accepted)
        #expect(report.reasons.isEmpty && report.findings.isEmpty)
        #expect(report.keyAttributes == .accepted)
        #expect(report.nonceChecked && report.pcrsChecked)
        #expect(!report.isMalformed)
        let quote = try #require(report.quote)
        #expect(quote.qualifiedSigner == honest.scene.enrolled.qualifiedName.contents.hexadecimal)
        #expect(quote.extraData == honest.nonce?.hexadecimal)
        #expect(quote.firmwareVersion == "0x2019102300163636")
        #expect(quote.pcrs == [QuoteContents.Bank(bank: "sha256", pcrs: Array(0..<10))])
        #expect(quote.clock == ClockReading(honest.scene.clock))
    }

    @Test func everyFormOfTheFiles() throws {
        var honest = try Case()
        let area = honest.scene.key.area
        let pem =
            "some words\n-----BEGIN PUBLIC KEY-----\n"
            + Data(try PublicKey(area).subjectPublicKeyInfo).base64EncodedString() + "\n-----END PUBLIC KEY-----\n"
        for (file, attributes) in [
            (area.bytes, QuoteReport.KeyAttributes.accepted), (TPM2B(area).bytes, .accepted),
            (Array(pem.utf8), .unknown),
        ] {
            honest.key = try JudgedKey(file: file)
            #expect(honest.report.verdict == .accepted)
            #expect(honest.report.keyAttributes == attributes)
        }
        var sized = ByteWriter()
        sized.sized(honest.attest)
        honest.attest = sized.bytes
        #expect(honest.report.verdict == .accepted)
        honest.nonce = nil
        honest.pcrs = nil
        #expect(honest.report.verdict == .accepted)
        #expect(!honest.report.nonceChecked && !honest.report.pcrsChecked)
    }

    @Test func filesThatAreNoKeys() throws {
        let area = try SoftKey.iak().area.bytes
        let files: [[UInt8]] = [
            [], [0], Array("hello".utf8), Array(area.dropLast()), area + [0], [0, 0] + area,
            Array("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n".utf8),
            Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8),
            [UInt8](repeating: 0x2D, count: 1 << 20),
        ]
        for file in files { #expect(throws: QuoteFileError.self) { try JudgedKey(file: file) } }
    }

    @Test func aKeyThatDoesNotAttestIsJudgedAndNotThrown() throws {
        var unrestricted = try Case()
        unrestricted.scene.key.area.objectAttributes.remove(.restricted)
        unrestricted.key = try JudgedKey(file: unrestricted.scene.key.area.bytes)
        #expect(unrestricted.report.reasons == [.keyAttributes])
        #expect(unrestricted.report.keyAttributes == .refused)
        #expect(unrestricted.report.quote != nil)

        var small = try Case(.rsa2048)
        guard case .rsa(var detail, let modulus) = small.scene.key.area.parameters else { return }
        detail.exponent = 3
        small.scene.key.area.parameters = .rsa(detail, unique: modulus)
        small.key = try JudgedKey(file: small.scene.key.area.bytes)
        #expect(small.report.reasons == [.keyParameters])
        #expect(small.report.keyAttributes == .refused)

        var offCurve = try Case()
        guard case .ecc(let parameters, var point) = offCurve.scene.key.area.parameters else { return }
        point.y[31] ^= 1
        offCurve.scene.key.area.parameters = .ecc(parameters, unique: point)
        offCurve.key = try JudgedKey(file: offCurve.scene.key.area.bytes)
        #expect(offCurve.report.reasons == [.keyParameters])
        #expect(offCurve.report.keyAttributes == .refused)
    }

    @Test func attack13_emptySelectionIsNoQuoteOfAnything() throws {
        let nothing = HashAlgorithm.sha256.digest([])
        for list in [
            [], [TPMSPCRSelection(bank: .sha256, pcrs: [])],
            [TPMSPCRSelection(bank: .sha256, pcrs: [0]), TPMSPCRSelection(bank: .sha384, pcrs: [])],
        ] {
            var empty = try Case { attest in
                let select = try #require(TPMLPCRSelection(list.compactMap(\.self)))
                attest.attested = .quote(TPMSQuoteInfo(pcrSelect: select, pcrDigest: nothing))
            }
            empty.pcrs = nil
            #expect(empty.report.reasons == [.selectionMismatch])
            empty.pcrs = []
            #expect(empty.report.reasons.first == .selectionMismatch)
        }
    }

    @Test func selectionsThatCannotBeTold() throws {
        let sha1 = try #require(TPMSPCRSelection(bank: .sha1, pcrs: [0]))
        let sha256 = try #require(TPMSPCRSelection(bank: .sha256, pcrs: [0]))
        let sha3 = try #require(TPMSPCRSelection(bank: .sha3_256, pcrs: [0]))
        let high = try #require(TPMSPCRSelection(bank: .sha256, pcrs: [0, 24]))
        for (list, refused) in [
            ([sha1], true), ([sha256, sha256], true), ([sha3], true), ([sha256, sha3], true), ([high], true),
            ([sha1, sha256], false),
        ] {
            var odd = try Case { attest in
                let select = try #require(TPMLPCRSelection(list))
                attest.attested = .quote(TPMSQuoteInfo(pcrSelect: select, pcrDigest: [UInt8](repeating: 0, count: 32)))
            }
            odd.pcrs = nil
            #expect(odd.report.reasons == (refused ? [.selectionMismatch] : []))
        }
    }

    @Test func severalBanksAreDigestedInTheOrderOfTheQuote() throws {
        let sha1 = try #require(PCRValues(bank: .sha1, values: [0: Scene.value(0, .sha1), 3: Scene.value(3, .sha1)]))
        let sha256 = try #require(PCRValues(bank: .sha256, values: [1: Scene.value(1)]))
        func report(_ banks: [PCRValues]) throws -> QuoteReport {
            var quote = try Case { attest in
                let list = try banks.map { bank in
                    try #require(TPMSPCRSelection(bank: bank.bank.algorithm, pcrs: Set(bank.values.keys)))
                }
                let concatenated = banks.flatMap { bank in bank.values.sorted { $0.key < $1.key }.flatMap(\.value) }
                let select = try #require(TPMLPCRSelection(list))
                attest.attested = .quote(
                    TPMSQuoteInfo(pcrSelect: select, pcrDigest: HashAlgorithm.sha256.digest(concatenated))
                )
            }
            quote.pcrs = [sha1, sha256]
            return quote.report
        }
        #expect(try report([sha1, sha256]).verdict == .accepted)
        #expect(try report([sha256, sha1]).verdict == .accepted)
        #expect(try report([sha256]).reasons == [.pcrDigestMismatch])
    }

    @Test func whatIsGivenMustBeWhatIsQuoted() throws {
        var wrong = try Case()
        wrong.nonce = [1, 2, 3]
        #expect(wrong.report.reasons == [.notThisRequest])
        wrong.nonce = []
        #expect(wrong.report.reasons == [.notThisRequest])
        wrong.pcrs = []
        #expect(wrong.report.reasons == [.notThisRequest, .pcrDigestMismatch])
        wrong.signature[40] ^= 1
        #expect(wrong.report.reasons == [.signatureInvalid])
        wrong.signature = [0]
        #expect(wrong.report.reasons == [.signatureMalformed])
        #expect(wrong.report.isMalformed)
        wrong.attest = [1, 2, 3]
        #expect(wrong.report.quote == nil)
    }

    @Test func attack07_aSignerThatTheKeyCannotBe() throws {
        let sha384 = try #require(Name(algorithm: .sha384, digest: [UInt8](repeating: 1, count: 48)))
        for signer in [Name.empty, Name(handle: .null), sha384] {
            let odd = try Case { $0.qualifiedSigner = signer }
            #expect(odd.report.reasons == [.signerMismatch])
        }
    }

    @Test func theReportIsOneJSONObjectAndSaysNothingExpected() throws {
        var wrong = try Case()
        wrong.nonce = Array("what was expected".utf8)
        let bytes = try CanonicalJSON.encode(wrong.report)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("{") && text.contains(#""verdict":"refused""#))
        #expect(text.contains(#""reasons":["not-this-request"]"#))
        #expect(text.contains(#""keyAttributes":"accepted""#))
        #expect(text.contains(#""check":"D4""#))
        #expect(!text.contains(Array("what was expected".utf8).hexadecimal))
        #expect(try CanonicalJSON.decode(QuoteReport.self, from: bytes, limit: 1 << 16) == wrong.report)
    }

    @Test func pcrFiles() throws {
        let upper = [UInt8](repeating: 0xAB, count: 32).hexadecimal.uppercased()
        let file = """
            {
              "sha256": { "0": "\(upper)", "23": "\(upper)" },
              "sha1": { "7": "\(String(repeating: "00", count: 20))" }
            }
            """
        let banks = try QuoteJudgement.pcrs(file: Array(file.utf8))
        #expect(banks.map(\.bank) == [.sha1, .sha256])
        #expect(banks[1].values[23] == [UInt8](repeating: 0xAB, count: 32))
        let lies = [
            "", "[]", "{", #"{"sha256":{"0":"00"}}"#, #"{"sha256":{"24":"\#(upper)"}}"#,
            #"{"sha256":{"-1":"\#(upper)"}}"#,
            #"{"sha256":{"00":"\#(upper)"}}"#, #"{"sha256":{"0":"\#(upper)","0":"\#(upper)"}}"#,
            #"{"md5":{"0":"\#(upper)"}}"#,
            #"{"sha256":{"0":1}}"#, #"{"sha256":{"0":"zz"}}"#, #"{"sha256":{"0":"\#(upper)"}} x"#,
            #"{"sha256":{"0":"\#(upper)a"}}"#,
        ]
        for lie in lies { #expect(throws: QuoteFileError.self) { try QuoteJudgement.pcrs(file: Array(lie.utf8)) } }
    }

    /// The file that tpm2_quote writes: structures with all their places, little-endian.
    private func toolsFile(_ selections: [(UInt16, [UInt8])], _ digests: [[UInt8]], lists: Int) -> [UInt8] {
        func little(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        func padded(_ bytes: [UInt8], _ size: Int) -> [UInt8] {
            bytes + [UInt8](repeating: 0x5A, count: size - bytes.count)
        }
        let places = selections.flatMap { padded(little(Int($0.0), 2) + little($0.1.count, 1) + $0.1, 8) }
        var file = padded(little(selections.count, 4) + places, 132) + little(lists, 4)
        for list in 0..<lists {
            let part = digests.dropFirst(8 * list).prefix(8)
            file += padded(little(part.count, 4) + part.flatMap { padded(little($0.count, 2) + $0, 66) }, 532)
        }
        return file
    }

    @Test func pcrFilesOfTheTools() throws {
        let digests = (0..<10).map { [UInt8](repeating: UInt8($0), count: 32) } + [[UInt8](repeating: 7, count: 20)]
        let selections: [(UInt16, [UInt8])] = [(0x000B, [0xFF, 0x03, 0x00]), (0x0004, [0x00, 0x01])]
        let banks = try QuoteJudgement.pcrs(file: toolsFile(selections, digests, lists: 2))
        #expect(banks.map(\.bank) == [.sha256, .sha1])
        #expect(banks[0].values == Dictionary(uniqueKeysWithValues: digests.prefix(10).enumerated().map { ($0, $1) }))
        #expect(banks[1].values == [8: digests[10]])
        let genuine = toolsFile(selections, digests, lists: 2)
        var tooManyBanks = genuine
        tooManyBanks[0] = 17
        var longList = genuine
        longList[136] = 9
        let lies = [
            genuine.dropLast(), genuine + [0], tooManyBanks, longList,
            toolsFile(selections, digests + [digests[0]], lists: 2),
            toolsFile(selections, digests.dropLast(), lists: 2),
            toolsFile([selections[0], selections[0]], digests + digests, lists: 3),
            toolsFile([(0x0012, [1])], [digests[0]], lists: 1), toolsFile([(0x000C, [1])], [digests[0]], lists: 1),
            toolsFile([(0x000B, [0, 0, 0, 1])], [digests[0]], lists: 1),
        ]
        for lie in lies { #expect(throws: QuoteFileError.self) { try QuoteJudgement.pcrs(file: Array(lie)) } }
    }
}
