import TPMWire
import Testing

/// The quote of tpm2-tools issue 2767 in its published layout.
///
/// Two of its digests are known by their ends only; the bytes between are stand-ins, which no parser looks at.
enum WorkedQuote {
    static let signer: [UInt8] = [0x32, 0x31] + (0..<27).map { UInt8($0) } + [0x4b, 0xe5, 0x7a]
    static let digest: [UInt8] = [0x51, 0xcd, 0xfd, 0x15] + (0..<26).map { 0xA0 + UInt8($0) } + [0x64, 0xfc]

    static let bytes: [UInt8] =
        hex("ff544347 8018 0022 000b") + signer + hex("0003 abc123 00000000000092b7 00000000 00000000 01")
        + hex("2019102300163636 00000001 000b 03 008041 0020") + digest

    static let safe = 63
    static let count = 72
    static let sizeofSelect = 78
}

func hex(_ text: String) -> [UInt8] {
    [UInt8](hexadecimal: text.filter { !$0.isWhitespace }) ?? []
}

/// A value of every structure with the bytes that stand for it, so that every property is tested on all of them.
struct Sample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// Parses all of the bytes and gives back what the parsed value writes.
    let reencode: @Sendable ([UInt8]) throws(WireError) -> [UInt8]

    init<Value: WireStructure>(_ value: Value, _ name: String = "\(Value.self)") {
        testDescription = name
        bytes = value.bytes
        reencode = { (bytes) throws(WireError) in try Value(parsing: bytes).bytes }
    }

    static let name = Name(algorithm: .sha256, digest: WorkedQuote.digest) ?? .empty
    static let clock = TPMSClockInfo(clock: 0x0102_0304, resetCount: 7, restartCount: 2, safe: false)
    static let pcrs =
        TPMLPCRSelection(
            [TPMSPCRSelection(bank: .sha256, pcrs: [0, 7, 23]), TPMSPCRSelection(bank: .sha1, pcrs: [10])]
                .compactMap { $0 }
        ) ?? .empty

    static func attest(_ attested: TPMUAttest, signer: Name = name) -> Sample {
        Sample(
            TPMSAttest(
                qualifiedSigner: signer,
                extraData: [1, 2, 3],
                clockInfo: clock,
                firmwareVersion: 0x2019_1023,
                attested: attested
            ),
            "TPMSAttest \(attested.type)"
        )
    }

    static func key(_ parameters: TPMUPublic, _ name: String) -> Sample {
        Sample(
            TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: [.fixedTPM, .restricted, .sign],
                authPolicy: WorkedQuote.digest,
                parameters: parameters
            ),
            name
        )
    }

    static let attests: [Sample] = [
        attest(.certify(name: name, qualifiedName: name)),
        attest(.creation(objectName: name, creationHash: WorkedQuote.digest)),
        attest(.quote(TPMSQuoteInfo(pcrSelect: pcrs, pcrDigest: WorkedQuote.digest))),
        attest(.commandAudit(counter: 9, digestAlg: .sha256, auditDigest: WorkedQuote.digest, commandDigest: [])),
        attest(.sessionAudit(exclusive: true, sessionDigest: WorkedQuote.digest)),
        attest(.time(time: 99, clockInfo: clock, firmwareVersion: 4), signer: .empty),
        attest(.nv(indexName: name, offset: 3, contents: [5, 6])),
        attest(.nvDigest(indexName: name, digest: WorkedQuote.digest), signer: Name(handle: .null)),
    ]

    static let publics: [Sample] = [
        key(
            .rsa(
                TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048),
                unique: Array(repeating: 0xC3, count: 256)
            ),
            "RSA storage key"
        ),
        key(
            .rsa(TPMSRSAParms(symmetric: .null, scheme: .rsapss(.sha256), keyBits: 2048, exponent: 3), unique: []),
            "RSAPSS key"
        ),
        key(.rsa(TPMSRSAParms(symmetric: .null, scheme: .rsaes, keyBits: 3072), unique: [1]), "RSAES key"),
        key(
            .ecc(
                TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha384), curveID: .p384),
                unique: TPMSECCPoint(x: [1, 2], y: [])
            ),
            "ECDSA key"
        ),
        key(
            .ecc(
                TPMSECCParms(
                    symmetric: .null,
                    scheme: .ecdaa(.sha256, count: 4),
                    curveID: .p256,
                    kdf: .derivation(.kdf1SP800_108, hash: .sha256)
                ),
                unique: TPMSECCPoint(x: [], y: [9])
            ),
            "ECDAA key"
        ),
        key(.keyedHash(.hmac(.sha256), unique: WorkedQuote.digest), "HMAC key"),
        key(.keyedHash(.xor(.sha256, kdf: .kdf1SP800_108), unique: []), "XOR key"),
        key(.keyedHash(.null, unique: []), "sealed data"),
        key(.symCipher(.aes256CFB, unique: WorkedQuote.digest), "AES key"),
    ]

    static let others: [Sample] = [
        Sample(
            TPM2BPublic(TPMTPublic(nameAlg: .sha1, objectAttributes: [], parameters: .symCipher(.null, unique: [])))
        ),
        Sample(TPMTSignature.rsassa(.sha256, Array(repeating: 0x5A, count: 256)), "RSASSA"),
        Sample(TPMTSignature.rsapss(.sha384, [1]), "RSAPSS"),
        Sample(TPMTSignature.ecdsa(.sha256, r: [1, 2], s: [0, 3]), "ECDSA"),
        Sample(
            TPMTHA(hashAlg: .sha256, digest: WorkedQuote.digest).map(TPMTSignature.hmac)
                ?? .ecdsa(.null, r: [], s: []),
            "HMAC"
        ),
        Sample(
            TPMSCreationData(
                pcrSelect: pcrs,
                pcrDigest: WorkedQuote.digest,
                locality: .zero,
                parentNameAlg: .null,
                parentName: Name(handle: .endorsement),
                parentQualifiedName: Name(handle: .endorsement),
                outsideInfo: [1]
            )
        ),
        Sample(TPMTTKCreation(hierarchy: .endorsement, digest: WorkedQuote.digest)),
        Sample(TPM2BIDObject(TPMSIDObject(integrityHMAC: WorkedQuote.digest, encIdentity: [1, 2, 3]))),
        Sample(TPM2BEncryptedSecret([1, 2, 3])),
        Sample(TPM2BPrivate([4, 5])),
        Sample(TPM2BDigest([6])),
        Sample(TPM2BSensitiveCreate(TPMSSensitiveCreate(userAuth: [1], data: [2, 3]))),
        Sample(TPMTSensitive(sensitiveType: .keyedHash, seedValue: WorkedQuote.digest, sensitive: [7])),
        Sample(
            TPM2BNVPublic(
                TPMSNVPublic(
                    nvIndex: Handle(rawValue: 0x01D1_0300),
                    nameAlg: .sha256,
                    attributes: [.authRead, .written, TPMANV.IndexType.counter.attribute],
                    dataSize: 8
                )
            )
        ),
        Sample(TPM2BECCPoint(TPMSECCPoint(x: [1], y: [2, 3]))),
        Sample(name),
        Sample(pcrs),
    ]

    static let all = attests + publics + others
}
