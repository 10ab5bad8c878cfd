import Crypto
import ParserProperties
import TPMWire

enum WireSeeds {
    private static let digest = (0..<32).map { UInt8($0) }
    private static let name = Name(algorithm: .sha256, digest: digest) ?? .empty
    private static let clock = TPMSClockInfo(clock: 0x0102_0304, resetCount: 7, restartCount: 2, safe: true)
    private static let pcrs = TPMLPCRSelection(
        [TPMSPCRSelection(bank: .sha256, pcrs: [0, 7, 23]), TPMSPCRSelection(bank: .sha1, pcrs: [10])]
            .compactMap { $0 }
    )

    static let all: [String: [String: [UInt8]]] = [
        "attest": [
            "certify": attest(.certify(name: name, qualifiedName: name)),
            "creation": attest(.creation(objectName: name, creationHash: digest)),
            "quote": attest(.quote(TPMSQuoteInfo(pcrSelect: pcrs ?? .empty, pcrDigest: digest))),
            "command-audit": attest(
                .commandAudit(counter: 9, digestAlg: .sha256, auditDigest: digest, commandDigest: digest)
            ),
            "session-audit": attest(.sessionAudit(exclusive: true, sessionDigest: digest)),
            "time": attest(.time(time: 99, clockInfo: clock, firmwareVersion: 4)),
            "nv": attest(.nv(indexName: name, offset: 3, contents: [5, 6])),
            "nv-digest": attest(.nvDigest(indexName: name, digest: digest)),
        ],
        "public": [
            "rsa-storage": area(
                .rsa(TPMSRSAParms(symmetric: .aes128CFB, scheme: .null, keyBits: 2048), unique: modulus)
            ),
            "rsapss": area(
                .rsa(TPMSRSAParms(symmetric: .null, scheme: .rsapss(.sha256), keyBits: 2048), unique: modulus)
            ),
            "rsaes": area(.rsa(TPMSRSAParms(symmetric: .null, scheme: .rsaes, keyBits: 3072), unique: [1])),
            "ecdsa": area(
                .ecc(
                    TPMSECCParms(symmetric: .null, scheme: .ecdsa(.sha256), curveID: .p256),
                    unique: TPMSECCPoint(x: Array(point.prefix(32)), y: Array(point.suffix(32)))
                )
            ),
            "ecdaa": area(
                .ecc(
                    TPMSECCParms(
                        symmetric: .null,
                        scheme: .ecdaa(.sha256, count: 4),
                        curveID: .p384,
                        kdf: .derivation(.kdf1SP800_108, hash: .sha256)
                    ),
                    unique: TPMSECCPoint(x: [], y: [9])
                )
            ),
            "hmac": area(.keyedHash(.hmac(.sha256), unique: digest)),
            "xor": area(.keyedHash(.xor(.sha256, kdf: .kdf1SP800_108), unique: [])),
            "sealed": area(.keyedHash(.null, unique: [])),
            "aes": area(.symCipher(.aes256CFB, unique: digest)),
        ],
        "signature": [
            "rsassa": TPMTSignature.rsassa(.sha256, modulus).bytes,
            "rsapss": TPMTSignature.rsapss(.sha256, modulus).bytes,
            "ecdsa": TPMTSignature.ecdsa(.sha256, r: digest, s: digest).bytes,
            "ecdsa-short": TPMTSignature.ecdsa(.sha384, r: [1, 2], s: [0, 3]).bytes,
            "hmac": TPMTHA(hashAlg: .sha256, digest: digest).map { TPMTSignature.hmac($0).bytes } ?? [],
        ],
        "creation-data": [
            "primary": creation(parent: Name(handle: .endorsement), nameAlg: .null),
            "child": creation(parent: name, nameAlg: .sha256),
        ],
        "nv-public": [
            "counter": index(.counter, 8, name: .sha256),
            "ordinary": index(.ordinary, 34, name: .sha384),
        ],
    ]

    private static func attest(_ attested: TPMUAttest) -> [UInt8] {
        TPMSAttest(
            qualifiedSigner: name,
            extraData: [1, 2, 3],
            clockInfo: clock,
            firmwareVersion: 0x2019_1023,
            attested: attested
        )
        .bytes
    }

    private static func area(_ parameters: TPMUPublic) -> [UInt8] {
        TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [.fixedTPM, .restricted, .sign],
            authPolicy: digest,
            parameters: parameters
        )
        .bytes
    }

    private static func creation(parent: Name, nameAlg: AlgorithmID) -> [UInt8] {
        TPMSCreationData(
            pcrSelect: pcrs ?? .empty,
            pcrDigest: digest,
            locality: .zero,
            parentNameAlg: nameAlg,
            parentName: parent,
            parentQualifiedName: parent,
            outsideInfo: [1]
        )
        .bytes
    }

    private static func index(_ type: TPMANV.IndexType, _ size: UInt16, name: AlgorithmID) -> [UInt8] {
        TPMSNVPublic(
            nvIndex: Handle(rawValue: 0x01D1_0300),
            nameAlg: name,
            attributes: [.authRead, .written, type.attribute],
            dataSize: size
        )
        .bytes
    }

    private static let modulus = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 | 0x81) }
    private static let point = Array(FixedKeys.signing.publicKey.rawRepresentation)
}
