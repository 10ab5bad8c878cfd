import SeededRandom
import TPMWire

/// A structure that can be made up, of every shape that it can have.
protocol Generated: WireStructure {
    static func generate(_ random: inout SplitMix64) -> Self
}

/// Parts of structures.
extension SplitMix64 {
    mutating func number<Number: FixedWidthInteger & UnsignedInteger>(_: Number.Type = Number.self) -> Number {
        Number(truncatingIfNeeded: next())
    }

    mutating func flag() -> Bool { next() & 1 == 1 }

    mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: counts, using: &self)).map { _ in number() }
    }

    mutating func one<Value>(of first: Value, _ others: Value...) -> Value {
        others.isEmpty || next() % UInt64(others.count + 1) == 0 ? first : others[Int(next() % UInt64(others.count))]
    }

    mutating func hash() -> AlgorithmID { one(of: .sha256, .sha1, .sha384, .sha512, .sm3_256, .sha3_256) }

    mutating func digest() -> [UInt8] { bytes(one(of: 32...32, 0...0, 20...20, 48...48, 64...64)) }

    mutating func name() -> Name {
        switch next() % 4 {
        case 0: return .empty
        case 1: return Name(handle: Handle(rawValue: number()))
        default:
            let hash = one(of: AlgorithmID.sha256, .sha384, .sha512)
            let size = hash.digestSize ?? 0
            return Name(algorithm: hash, digest: bytes(size...size)) ?? .empty
        }
    }

    mutating func selection() -> TPMLPCRSelection {
        let banks = [AlgorithmID.sha256, .sha1, .sha384].prefix(Int(next() % 4))
        return TPMLPCRSelection(
            banks.compactMap { bank in
                let bits: UInt32 = number()
                return TPMSPCRSelection(bank: bank, pcrs: Set((0..<24).filter { bits >> UInt32($0) & 1 == 1 }))
            }
        ) ?? .empty
    }
}

extension TPMSClockInfo: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMSClockInfo {
        TPMSClockInfo(
            clock: random.number(),
            resetCount: random.number(),
            restartCount: random.number(),
            safe: random.flag()
        )
    }
}

extension TPMSAttest: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMSAttest {
        let attested: TPMUAttest =
            switch random.next() % 8 {
            case 0: .certify(name: random.name(), qualifiedName: random.name())
            case 1: .creation(objectName: random.name(), creationHash: random.digest())
            case 2:
                .commandAudit(
                    counter: random.number(),
                    digestAlg: random.hash(),
                    auditDigest: random.digest(),
                    commandDigest: random.digest()
                )
            case 3: .sessionAudit(exclusive: random.flag(), sessionDigest: random.digest())
            case 4: .time(time: random.number(), clockInfo: .generate(&random), firmwareVersion: random.number())
            case 5: .nv(indexName: random.name(), offset: random.number(), contents: random.bytes(0...90))
            case 6: .nvDigest(indexName: random.name(), digest: random.digest())
            default: .quote(TPMSQuoteInfo(pcrSelect: random.selection(), pcrDigest: random.digest()))
            }
        return TPMSAttest(
            qualifiedSigner: random.name(),
            extraData: random.bytes(0...66),
            clockInfo: .generate(&random),
            firmwareVersion: random.number(),
            attested: attested
        )
    }
}

extension TPMTSymDefObject: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMTSymDefObject {
        random.one(
            of: .null,
            .aes128CFB,
            .aes256CFB,
            .cipher(.camellia, keyBits: 192, mode: .cbc),
            .cipher(.sm4, keyBits: 128, mode: .ctr)
        )
    }
}

extension TPMTPublic: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMTPublic {
        let hash = random.hash()
        let parameters: TPMUPublic =
            switch random.next() % 4 {
            case 0:
                .rsa(
                    TPMSRSAParms(
                        symmetric: .generate(&random),
                        scheme: random.one(of: .null, .rsassa(hash), .rsapss(hash), .rsaes, .oaep(hash)),
                        keyBits: random.one(of: 2048, 1024, 3072, 4096),
                        exponent: random.one(of: 0, 3, 65537)
                    ),
                    unique: random.bytes(random.one(of: 256...256, 0...0, 384...384, 512...512))
                )
            case 1:
                .ecc(
                    TPMSECCParms(
                        symmetric: .generate(&random),
                        scheme: random.one(
                            of: .null,
                            .ecdsa(hash),
                            .ecdaa(hash, count: random.number()),
                            .sm2(hash),
                            .ecschnorr(hash),
                            .ecdh(hash),
                            .ecmqv(hash)
                        ),
                        curveID: random.one(of: .p256, .p384, .p521, .sm2P256),
                        kdf: random.one(
                            of: .null,
                            .derivation(.kdf1SP800_56A, hash: hash),
                            .derivation(.kdf1SP800_108, hash: hash),
                            .derivation(.mgf1, hash: hash),
                            .derivation(.kdf2, hash: hash)
                        )
                    ),
                    unique: TPMSECCPoint(x: random.bytes(0...66), y: random.bytes(0...66))
                )
            case 2:
                .keyedHash(
                    random.one(of: .null, .hmac(hash), .xor(hash, kdf: .kdf1SP800_108)),
                    unique: random.digest()
                )
            default: .symCipher(.generate(&random), unique: random.digest())
            }
        return TPMTPublic(
            nameAlg: random.one(of: hash, .null),
            objectAttributes: TPMAObject(rawValue: random.number()),
            authPolicy: random.digest(),
            parameters: parameters
        )
    }
}

extension TPMTSignature: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMTSignature {
        let hash = random.hash()
        let size = hash.digestSize ?? 0
        return switch random.next() % 4 {
        case 0: .rsassa(hash, random.bytes(random.one(of: 256...256, 0...512)))
        case 1: .rsapss(hash, random.bytes(random.one(of: 256...256, 0...512)))
        case 2: TPMTHA(hashAlg: hash, digest: random.bytes(size...size)).map { .hmac($0) } ?? .rsassa(hash, [])
        default: .ecdsa(hash, r: random.bytes(0...66), s: random.bytes(0...66))
        }
    }
}

extension TPMSCreationData: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMSCreationData {
        TPMSCreationData(
            pcrSelect: random.selection(),
            pcrDigest: random.digest(),
            locality: TPMALocality(rawValue: random.number()),
            parentNameAlg: random.one(of: .null, .sha256, .sha384),
            parentName: random.name(),
            parentQualifiedName: random.name(),
            outsideInfo: random.bytes(0...66)
        )
    }
}

extension TPMSNVPublic: Generated {
    static func generate(_ random: inout SplitMix64) -> TPMSNVPublic {
        TPMSNVPublic(
            nvIndex: Handle(rawValue: 0x0100_0000 | random.number() & 0x00FF_FFFF),
            nameAlg: random.hash(),
            attributes: TPMANV(rawValue: random.number()),
            authPolicy: random.digest(),
            dataSize: random.number() & 0x7FF
        )
    }
}
