import Glibc
import SeededRandom
import TPMWire
import Testing

/// TPMWire against libtss2-mu, on structures that are made up and on what is left of them after mutations.
@Suite struct MarshallingTests {
    /// Both read every structure, or both refuse it, or the disagreement is one that is known and decided.
    @Test func everyDisagreementIsKnown() {
        // The library would say why at every refusal; it looks at the variable at its first use.
        _ = unsafe setenv("TSS2_LOG", "all+none", 0)
        // Chance would hardly ever find an area that ends behind its policy.
        let untyped: [UInt8] = [0x00, 0x10, 0x00, 0x0B, 0, 0, 0, 0, 0, 0]
        let area = Marshalling.publicArea
        var met = Set([Disagreement(area.ours(untyped), area.theirs(untyped), untyped)].compactMap(\.self))
        var agreed = (read: 0, refused: 0)
        var random = SplitMix64(seed: 0x7133)
        for marshalling in Marshalling.all {
            for _ in 0..<600 {
                let whole = marshalling.generate(&random)
                for round in 0..<60 {
                    let bytes = round == 0 ? whole : mutated(whole, &random)
                    switch (marshalling.ours(bytes), marshalling.theirs(bytes)) {
                    case (.success(let ours), .read(let count, let theirs)):
                        #expect(ours == bytes && theirs == bytes && count == bytes.count, "\(bytes.hexadecimal)")
                        agreed.read += 1
                    case (.failure, .refused): agreed.refused += 1
                    // The library leaves it to its caller to look at what is left over.
                    case (.failure, .read(let count, _)) where count < bytes.count: agreed.refused += 1
                    case (let ours, let theirs):
                        guard let known = Disagreement(ours, theirs, bytes) else {
                            Issue.record("\(marshalling.testDescription) \(bytes.hexadecimal)\n\(theirs)\n\(ours)")
                            return
                        }
                        met.insert(known)
                    }
                }
            }
        }
        #expect(agreed.read > 10_000 && agreed.refused > 10_000)
        #expect(met == Set(Disagreement.allCases), "a disagreement that is not met any more is not known any more")
    }

    /// One or two changes of the kinds that find the edges of a parser.
    private func mutated(_ whole: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            guard let index = bytes.indices.randomElement(using: &random) else { break }
            switch Int.random(in: 0..<7, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes[index] = Self.telling.randomElement(using: &random) ?? 0
            case 3: bytes.removeSubrange(index...)
            case 4: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            case 5: bytes[min(1, index)] = Self.telling.randomElement(using: &random) ?? 0
            default: bytes.remove(at: index)
            }
        }
        return bytes
    }

    /// Bytes of selectors, sizes and bounds.
    private static let telling: [UInt8] = [
        0, 1, 2, 4, 8, 0x0B, 0x10, 0x14, 0x18, 0x1A, 0x20, 0x23, 0x25, 0x7F, 0x80, 0xFF,
    ]
}

/// Where TPMWire and libtss2-mu 3.2.1 do not say the same, and who is right.
enum Disagreement: String, CaseIterable {
    /// Part 2, 10.12.12: the magic is TPM_GENERATED_VALUE. The library leaves it to its caller; here nothing else is an attestation.
    case magic
    /// Part 2, 9.2: TPMI_YES_NO is 0 or 1. The library takes any byte.
    case yesNo
    /// Part 2, 10.5.3: a Name is a handle or a digest of the length that its algorithm has. To the library it is a buffer.
    case name
    /// Part 2, 10.12.9: TPM_ST_ATTEST_NV_DIGEST, since revision 1.59. The library does not know it.
    case nvDigest
    /// Part 2, 10.4.3: TPM2B_DATA has room for a TPMT_HA, 66 bytes with SHA-512. The library stops at 64.
    case data
    /// Part 2, 11.2.3.1: TPMU_KDF_SCHEME has TPM_ALG_KDF2 too. The library does not know it.
    case kdf2
    /// Part 2, 11.1: TPM_ALG_TDES is a block cipher of the registry. The library does not know it; nothing here uses it.
    case tripleDES
    /// Part 2, 10.3.1: TPMU_HA has the digests of SHA-3. The library does not know them.
    case sha3
    /// Part 2: TPMI_RH_NV_INDEX is in the range of NV indices. The library takes any handle.
    case nvIndex
    /// The library takes any size of NV data; here no index is larger than any TPM's (MAX_NV_INDEX_SIZE).
    case nvSize
    /// Part 2: TPMI_ALG_SYM_OBJECT names a block cipher. The library takes TPM_ALG_SYMCIPHER and TPM_ALG_XOR for one.
    case cipher
    /// Part 2, 12.2.3.5 and 12.2.3.6: an RSA key has an RSA scheme, an ECC key one for curves. The library takes either.
    case schemeOfAnotherType
    /// Part 2, 12.2.2: TPMI_ALG_PUBLIC is never TPM_ALG_NULL. The library reads such an area, with nothing behind its policy.
    case nullType
    /// Signatures of ECDAA, SM2 and EC-Schnorr are well formed; the library reads them, here nothing would judge them.
    case signatureAlgorithm

    /// nil when it is none of those known.
    init?(_ ours: Result<[UInt8], WireError>, _ theirs: LibraryAnswer, _ bytes: [UInt8]) {
        switch (ours, theirs) {
        case (.success, .refused):
            guard let unknown = Self.unknown(in: bytes) else { return nil }
            self = unknown
        case (.failure(let error), .read(_, bytes)):
            switch (error.code, error.field) {
            case (.notGenerated, "magic"): self = .magic
            case (.illegalValue, "clockInfo.safe"), (.illegalValue, "exclusiveSession"): self = .yesNo
            case (_, "TPM2B_NAME"), (.truncated, "TPM_ALG_ID"): self = .name
            case (.illegalValue, "nvIndex"): self = .nvIndex
            case (.tooLong, "nv.dataSize"): self = .nvSize
            case (.unsupported, "symmetric") where Self.noCiphers.contains(error.value): self = .cipher
            case (.illegalValue, "rsaDetail.scheme"), (.illegalValue, "eccDetail.scheme"): self = .schemeOfAnotherType
            case (.unsupported, "type") where error.value == UInt64(AlgorithmID.null.rawValue): self = .nullType
            case (.unsupported, "sigAlg"): self = .signatureAlgorithm
            default: return nil
            }
        default: return nil
        }
    }

    private static let noCiphers: [UInt64?] = [AlgorithmID.symCipher, .xor].map { UInt64($0.rawValue) }

    /// What of a structure the library does not know.
    private static func unknown(in bytes: [UInt8]) -> Disagreement? {
        if let attest = try? TPMSAttest(parsing: bytes) {
            return attest.type == .attestNVDigest ? .nvDigest : attest.extraData.count > 64 ? .data : nil
        }
        if let creation = try? TPMSCreationData(parsing: bytes) { return creation.outsideInfo.count > 64 ? .data : nil }
        if case .hmac(let hmac) = try? TPMTSignature(parsing: bytes) {
            return [.sha3_256, .sha3_384, .sha3_512].contains(hmac.hashAlg) ? .sha3 : nil
        }
        switch (try? TPMTPublic(parsing: bytes))?.parameters {
        case .ecc(let detail, _):
            if case .derivation(.kdf2, _) = detail.kdf { return .kdf2 }
            return isTripleDES(detail.symmetric)
        case .rsa(let detail, _): return isTripleDES(detail.symmetric)
        case .symCipher(let symmetric, _): return isTripleDES(symmetric)
        default: return nil
        }
    }

    private static func isTripleDES(_ symmetric: TPMTSymDefObject) -> Disagreement? {
        if case .cipher(.tdes, _, _) = symmetric { .tripleDES } else { nil }
    }
}
