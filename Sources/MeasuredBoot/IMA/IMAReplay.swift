import Crypto
import Hashing
public import TPMWire

/// What a kernel extends a bank other than SHA-1 with, for an entry of its list.
public enum IMAExtension: String, Hashable, Sendable, CaseIterable, Codable {
    /// The digest of the template data in the bank's own hash: Linux 5.8 and later.
    case perBank = "per-bank"
    /// Their SHA-1 digest and zeros up to the bank's size: earlier kernels, and later ones in banks they cannot compute.
    case paddedSHA1 = "padded-sha1"
}

/// Extends a PCR by the entries of an IMA measurement list, as the kernel did.
///
/// Which of the two extensions a kernel uses the list does not say; both are followed where nobody knows, and the one
/// that reaches the quoted value is the one that was used.
public struct IMAReplay: Sendable {
    public let bank: AlgorithmID
    public let pcr: Int
    private let hash: BankHash
    private var lanes: [Lane]

    /// A PCR as one of the extensions fills it.
    private struct Lane {
        let mode: IMAExtension
        /// The PCR's value, and as much room behind it for what it is extended by.
        var pair: [UInt8]
        /// What it is extended by; behind a SHA-1 digest always zeros.
        var input: [UInt8]

        init(_ mode: IMAExtension, from value: [UInt8]) {
            self.mode = mode
            input = [UInt8](repeating: 0, count: value.count)
            pair = value + input
        }

        mutating func extend(by entry: IMAEntry, _ hash: BankHash) throws(IMAListError) {
            let computed = mode == .perBank ? hash : .sha1
            if entry.isViolation {
                for position in 0..<computed.digestSize { input[position] = 0xFF }
            } else {
                computed.put(digestOf: entry.templateData, into: &input)
                let listed = entry.listedDigest
                guard listed.count != computed.digestSize || listed.elementsEqual(input[..<listed.count]) else {
                    throw entry.place.refuse(.templateDigestMismatch)
                }
            }
            hash.extend(&pair, by: input)
        }
    }

    /// Begins with the value that a PCR has after a reset, zeros.
    /// - Throws: `ReplayError` when the bank cannot be computed here.
    public init(
        bank: AlgorithmID,
        pcr: Int = IMABounds.usualPCR,
        extensions: [IMAExtension] = IMAExtension.allCases
    ) throws(ReplayError) {
        guard let hash = BankHash(bank) else { throw .bankNotSupported(bank) }
        self.bank = bank
        self.pcr = pcr
        self.hash = hash
        // In the SHA-1 bank both are the same.
        lanes = (hash == .sha1 ? [.perBank] : extensions).map { mode in
            Lane(mode, from: [UInt8](repeating: 0, count: hash.digestSize))
        }
    }

    /// Goes on from a value that was reached before.
    /// - Returns: nil when it is not as long as the bank's digests.
    init?(_ value: [UInt8], bank: AlgorithmID, pcr: Int, mode: IMAExtension) {
        guard let hash = BankHash(bank), value.count == hash.digestSize else { return nil }
        self.bank = bank
        self.pcr = pcr
        self.hash = hash
        lanes = [Lane(mode, from: value)]
    }

    /// The value by one extension; nil when it is not followed.
    public func value(_ mode: IMAExtension) -> [UInt8]? {
        lanes.first { $0.mode == mode }.map { Array($0.pair[..<hash.digestSize]) }
    }

    /// The extension by which a value is reached now.
    func reached(_ value: [UInt8]) -> IMAExtension? {
        lanes.first { $0.pair[..<hash.digestSize].elementsEqual(value) }?.mode
    }

    /// Extends the PCR by one entry.
    ///
    /// What is extended is recomputed from the template data. The list's own digest is compared where its hash is
    /// computed for that; otherwise it plays no part but to mark a violation.
    /// - Throws: when the entry was measured into another PCR, or its digest is not that of its template data.
    public mutating func extend(_ entry: IMAEntry) throws(IMAListError) {
        guard entry.pcr == pcr else { throw entry.place.refuse(.otherPCR, String(entry.pcr)) }
        for index in lanes.indices { try lanes[index].extend(by: entry, hash) }
    }
}

extension BankHash {
    /// Writes the digest of some bytes at the beginning of others, which must have room for it.
    fileprivate func put(digestOf data: ArraySlice<UInt8>, into output: inout [UInt8]) {
        var output = output.mutableSpan
        _ =
            switch self {
            case .sha1: Insecure.SHA1.digest(of: data.span, into: &output)
            case .sha256: SHA256.digest(of: data.span, into: &output)
            case .sha384: SHA384.digest(of: data.span, into: &output)
            case .sha512: SHA512.digest(of: data.span, into: &output)
            }
    }

    /// Extends the value that `pair` begins with (TPM 2.0 Part 1, 17.2).
    fileprivate func extend(_ pair: inout [UInt8], by input: [UInt8]) {
        var pair = pair.mutableSpan
        _ =
            switch self {
            case .sha1: Insecure.SHA1.extend(&pair, at: 0, by: input.span)
            case .sha256: SHA256.extend(&pair, at: 0, by: input.span)
            case .sha384: SHA384.extend(&pair, at: 0, by: input.span)
            case .sha512: SHA512.extend(&pair, at: 0, by: input.span)
            }
    }
}
