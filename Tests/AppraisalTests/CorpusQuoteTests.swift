import AttestationResults
import FoundationEssentials
import Messages
import TPMCrypto
import TPMWire
import Testing

@testable import Appraisal

/// Quotes of other people's machines, judged as the corpus' index says that they are to be judged.
@Suite(.enabled(if: Corpus.root != nil)) struct CorpusQuoteTests {
    private func judge(
        _ key: JudgedKey,
        _ attest: [UInt8],
        _ signature: [UInt8],
        nonce: [UInt8]? = nil,
        pcrs: [PCRValues]? = nil
    ) -> QuoteReport {
        QuoteJudgement.judgeQuote(key: key, attest: attest, signature: signature, nonce: nonce, pcrs: pcrs)
    }

    /// Lenovo T490, ST33: the AK is a child of the EK and is lost at every reset (stClear).
    @Test func thinkPadT490() throws {
        let folder = "osresearch+safeboot/_derived/quote-t490/"
        let key = try JudgedKey(file: Corpus.file(folder + "ak.pub"))
        let (attest, signature) = (try Corpus.file(folder + "quote.out"), try Corpus.file(folder + "quote.sig"))
        let nonce = [0xAB, 0xCD, 0xEF] as [UInt8]
        var values: [Int: [UInt8]] = [:]
        for line in try Corpus.text("osresearch+safeboot/tests/pcrs-t490.txt").split(separator: "\n") {
            let parts = line.split(whereSeparator: { " :".contains($0) }).map(String.init)
            guard parts.count == 2, let pcr = Int(parts[0]) else { continue }
            values[pcr] = [UInt8](hexadecimal: parts[1].dropFirst(2))
        }
        #expect(values.keys.sorted() == [0, 1, 2, 4])
        let pcrs = [try #require(PCRValues(bank: .sha256, values: values))]
        let report = judge(key, attest, signature, nonce: nonce, pcrs: pcrs)
        #expect(report.verdict == .accepted)
        #expect(report.keyAttributes == .accepted)
        #expect(report.quote?.firmwareVersion == "0x0049000844a01587")
        // The AK is this EK's child: parent and child are in the qualified signer.
        let (ek, ak) = (try area(folder + "ek.pub"), try area(folder + "ak.pub"))
        let parent = try Name(of: ek).qualified(under: Name(handle: .endorsement))
        let signer = try TPMSAttest(parsing: attest).qualifiedSigner
        #expect(try Name(of: ak).qualified(under: parent) == signer)
        // tpm2-tools' own PCR file holds the same values.
        #expect(try Corpus.pcrBlob(folder + "quote.pcr", [0, 1, 2, 4]) == pcrs.first)
        #expect(judge(key, attest, signature, nonce: [0x12, 0x34, 0x56, 0x78]).reasons == [.notThisRequest])
        values[0]?[0] ^= 1
        let edited = [try #require(PCRValues(bank: .sha256, values: values))]
        #expect(judge(key, attest, signature, nonce: nonce, pcrs: edited).reasons == [.pcrDigestMismatch])
        values[0]?[0] ^= 1
        values[5] = values[4]
        let more = [try #require(PCRValues(bank: .sha256, values: values))]
        #expect(judge(key, attest, signature, nonce: nonce, pcrs: more).reasons == [.pcrDigestMismatch])
    }

    private func area(_ path: String) throws -> TPMTPublic {
        let bytes = try Corpus.file(path)
        let hasSize = Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2
        return try TPMTPublic(parsing: Array(bytes.dropFirst(hasSize ? 2 : 0)))
    }

    /// IBM's simulator, by keylime.
    @Test(arguments: ["ak.pub", "akpub.pem", "ek.pub", "ekpub.pem"])
    func keylimeSample(file: String) throws {
        let folder = "keylime+keylime/test-data/files/"
        let key = try JudgedKey(file: Corpus.file(folder + file))
        let report = judge(
            key,
            try Corpus.file(folder + "quote.out"),
            try Corpus.file(folder + "quotesig.out"),
            nonce: try Corpus.file(folder + "rand.out"),
            pcrs: [try Corpus.pcrBlob(folder + "quotepcr.out", [15, 16, 22])]
        )
        switch file {
        case "ak.pub":
            #expect(report.verdict == .accepted && report.keyAttributes == .accepted)
            #expect(report.quote?.pcrs == [QuoteContents.Bank(bank: "sha256", pcrs: [15, 16, 22])])
        case "akpub.pem": #expect(report.verdict == .accepted && report.keyAttributes == .unknown)
        case "ek.pub": #expect(report.keyAttributes == .refused && report.verdict == .refused)
        default: #expect(report.reasons == [.signatureInvalid])
        }
    }

    /// Windows machines with STM and Infineon TPMs; the keys were recovered from the signatures.
    @Test(arguments: [
        ("latitude-7520", "ak-latitude-7520"), ("DESKTOP-MIMU51J-EPP-ESET", "ak-latitude-7520"),
        ("dell-notebook-5eventlogs-WBCL", "ak-latitude-7520"),
        ("IMN-SUPERMICRO-EPP-MSDefender", "ak-IMN-SUPERMICRO-EPP-MSDefender"),
        ("IMN-SUPERMICRO-WBCL-Quote-AIKs", "ak-IMN-SUPERMICRO-EPP-MSDefender"),
    ])
    func realWindowsMachines(machine: String, key: String) throws {
        let folder = "immune-gmbh+guard-oss/_derived/evidence/"
        let judged = try JudgedKey(file: Corpus.file(folder + key + ".pem"))
        let attest = try Corpus.file(folder + machine + "/quote.attest")
        let signature = try Corpus.file(folder + machine + "/quote.sig.tpmt")
        let pcrs = try QuoteJudgement.pcrs(file: Corpus.file(folder + machine + "/pcrs.json"))
        let report = judge(judged, attest, signature, pcrs: pcrs)
        #expect(report.verdict == .accepted)
        #expect(report.keyAttributes == .unknown)
        #expect(judge(judged, attest, signature, nonce: [0], pcrs: pcrs).reasons == [.notThisRequest])
        #expect(judge(judged, attest, signature, pcrs: Array(pcrs.dropLast())).reasons == [.pcrDigestMismatch])
        let other = key.contains("latitude") ? "ak-IMN-SUPERMICRO-EPP-MSDefender" : "ak-latitude-7520"
        let stranger = try JudgedKey(file: Corpus.file(folder + other + ".pem"))
        #expect(judge(stranger, attest, signature, pcrs: pcrs).reasons == [.signatureInvalid])
    }

    /// A ThinkPad T14s with a Nuvoton TPM, three banks in one quote.
    ///
    /// Its key was not published: nothing can be accepted, and
    /// what can be compared without it agrees.
    @Test func quoteOfAnUnknownKey() throws {
        let folder = "immune-gmbh+guard-oss/_derived/evidence/"
        let attest = try Corpus.file(folder + "ludmilla/quote.attest")
        let pcrs = try QuoteJudgement.pcrs(file: Corpus.file(folder + "ludmilla/pcrs.json"))
        for key in ["ak-latitude-7520.pem", "ak-IMN-SUPERMICRO-EPP-MSDefender.pem"] {
            let stranger = try JudgedKey(file: Corpus.file(folder + key))
            let signature = try Corpus.file(folder + "ludmilla/quote.sig.tpmt")
            #expect(judge(stranger, attest, signature, pcrs: pcrs).reasons == [.signatureInvalid])
        }
        guard case .quote(let info) = try TPMSAttest(parsing: attest).attested else {
            Issue.record("no quote")
            return
        }
        #expect(info.pcrSelect.selections.map(\.hash) == [.sha256, .sha384, .sha1])
        #expect(SelectionChecks.banks(info) == nil)
        #expect(SelectionChecks.digest(info, of: pcrs, hash: .sha256) == nil)
        #expect(SelectionChecks.digest(info, of: Array(pcrs.dropLast()), hash: .sha256)?.code == .pcrDigestMismatch)
    }

    /// tpm2-tools: a bare TPMS_ATTEST, and what tpm2_print makes of it.
    ///
    /// Without a signature there is nothing to judge.
    @Test func attestAsTpm2PrintReadsIt() throws {
        let folder = "tpm2-software+tpm2-tools/test/system/tests/print-files/"
        let attest = try Corpus.file(folder + "quote.TPMS_ATTEST")
        let read = try TPMSAttest(parsing: attest)
        let printed = try Corpus.text(folder + "quote.printed").split(separator: "\n")
            .map { $0.split(separator: ":", maxSplits: 1).map { $0.filter { $0 != " " } } }
        func field(_ name: String) -> String? { printed.last { $0.first == name }?.last }
        guard case .quote(let info) = read.attested else { Issue.record("no quote"); return }
        #expect(read.qualifiedSigner.contents.hexadecimal == field("qualifiedSigner"))
        #expect(read.extraData.hexadecimal == field("extraData"))
        #expect(String(read.clockInfo.clock) == field("clock"))
        #expect(String(read.clockInfo.resetCount) == field("resetCount"))
        #expect(String(read.clockInfo.restartCount) == field("restartCount"))
        #expect(String(read.firmwareVersion, radix: 16).suffix(14) == field("firmwareVersion")?.suffix(14) ?? "")
        #expect(info.pcrSelect.selections.map { $0.pcrSelect.hexadecimal } == [try #require(field("pcrSelect"))])
        #expect(info.pcrDigest.hexadecimal == field("pcrDigest"))
        let signature = try Corpus.file("keylime+keylime/test-data/files/quotesig.out")
        let key = try JudgedKey(file: Corpus.file("keylime+keylime/test-data/files/ak.pub"))
        #expect(judge(key, attest, signature).reasons == [.signatureInvalid])
    }

    /// GCE: one quote a bank, by an RSA key; SHA-1 alone proves nothing.
    @Test(arguments: ["gce-cos-85-no-nonce", "gce-cos-85-nonce9009"])
    func googleVirtualTPM(machine: String) throws {
        struct Attestation: Decodable {
            struct Quote: Decodable { var bank, attest, sig: String; var pcrs: [String: String] }
            var ak_pub: String
            var quotes: [Quote]
        }
        let attestation = try Corpus.json(Attestation.self, "google+go-tpm-tools/_derived/\(machine).json")
        let key = try JudgedKey(file: Corpus.hex(attestation.ak_pub))
        let nonce: [UInt8] = machine.hasSuffix("9009") ? [0x90, 0x09] : []
        #expect(attestation.quotes.map(\.bank).sorted() == ["sha1", "sha256", "sha384"])
        for quote in attestation.quotes {
            var values: [Int: [UInt8]] = [:]
            for (pcr, value) in quote.pcrs { values[try #require(Int(pcr))] = try Corpus.hex(value) }
            let bank = try #require(PCRBank(rawValue: quote.bank))
            let pcrs = [try #require(PCRValues(bank: bank, values: values))]
            let (attest, signature) = (try Corpus.hex(quote.attest), try Corpus.hex(quote.sig))
            let report = judge(key, attest, signature, nonce: nonce, pcrs: pcrs)
            #expect(report.reasons == (quote.bank == "sha1" ? [.selectionMismatch] : []))
            #expect(report.keyAttributes == .accepted)
            #expect(judge(key, attest, signature, nonce: [1]).reasons.first == .notThisRequest)
            // The protocol buffer that it was taken from has the same bytes.
            let whole = try Corpus.file("google+go-tpm-tools/internal/test/attestations/\(machine).pb")
            #expect(whole.firstRange(of: attest) != nil && whole.firstRange(of: signature) != nil)
        }
    }

    /// Azure: raw RSASSA signatures in other people's containers.
    @Test func azureVirtualTPM() throws {
        struct Container: Decodable { var signature, message: String; var pcrs: [String] }
        let folder = "confidential-containers+trustee/deps/verifier/test_data/az-snp-vtpm/"
        let container = try Corpus.json(Container.self, folder + "tpm-quote-v1.json")
        let key = try Self.azureKey(Corpus.file(folder + "hcl-report.bin"))
        let values = try container.pcrs.map(Corpus.hex)
        try expectAzure(
            key,
            attest: Corpus.hex(container.message),
            signature: Corpus.hex(container.signature),
            values
        )

        // The same in complete evidence, whose report stands in base64url.
        struct Evidence: Decodable { var hcl_report: String; var tpm_quote: Container }
        let evidence = try Corpus.json(Evidence.self, folder + "evidence-v1.json")
        let complete = try evidence.tpm_quote.pcrs.map(Corpus.hex)
        #expect(complete.first?.hexadecimal == "e15c44796beabf46abcec7c57e590942041e47497e4ec27571c8b7664f48dced")
        try expectAzure(
            try Self.azureKey(#require(Base64URL.decode(evidence.hcl_report.prefix { $0 != "=" }))),
            attest: Corpus.hex(evidence.tpm_quote.message),
            signature: Corpus.hex(evidence.tpm_quote.signature),
            complete
        )

        // Kinvolk's: bincode, each part behind a little-endian length.
        let bytes = try Corpus.file("kinvolk+azure-cvm-tooling/az-cvm-vtpm/test/quote.bin")
        let pem = try PublicKey(pem: Corpus.text("kinvolk+azure-cvm-tooling/az-cvm-vtpm/test/akpub.pem"))
        #expect(bytes[0..<8] == [0, 1, 0, 0, 0, 0, 0, 0] && bytes[264] == 122)
        let blocks = stride(from: 8 + 256 + 8 + 122 + 8, to: bytes.count, by: 32).map { Array(bytes[$0..<$0 + 32]) }
        try expectAzure(pem, attest: Array(bytes[272..<394]), signature: Array(bytes[8..<264]), blocks)
    }

    /// The attestation key in the JSON of a report: `HCLAkPub`, a JWK.
    private static func azureKey(_ report: [UInt8]) throws -> PublicKey {
        let text = String(decoding: report, as: UTF8.self)
        let start = try #require(text.firstRange(of: #""HCLAkPub""#))
        let n = try #require(text[start.upperBound...].firstRange(of: #""n":""#))
        let modulus = try #require(Base64URL.decode(text[n.upperBound...].prefix { $0 != "\"" }))
        return try PublicKey(rsaModulus: modulus)
    }

    private func expectAzure(
        _ key: PublicKey,
        attest: [UInt8],
        signature: [UInt8],
        _ values: [[UInt8]],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let pem =
            "-----BEGIN PUBLIC KEY-----\n\(Data(key.subjectPublicKeyInfo).base64EncodedString())\n-----END PUBLIC KEY-----"
        let judged = try JudgedKey(file: Array(pem.utf8))
        let wrapped = TPMTSignature.rsassa(.sha256, signature).bytes
        let challenge = Array("challenge".utf8)
        var numbered = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($0.offset, $0.element) })
        func report(_ signature: [UInt8], nonce: [UInt8]) throws -> QuoteReport {
            let pcrs = [try #require(PCRValues(bank: .sha256, values: numbered))]
            return judge(judged, attest, signature, nonce: nonce, pcrs: pcrs)
        }
        #expect(try report(wrapped, nonce: challenge).verdict == .accepted, sourceLocation: sourceLocation)
        #expect(try report(wrapped, nonce: challenge.reversed()).reasons == [.notThisRequest])
        #expect(try report(signature, nonce: challenge).reasons == [.signatureMalformed])
        var flipped = signature
        flipped[0] ^= 1
        #expect(
            try report(TPMTSignature.rsassa(.sha256, flipped).bytes, nonce: challenge).reasons == [.signatureInvalid]
        )
        numbered[0]?[0] ^= 1
        #expect(try report(wrapped, nonce: challenge).reasons == [.pcrDigestMismatch])
    }

    /// swtpm, by trustee: the quote is genuine, and nothing was measured, which is for an expectation to refuse.
    @Test func trusteeSample() throws {
        struct Sample: Decodable {
            struct Quote: Decodable { var message, signature: String; var pcrs: [String] }
            var ak_public: String
            var tpm_quote: Quote
        }
        let path = "confidential-containers+trustee/deps/verifier/test_data/tpm_evidence.json"
        let sample = try Corpus.json(Sample.self, path)
        let pem = "-----BEGIN PUBLIC KEY-----\n\(sample.ak_public)\n-----END PUBLIC KEY-----"
        let values = try sample.tpm_quote.pcrs.map(Corpus.hex)
        let numbered = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($0.offset, $0.element) })
        let report = judge(
            try JudgedKey(file: Array(pem.utf8)),
            try Corpus.base64(sample.tpm_quote.message),
            try Corpus.base64(sample.tpm_quote.signature),
            pcrs: [try #require(PCRValues(bank: .sha256, values: numbered))]
        )
        #expect(report.verdict == .accepted)
        #expect(report.quote?.extraData.count == 128)
    }

    /// TPM2_Certify statements of WebAuthn: signed by TPMs, and no quotes.
    @Test(arguments: [
        "duo-labs+py_webauthn/_derived/webauthn_tpm/1002a271e4ae.json",
        "go-webauthn+webauthn/_derived/webauthn_tpm/23b652bb0284.json",
        "go-webauthn+webauthn/_derived/webauthn_tpm/bf8961e7b48f.json",
        "webauthn4j+webauthn4j/_derived/webauthn_tpm/e72b601dabba.json",
    ])
    func certificationsAreNoQuotes(path: String) throws {
        struct Statement: Decodable { var alg: Int; var certInfo, sig: String; var x5c: [String] }
        let statement = try Corpus.json(Statement.self, path)
        let certificate = try Corpus.hex(#require(statement.x5c.first))
        // SubjectPublicKeyInfo of an RSA-2048 key begins with these bytes and has 294 of them.
        let head = try Corpus.hex("30820122300d06092a864886f70d01010105000382010f00")
        let start = try #require(certificate.indices.first { certificate[$0...].starts(with: head) })
        let spki = Data(certificate[start..<start + 294]).base64EncodedString()
        let key = try JudgedKey(file: Array("-----BEGIN PUBLIC KEY-----\n\(spki)\n-----END PUBLIC KEY-----".utf8))
        let attest = try Corpus.hex(statement.certInfo)
        // These statements are signed over SHA-1 (RS1), which is refused before anything else; the type comes after.
        #expect(statement.alg == -65535)
        let sha1 = TPMTSignature.rsassa(.sha1, try Corpus.hex(statement.sig))
        #expect(key.verifies(sha1, attest))
        #expect(judge(key, attest, sha1.bytes).reasons == [.signatureScheme])
        #expect(StructureChecks.type(attest)?.code == .notAQuote)
        #expect(judge(key, attest, sha1.bytes).quote == nil)
    }

    /// An RSA key with an ECDSA signature took another verifier down.
    @Test func signatureOfAnotherAlgorithm() throws {
        struct Parameters: Decodable { var Public, CreateAttestation, CreateSignature: String }
        let path = "google+go-attestation/_derived/adversarial/ak_rsa_public_ecc_signature.json"
        let sample = try Corpus.json(Parameters.self, path)
        let key = try JudgedKey(file: Corpus.base64(sample.Public))
        let attest = try Corpus.base64(sample.CreateAttestation)
        let signature = try Corpus.base64(sample.CreateSignature)
        let report = judge(key, attest, signature)
        #expect(report.verdict == .refused)
        // Its scheme is SHA-1 as well; past that the algorithm is not the key's.
        let area = try #require(key.publicArea)
        #expect(SignatureChecks.scheme(try TPMTSignature(parsing: signature), of: area)?.code == .signatureScheme)
    }

    /// PARSEC: the platform's quote is signed by an unrestricted key, which could sign anything.
    @Test func parsecQuoteByAnUnrestrictedKey() throws {
        struct Evidence: Decodable {
            struct Key: Decodable { var pubArea: String }
            struct Platform: Decodable { var sig, attestInfo: String }
            var kat: Key
            var pat: Platform
        }
        let evidence = try Corpus.json(Evidence.self, "veraison+parsec/tpm/test/evidence.json")
        let key = try JudgedKey(file: Corpus.base64(evidence.kat.pubArea))
        let report = judge(
            key,
            try Corpus.base64(evidence.pat.attestInfo),
            try Corpus.base64(evidence.pat.sig)
        )
        #expect(report.reasons == [.keyAttributes])
        #expect(report.keyAttributes == .refused)
        #expect(report.quote?.pcrs.map(\.bank) == ["sha256"])
        let binary = try Corpus.file("veraison+parsec/tpm/test/evidence.cbor")
        for part in [evidence.kat.pubArea, evidence.pat.attestInfo, evidence.pat.sig] {
            #expect(binary.firstRange(of: try Corpus.base64(part)) != nil)
        }
    }

    /// PARSEC's bad evidence: the key or its certification is missing.
    ///
    /// Without a key nothing is judged, and no certification
    /// makes up for a key that may sign anything.
    @Test func parsecEvidenceWithoutItsKey() throws {
        struct Evidence: Decodable {
            struct Part: Decodable { var sig: String; var pubArea, certInfo, attestInfo: String? }
            var kat: Part?
            var pat: Part
        }
        let folder = "veraison+parsec/tpm/test/"
        let stranger = try JudgedKey(file: Corpus.file("keylime+keylime/test-data/files/akpub.pem"))
        for name in ["evidence_invalid_kat.json", "evidence_missing_kat.json"] {
            let evidence = try Corpus.json(Evidence.self, folder + name)
            #expect(evidence.kat?.pubArea == nil)
            for text in [evidence.kat?.certInfo, evidence.pat.attestInfo].compactMap(\.self) {
                let report = judge(stranger, try Corpus.base64(text), try Corpus.base64(evidence.pat.sig))
                #expect(report.verdict == .refused)
            }
        }
        let good = try Corpus.json(Evidence.self, folder + "evidence.json")
        let bad = try Corpus.file(folder + "evidence_bad_kat.cbor")
        #expect(bad.firstRange(of: try Corpus.base64(#require(good.kat?.certInfo))) == nil)
    }

    /// A key registered by attezt with a Nuvoton TPM: signed, and a statement about a creation, no quote.
    @Test func registrationIsNoQuote() throws {
        struct Registration: Decodable {
            struct Parameters: Decodable { var `public`, createAttestation, createSignature: String }
            var params: Parameters
        }
        let parameters = try Corpus.json(Registration.self, "Foxboron+attezt/_derived/attest.json").params
        let key = try JudgedKey(file: Corpus.base64(parameters.public))
        let attest = try Corpus.base64(parameters.createAttestation)
        let report = judge(key, attest, try Corpus.base64(parameters.createSignature))
        #expect(report.reasons == [.notAQuote])
        #expect(report.keyAttributes == .accepted)
    }

    /// What the tests above read of the index's part on quotes.
    private static let judged = [
        "Foxboron+attezt/_derived/attest.json",
        "confidential-containers+trustee/deps/verifier/test_data/az-snp-vtpm/",
        "confidential-containers+trustee/deps/verifier/test_data/tpm_evidence.json",
        "duo-labs+py_webauthn/_derived/webauthn_tpm/", "go-webauthn+webauthn/_derived/webauthn_tpm/",
        "webauthn4j+webauthn4j/_derived/webauthn_tpm/", "google+go-tpm-tools/_derived/gce-cos-85-",
        "google+go-tpm-tools/internal/test/attestations/gce-cos-85-", "immune-gmbh+guard-oss/_derived/evidence/",
        "keylime+keylime/test-data/files/", "kinvolk+azure-cvm-tooling/az-cvm-vtpm/test/akpub.pem",
        "kinvolk+azure-cvm-tooling/az-cvm-vtpm/test/quote.bin", "osresearch+safeboot/_derived/quote-t490/",
        "osresearch+safeboot/tests/pcrs-t490.txt", "tpm2-software+tpm2-tools/test/system/tests/print-files/quote.",
        "veraison+parsec/tpm/test/evidence",
    ]

    /// Reports of Azure's paravisor, for a verifier of confidential machines; and the archive whose members are judged.
    private static let notForUs = [
        "kinvolk+azure-cvm-tooling/az-cvm-vtpm/test/hcl-report-", "osresearch+safeboot/tests/quote-t490.tgz",
    ]

    /// The index has no quote of an empty selection.
    ///
    /// TPMs make them; ``GenuineTPMTests`` has one make it.
    @Test func nothingOfTheIndexIsLeftOut() throws {
        struct Indexed: Decodable { var cls, file: String }
        let files = try Corpus.json([Indexed].self, "MANIFEST.json").filter { $0.cls == "2-quote" }.map(\.file)
        for file in files { #expect((Self.judged + Self.notForUs).count { file.hasPrefix($0) } == 1, "\(file)") }
        for part in Self.judged + Self.notForUs { #expect(files.contains { $0.hasPrefix(part) }, "\(part)") }
    }
}

extension JudgedKey {
    fileprivate func verifies(_ signature: TPMTSignature, _ message: [UInt8]) -> Bool {
        guard case .success(let key) = imported else { return false }
        return key.verify(signature, over: message) == .valid
    }
}

/// Files of the corpus, which the tests use where BIRTHMARK_CORPUS names it.
enum Corpus {
    static let root = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

    static func file(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: try #require(root) + "/" + path)))
    }

    static func text(_ path: String) throws -> String { String(decoding: try file(path), as: UTF8.self) }

    static func json<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try file(path)))
    }

    static func hex(_ text: String) throws -> [UInt8] { try #require([UInt8](hexadecimal: text) as [UInt8]?) }

    static func base64(_ text: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: text))) }

    /// The PCR blob of tpm2-tools: little-endian structures; the values of up to eight PCRs stand behind their sizes.
    static func pcrBlob(_ path: String, _ pcrs: [Int]) throws -> PCRValues {
        let bytes = try file(path)
        var values: [Int: [UInt8]] = [:]
        for (index, pcr) in pcrs.enumerated() {
            let offset = 140 + index * 66
            #expect(bytes[offset] == 32 && bytes[offset + 1] == 0)
            values[pcr] = Array(bytes[offset + 2..<offset + 34])
        }
        return try #require(PCRValues(bank: .sha256, values: values))
    }
}
