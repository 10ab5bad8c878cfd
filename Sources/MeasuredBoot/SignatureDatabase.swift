/// EFI_SIGNATURE_LISTs: the keys and hashes in `db`, `dbx`, `KEK` and `PK` (UEFI specification, chapter Secure Boot).
public struct SignatureDatabase: Hashable, Sendable {
    /// X.509 certificates in DER, with the owner that put each there.
    public let certificates: [Entry]
    /// SHA-256 digests of images.
    public let hashes: [Entry]
    /// The number of entries of other kinds.
    public let others: Int

    /// One key or hash.
    public struct Entry: Hashable, Sendable {
        /// The GUID of the owner as it stands in memory.
        public let owner: ArraySlice<UInt8>
        public let value: ArraySlice<UInt8>
    }

    // EFI_CERT_X509_GUID, A5C059A1-94E4-4AA7-87B5-AB155C2BF072.
    private static let x509: [UInt8] = [
        0xA1, 0x59, 0xC0, 0xA5, 0xE4, 0x94, 0xA7, 0x4A, 0x87, 0xB5, 0xAB, 0x15, 0x5C, 0x2B, 0xF0, 0x72,
    ]
    // EFI_CERT_SHA256_GUID, C1C41626-504C-4092-ACA9-41F936934328.
    private static let sha256: [UInt8] = [
        0x26, 0x16, 0xC4, 0xC1, 0x4C, 0x50, 0x92, 0x40, 0xAC, 0xA9, 0x41, 0xF9, 0x36, 0x93, 0x43, 0x28,
    ]
    private static let guidSize = 16
    private static let listHeaderSize = 28
    private static let sha256Size = 32

    /// Parses lists that fill the bytes exactly; nil when a size in them contradicts another.
    public init?(parsing bytes: ArraySlice<UInt8>) {
        var certificates: [Entry] = []
        var hashes: [Entry] = []
        var others = 0
        let base = bytes.startIndex
        let copy = Array(bytes)
        let span = copy.span
        var offset = 0
        while offset < copy.count {
            guard copy.count - offset >= Self.listHeaderSize else { return nil }
            let listSize = Int(LittleEndian.uint32(span, at: offset + 16))
            let headerSize = Int(LittleEndian.uint32(span, at: offset + 20))
            let entrySize = Int(LittleEndian.uint32(span, at: offset + 24))
            guard listSize >= Self.listHeaderSize, listSize <= copy.count - offset,
                headerSize <= listSize - Self.listHeaderSize, entrySize > Self.guidSize,
                (listSize - Self.listHeaderSize - headerSize) % entrySize == 0
            else { return nil }
            let type = copy[offset..<offset + Self.guidSize]
            if type == Self.sha256[...], entrySize != Self.guidSize + Self.sha256Size { return nil }
            let entries = stride(
                from: offset + Self.listHeaderSize + headerSize,
                to: offset + listSize,
                by: entrySize
            )
            for start in entries {
                let entry = Entry(
                    owner: bytes[base + start..<base + start + Self.guidSize],
                    value: bytes[base + start + Self.guidSize..<base + start + entrySize]
                )
                switch type {
                case Self.x509[...]: certificates.append(entry)
                case Self.sha256[...]: hashes.append(entry)
                default: others += 1
                }
            }
            offset += listSize
        }
        self.certificates = certificates
        self.hashes = hashes
        self.others = others
    }
}
