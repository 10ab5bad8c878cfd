import FoundationEssentials
import TPMCrypto
import TPMWire
import Testing

/// Evidence and vectors that others made; where they are is told by BIRTHMARK_CORPUS.
enum Corpus {
    static let directory = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

    static func bytes(_ path: String) throws -> [UInt8] {
        let root = try #require(directory)
        return Array(try Data(contentsOf: URL(filePath: root + "/" + path)))
    }

    static func decode<Value: Decodable>(_: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(try bytes(path)))
    }
}

@Suite(.enabled(if: Corpus.directory != nil)) struct CorpusTests {
    struct KDFVector: Decodable {
        let Name, Label, ContextU, ContextV, Result: String
        let Key, Z: String?
        let HashAlg: UInt16
        let Bits: UInt16

        var derivation: Derivation {
            get throws {
                Derivation(
                    hash: try HashAlgorithm(AlgorithmID(rawValue: HashAlg)),
                    key: hex(Key ?? Z ?? ""),
                    label: Label,
                    u: hex(ContextU),
                    v: hex(ContextV),
                    bits: Bits,
                    result: hex(Result)
                )
            }
        }
    }

    private static let vectors = "google+go-tpm/_derived/split/"

    @Test func keyDerivation() throws {
        let kdfa = try Corpus.decode([KDFVector].self, Self.vectors + "kdfa.even.json")
        let kdfe = try Corpus.decode([KDFVector].self, Self.vectors + "kdfe.even.json")
        #expect(kdfa.count == 50 && kdfe.count == 50)
        for vector in kdfa { #expect(try vector.derivation.kdfa == vector.derivation.result, "\(vector.Name)") }
        for vector in kdfe { #expect(try vector.derivation.kdfe == vector.derivation.result, "\(vector.Name)") }
    }

    struct KEMVector: Decodable {
        let Name, Label, PublicKey, Secret, Ciphertext: String
        let EphemeralPrivate, OAEPSalt: String?
    }

    @Test(arguments: ["ecc_labeled_encaps.even.json", "rsa_labeled_encaps.even.json"])
    func encapsulation(file: String) throws {
        let all = try Corpus.decode([KEMVector].self, Self.vectors + file)
        #expect(all.count == 50)
        var checked = 0
        for vector in all {
            let area = try TPMTPublic(parsing: hex(vector.PublicKey))
            // Vectors for keys that are no storage keys are out of reach on purpose.
            guard let label = SecretLabel(rawValue: vector.Label), let key = try? StorageKey(area) else { continue }
            let seed: EncapsulatedSeed? =
                if let salt = vector.OAEPSalt {
                    try key.encapsulate(seed: hex(vector.Secret), label: label, oaepSeed: hex(salt))
                } else {
                    try key.encapsulate(label: label, ephemeralScalar: hex(vector.EphemeralPrivate ?? ""))
                }
            #expect(seed?.seed == hex(vector.Secret), "\(vector.Name)")
            #expect(seed?.secret.secret == hex(vector.Ciphertext), "\(vector.Name)")
            checked += 1
        }
        #expect(checked >= 15)
    }

    struct ZeroRandom: Decodable {
        struct Case: Decodable {
            let ek_pub_pem, expected_idobject_plus_encsecret_b64: String
        }
        let ak_name_sha256_digest_b64, secret_b64: String
        let cases: [Case]
    }

    @Test func makeCredentialWithoutRandomness() throws {
        let vector = try Corpus.decode(ZeroRandom.self, "google+go-tpm/_derived/make_credential_zero_rand.json")
        let digest = try #require(Data(base64Encoded: vector.ak_name_sha256_digest_b64))
        let name = try #require(Name(algorithm: .sha256, digest: Array(digest)))
        let secret = Array(try #require(Data(base64Encoded: vector.secret_b64)))
        var checked = 0
        for entry in vector.cases {
            guard case .rsa(let modulus) = try PublicKey(pem: entry.ek_pub_pem).numbers else { continue }
            var area = EndorsementKeyTemplate.rsa2048.area
            area.parameters = .rsa(
                TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048),
                unique: modulus
            )
            let key = try StorageKey(area)
            // The library behind the vector draws a seed as long as a cipher block, not as long as a digest.
            let seed = try key.encapsulate(
                seed: Array(repeating: 0, count: 16),
                label: .identity,
                oaepSeed: Array(repeating: 0, count: 32)
            )
            let credential = try key.makeCredential(name: name, secret: secret, seed: seed)
            let expected = try #require(Data(base64Encoded: entry.expected_idobject_plus_encsecret_b64))
            #expect(credential.idObject.bytes + credential.secret.bytes == Array(expected))
            checked += 1
        }
        #expect(checked == 1)
    }

    static let quotes: [(key: String, attest: String, signature: String)] =
        [
            ("osresearch+safeboot/_derived/quote-t490/ak.pub", "quote.out", "quote.sig"),
            ("keylime+keylime/test-data/files/ak.pub", "quote.out", "quotesig.out"),
            ("keylime+keylime/test-data/files/akpub.pem", "quote.out", "quotesig.out"),
        ].map { key, attest, signature in
            let folder = key.split(separator: "/").dropLast().joined(separator: "/") + "/"
            return (key, folder + attest, folder + signature)
        }
        + [
            ("latitude-7520", ["latitude-7520", "DESKTOP-MIMU51J-EPP-ESET", "dell-notebook-5eventlogs-WBCL"]),
            ("IMN-SUPERMICRO-EPP-MSDefender", ["IMN-SUPERMICRO-EPP-MSDefender", "IMN-SUPERMICRO-WBCL-Quote-AIKs"]),
        ].flatMap { key, machines in
            machines.map { machine in
                let folder = "immune-gmbh+guard-oss/_derived/evidence/"
                return (
                    folder + "ak-\(key).pem", folder + machine + "/quote.attest", folder + machine + "/quote.sig.tpmt"
                )
            }
        }

    private func key(_ path: String) throws -> VerifyingKey {
        let bytes = try Corpus.bytes(path)
        if path.hasSuffix(".pem") {
            return VerifyingKey(anySchemeOf: try PublicKey(pem: String(decoding: bytes, as: UTF8.self)))
        }
        let area = try (try? TPM2BPublic(parsing: bytes).contents) ?? TPMTPublic(parsing: bytes)
        return try VerifyingKey(area)
    }

    @Test(arguments: quotes)
    func quotesOfRealMachines(key path: String, attest: String, signature: String) throws {
        let key = try key(path)
        let message = try Corpus.bytes(attest)
        let signatureBytes = try Corpus.bytes(signature)
        let signature = try TPMTSignature(parsing: signatureBytes)
        let parsed = try TPMSAttest(parsing: message)
        #expect(parsed.quote != nil)
        #expect(parsed.bytes == message)
        #expect(signature.bytes == signatureBytes)
        #expect(key.verify(signature, over: message) == .valid)
        for index in message.indices {
            var changed = message
            changed[index] ^= 0x10
            guard key.verify(signature, over: changed) == .refused(.doesNotVerify) else {
                Issue.record("byte \(index) of \(attest) can be changed")
                return
            }
        }
    }

    @Test func namesAndKeyedHashOfARealSwitch() throws {
        let folder = "openconfig+attestz/service/biz/hmac_challenge_test_data/"
        let iak = try TPMTPublic(parsing: try Corpus.bytes(folder + "iak-TPMT_PUBLIC"))
        let attest = try TPM2BAttest(parsing: try Corpus.bytes(folder + "challengeResp-iak_certify_info")).contents
        guard case .certify(let name, _) = attest.attested else {
            Issue.record("not a certification")
            return
        }
        #expect(try Name(of: iak) == name)
        #expect(try TPM2BPublic(parsing: try Corpus.bytes(folder + "challengeResp-iak_pub")).contents == iak)
        let sensitive = try TPMTSensitive(parsing: try Corpus.bytes(folder + "sensitive"))
        let signature = try TPMTSignature(
            parsing: try Corpus.bytes(folder + "challengeResp-iak_certify_info_signature")
        )
        let hash = HashAlgorithm.sha256
        #expect(signature.hashAlgorithm == hash.id)
        let code = hash.hmac(key: sensitive.sensitive, hash.digest(attest.bytes))
        #expect(TPMTHA(hashAlg: hash.id, digest: code).map(TPMTSignature.hmac) == signature)
    }

    @Test func keylimeNames() throws {
        let folder = "keylime+keylime/test-data/files/"
        let area = try TPM2BPublic(parsing: try Corpus.bytes(folder + "ak.pub")).contents
        #expect(try Name(of: area).contents == (try Corpus.bytes(folder + "ak.name")))
        let pem = String(decoding: try Corpus.bytes(folder + "akpub.pem"), as: UTF8.self)
        #expect(try PublicKey(pem: pem) == PublicKey(area))
        let ek = try TPM2BPublic(parsing: try Corpus.bytes(folder + "ek.pub")).contents
        #expect(ek.authPolicy == EndorsementKeyTemplate.rsa2048.area.authPolicy)
        #expect(throws: Never.self) { try StorageKey(ek) }
    }

    struct Creation: Decodable {
        let Public, CreateData, CreateAttestation, CreateSignature: String

        func bytes(_ field: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: field))) }
    }

    @Test func attack22_anECDSASignatureForAnRSAKey() throws {
        let evidence = try Corpus.decode(
            Creation.self,
            "google+go-attestation/_derived/adversarial/ak_rsa_public_ecc_signature.json"
        )
        let key = try VerifyingKey(try TPMTPublic(parsing: try evidence.bytes(evidence.Public)))
        let signature = try TPMTSignature(parsing: try evidence.bytes(evidence.CreateSignature))
        let attest = try evidence.bytes(evidence.CreateAttestation)
        #expect(key.verify(signature, over: attest) == .refused(.schemeMismatch(.ecdsa)))
    }

    @Test func creationOfARealInfineonTPM() throws {
        struct File: Decodable { let ak: Creation }
        let evidence = try Corpus.decode(
            File.self,
            "google+go-attestation/_derived/activation_rsa_infineon.json"
        ).ak
        let area = try TPMTPublic(parsing: try evidence.bytes(evidence.Public))
        let message = try evidence.bytes(evidence.CreateAttestation)
        let signature = try TPMTSignature(parsing: try evidence.bytes(evidence.CreateSignature))
        // RSASSA with SHA-1: the signature holds; that nobody should accept such a key is judged elsewhere.
        #expect(try VerifyingKey(area).verify(signature, over: message) == .valid)
        guard case .creation(let name, let hash) = try TPMSAttest(parsing: message).attested else {
            Issue.record("not a creation")
            return
        }
        #expect(try Name(of: area) == name)
        let data = try evidence.bytes(evidence.CreateData)
        #expect(HashAlgorithm.sha256.digest(data) == hash)
        #expect(try TPMSCreationData(parsing: data).parentNameAlg == .sha256)
    }
}
