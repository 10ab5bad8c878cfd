import TPMWire

/// Random structures out of a fixed stream of numbers, so that a failure can be repeated.
struct Generator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    // SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[Int(next() % UInt64(elements.count))] }

    mutating func bytes(_ count: ClosedRange<Int>) -> [UInt8] {
        // The smallest and the largest more often than chance would have it.
        let length = pick([count.lowerBound, count.upperBound, Int.random(in: count, using: &self)])
        return (0..<length).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    private mutating func number<Number: FixedWidthInteger>() -> Number {
        pick([0, 1, .max, Number(truncatingIfNeeded: next())])
    }

    private mutating func hash() -> AlgorithmID { pick([.sha1, .sha256, .sha384, .sha512, .sm3_256, .sha3_256]) }

    mutating func digest() -> [UInt8] { pick([[], bytes(0...64), bytes(20...20), bytes(32...32), bytes(48...48)]) }

    mutating func name() -> Name {
        let algorithm = hash()
        let size = algorithm.digestSize ?? 0
        return pick([
            .empty, Name(handle: pick([.owner, .endorsement, .null])),
            Name(algorithm: algorithm, digest: bytes(size...size)) ?? .empty,
        ])
    }

    mutating func selection() -> TPMLPCRSelection {
        let selections = (0..<pick([0, 1, 1, 2, 5, 16])).compactMap { _ in
            TPMSPCRSelection(bank: hash(), pcrs: Set((0..<pick([0, 1, 8, 24])).map { _ in Int(next() % 32) }))
        }
        return TPMLPCRSelection(selections) ?? .empty
    }

    private mutating func clock() -> TPMSClockInfo {
        TPMSClockInfo(clock: number(), resetCount: number(), restartCount: number(), safe: pick([true, false]))
    }

    mutating func attest() -> TPMSAttest {
        let attested: TPMUAttest = pick([
            .certify(name: name(), qualifiedName: name()), .creation(objectName: name(), creationHash: digest()),
            .quote(TPMSQuoteInfo(pcrSelect: selection(), pcrDigest: digest())),
            .commandAudit(counter: number(), digestAlg: hash(), auditDigest: digest(), commandDigest: digest()),
            .sessionAudit(exclusive: pick([true, false]), sessionDigest: digest()),
            .time(time: number(), clockInfo: clock(), firmwareVersion: number()),
            .nv(indexName: name(), offset: number(), contents: bytes(0...600)),
            .nvDigest(indexName: name(), digest: digest()),
        ])
        return TPMSAttest(
            qualifiedSigner: name(),
            extraData: bytes(0...66),
            clockInfo: clock(),
            firmwareVersion: number(),
            attested: attested
        )
    }

    private mutating func cipher() -> TPMTSymDefObject {
        pick([
            .null, .aes128CFB, .aes256CFB, .cipher(.sm4, keyBits: 128, mode: pick([.cfb, .ctr, .ofb, .cbc, .ecb])),
            .cipher(.camellia, keyBits: number(), mode: .cfb), .cipher(.tdes, keyBits: 192, mode: .cbc),
        ])
    }

    mutating func point() -> TPMSECCPoint { TPMSECCPoint(x: bytes(0...66), y: bytes(0...66)) }

    private mutating func parameters() -> TPMUPublic {
        let rsa: TPMTAsymScheme = pick([.null, .rsassa(hash()), .rsapss(hash()), .rsaes, .oaep(hash())])
        let ecc: TPMTAsymScheme = pick([
            .null, .ecdsa(hash()), .ecdaa(hash(), count: number()), .sm2(hash()), .ecschnorr(hash()), .ecdh(hash()),
            .ecmqv(hash()),
        ])
        let kdf: TPMTKDFScheme = pick([
            .null, .derivation(pick([.mgf1, .kdf1SP800_56A, .kdf2, .kdf1SP800_108]), hash: hash()),
        ])
        return pick([
            .rsa(
                TPMSRSAParms(symmetric: cipher(), scheme: rsa, keyBits: number(), exponent: number()),
                unique: bytes(0...512)
            ),
            .ecc(
                TPMSECCParms(
                    symmetric: cipher(),
                    scheme: ecc,
                    curveID: pick([.p256, .p384, .p521, .sm2P256]),
                    kdf: kdf
                ),
                unique: point()
            ),
            .keyedHash(pick([.null, .hmac(hash()), .xor(hash(), kdf: .kdf1SP800_108)]), unique: digest()),
            .symCipher(cipher(), unique: digest()),
        ])
    }

    mutating func publicArea() -> TPMTPublic {
        TPMTPublic(
            nameAlg: hash(),
            objectAttributes: TPMAObject(rawValue: number()).intersection(.namedBits),
            authPolicy: digest(),
            parameters: parameters()
        )
    }

    mutating func signature() -> TPMTSignature {
        let algorithm = hash()
        let size = algorithm.digestSize ?? 0
        let code = TPMTHA(hashAlg: algorithm, digest: bytes(size...size)).map(TPMTSignature.hmac)
        return pick([
            .rsassa(hash(), bytes(0...512)), .rsapss(hash(), bytes(0...512)),
            .ecdsa(hash(), r: bytes(0...66), s: bytes(0...66)), code ?? .rsassa(.sha256, []),
        ])
    }

    mutating func creationData() -> TPMSCreationData {
        TPMSCreationData(
            pcrSelect: selection(),
            pcrDigest: digest(),
            locality: TPMALocality(rawValue: number()),
            parentNameAlg: pick([.null, hash()]),
            parentName: name(),
            parentQualifiedName: name(),
            outsideInfo: bytes(0...66)
        )
    }

    mutating func index() -> TPMSNVPublic {
        TPMSNVPublic(
            nvIndex: Handle(rawValue: 0x0100_0000 | number() & 0xFF_FFFF),
            nameAlg: hash(),
            attributes: TPMANV(rawValue: number()),
            authPolicy: digest(),
            dataSize: pick([0, 1, 8, 2048])
        )
    }

    /// The bytes changed in one of the ways in which bytes get changed.
    mutating func mutated(_ bytes: [UInt8], with other: [UInt8]) -> [UInt8] {
        var changed = bytes
        switch next() % 6 {
        case 0 where !bytes.isEmpty:
            changed[Int(next() % UInt64(bytes.count))] ^= 1 << UInt8(next() % 8)
        case 1 where !bytes.isEmpty:
            changed[Int(next() % UInt64(bytes.count))] = pick([0, 1, 2, 3, 4, 0x10, 0x7F, 0x80, 0xFF])
        case 2 where !bytes.isEmpty:
            changed.removeLast(Int(next() % UInt64(bytes.count)) + 1)
        case 3:
            changed += self.bytes(1...8)
        case 4 where !bytes.isEmpty:
            // Sizes and selectors stand near the beginning.
            changed[Int(next() % UInt64(min(bytes.count, 16)))] = UInt8(truncatingIfNeeded: next())
        default:
            changed = Array(bytes.prefix(Int(next() % UInt64(bytes.count + 1))))
            changed += other.suffix(Int(next() % UInt64(other.count + 1)))
        }
        return changed
    }
}
