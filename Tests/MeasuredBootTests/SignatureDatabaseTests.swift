import MeasuredBoot
import Testing

@Suite struct SignatureDatabaseTests {
    private static let sha256: [UInt8] = [
        0x26, 0x16, 0xC4, 0xC1, 0x4C, 0x50, 0x92, 0x40, 0xAC, 0xA9, 0x41, 0xF9, 0x36, 0x93, 0x43, 0x28,
    ]
    private static let x509: [UInt8] = [
        0xA1, 0x59, 0xC0, 0xA5, 0xE4, 0x94, 0xA7, 0x4A, 0x87, 0xB5, 0xAB, 0x15, 0x5C, 0x2B, 0xF0, 0x72,
    ]

    private func list(
        _ type: [UInt8],
        header: [UInt8] = [],
        entries: [[UInt8]],
        listSize: UInt32? = nil,
        headerSize: UInt32? = nil,
        entrySize: UInt32? = nil
    ) -> [UInt8] {
        let owner = [UInt8](repeating: 0x0E, count: 16)
        let body = header + entries.flatMap { owner + $0 }
        return type + LogBuilder.le32(listSize ?? UInt32(28 + body.count))
            + LogBuilder.le32(headerSize ?? UInt32(header.count))
            + LogBuilder.le32(entrySize ?? UInt32(16 + (entries.first?.count ?? 0))) + body
    }

    @Test func listsAreReadWithTheirOwners() throws {
        let hash = [UInt8](repeating: 0xBB, count: 32)
        let certificate = [UInt8](repeating: 0x30, count: 70)
        let bytes =
            list(Self.sha256, entries: [hash, hash]) + list(Self.x509, entries: [certificate])
            + list([UInt8](repeating: 1, count: 16), entries: [[1, 2, 3]])
        let database = try #require(SignatureDatabase(parsing: bytes[...]))
        #expect(database.hashes.map { Array($0.value) } == [hash, hash])
        #expect(database.certificates.map { Array($0.value) } == [certificate])
        #expect(database.certificates.first.map { Array($0.owner) } == [UInt8](repeating: 0x0E, count: 16))
        #expect(database.others == 1)
        // A slice of a larger array, as the contents of a variable are.
        let slice = ([9, 9, 9] + bytes + [9]).dropFirst(3).dropLast()
        #expect(SignatureDatabase(parsing: slice) == database)
    }

    @Test func anEmptyVariableIsAnEmptyDatabase() {
        #expect(SignatureDatabase(parsing: [])?.hashes.isEmpty == true)
    }

    @Test func aVendorHeaderIsNotReadAsAHash() throws {
        let hash = [UInt8](repeating: 0xBB, count: 32)
        let bytes = list(Self.sha256, header: [UInt8](repeating: 0xAA, count: 32), entries: [hash])
        #expect(SignatureDatabase(parsing: bytes[...])?.hashes.map { Array($0.value) } == [hash])
    }

    @Test func contradictingSizesAreRefused() {
        let hash = [UInt8](repeating: 0xBB, count: 32)
        let good = list(Self.sha256, entries: [hash])
        for count in 1..<good.count { #expect(SignatureDatabase(parsing: good.prefix(count)) == nil) }
        #expect(SignatureDatabase(parsing: (good + [0])[...]) == nil)
        for bad in [
            list(Self.sha256, entries: [hash], listSize: .max), list(Self.sha256, entries: [hash], listSize: 0),
            list(Self.sha256, entries: [hash], listSize: 27), list(Self.sha256, entries: [hash], headerSize: .max),
            list(Self.sha256, entries: [hash], headerSize: 49), list(Self.sha256, entries: [hash], entrySize: 0),
            list(Self.sha256, entries: [hash], entrySize: 16), list(Self.sha256, entries: [hash], entrySize: .max),
            list(Self.sha256, entries: [hash], entrySize: 24), list(Self.sha256, entries: [[1, 2, 3]]),
        ] {
            #expect(SignatureDatabase(parsing: bad[...]) == nil)
        }
    }
}
