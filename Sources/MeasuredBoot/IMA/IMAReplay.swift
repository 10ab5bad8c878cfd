import Crypto
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

    private struct Lane {
        let mode: IMAExtension
        /// The PCR's value, and room behind it for what it is extended by.
        var buffer: [UInt8]
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
            Lane(mode: mode, buffer: [UInt8](repeating: 0, count: 2 * hash.digestSize))
        }
    }

    /// Goes on from a value that was reached before.
    /// - Returns: nil when it is not as long as the bank's digests.
    init?(_ value: [UInt8], bank: AlgorithmID, pcr: Int, mode: IMAExtension) {
        guard let hash = BankHash(bank), value.count == hash.digestSize else { return nil }
        self.bank = bank
        self.pcr = pcr
        self.hash = hash
        lanes = [Lane(mode: mode, buffer: value + [UInt8](repeating: 0, count: hash.digestSize))]
    }

    /// The value by one extension; nil when it is not followed.
    public func value(_ mode: IMAExtension) -> [UInt8]? {
        lanes.first { $0.mode == mode }.map { Array($0.buffer[..<hash.digestSize]) }
    }

    /// The extension by which a value is reached now.
    public func reached(_ value: [UInt8]) -> IMAExtension? {
        lanes.first { $0.buffer[..<hash.digestSize].elementsEqual(value) }?.mode
    }

    /// Extends the PCR by one entry.
    ///
    /// What is extended is recomputed from the template data. The list's own digest is compared where its hash is
    /// computed for that; otherwise it plays no part but to mark a violation.
    /// - Throws: when the entry was measured into another PCR, or its digest is not that of its template data.
    public mutating func extend(_ entry: IMAEntry) throws(IMAListError) {
        guard entry.pcr == pcr else { throw entry.place.refuse(.otherPCR, String(entry.pcr)) }
        let size = hash.digestSize
        for index in lanes.indices {
            let computed = lanes[index].mode == .perBank ? hash : BankHash.sha1
            let room = size..<size + computed.digestSize
            if entry.isViolation {
                for position in room { lanes[index].buffer[position] = 0xFF }
            } else {
                computed.put(digestOf: entry.templateData, into: &lanes[index].buffer, at: size)
                let listed = entry.listedDigest
                guard listed.count != room.count || lanes[index].buffer[room] == listed else {
                    throw entry.place.refuse(.templateDigestMismatch)
                }
            }
            hash.extend(&lanes[index].buffer)
        }
    }
}

extension BankHash {
    /// Writes the digest of some bytes into others, which must have room for it.
    func put(digestOf data: ArraySlice<UInt8>, into buffer: inout [UInt8], at offset: Int) {
        switch self {
        case .sha1: Self.put(Insecure.SHA1.hash(data: data), &buffer, offset)
        case .sha256: Self.put(SHA256.hash(data: data), &buffer, offset)
        case .sha384: Self.put(SHA384.hash(data: data), &buffer, offset)
        case .sha512: Self.put(SHA512.hash(data: data), &buffer, offset)
        }
    }

    /// Puts the digest of a value, and of what stands behind it, in the place of the value (TPM 2.0 Part 1, 17.2).
    fileprivate func extend(_ buffer: inout [UInt8]) { put(digestOf: buffer[...], into: &buffer, at: 0) }

    private static func put(_ digest: some Digest, _ buffer: inout [UInt8], _ offset: Int) {
        var position = offset
        var output = buffer.mutableSpan
        for byte in digest {
            output[position] = byte
            position += 1
        }
    }
}
