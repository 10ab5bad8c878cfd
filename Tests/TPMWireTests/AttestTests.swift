import TPMWire
import Testing

@Suite struct AttestTests {
    private func worked(replacing offset: Int, with bytes: [UInt8]) -> [UInt8] {
        var quote = WorkedQuote.bytes
        quote.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        return quote
    }

    private func error(parsing bytes: [UInt8]) -> WireError? {
        do throws(WireError) {
            _ = try TPMSAttest(parsing: bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test func workedVectorParsesToTheLastByte() throws {
        #expect(WorkedQuote.bytes.count == 116)
        let attest = try TPMSAttest(parsing: WorkedQuote.bytes)
        #expect(attest.type == .attestQuote)
        #expect(attest.qualifiedSigner.kind == .digest(.sha256, WorkedQuote.signer))
        #expect(attest.extraData == [0xab, 0xc1, 0x23])
        #expect(attest.clockInfo == TPMSClockInfo(clock: 0x92b7, resetCount: 0, restartCount: 0, safe: true))
        #expect(attest.firmwareVersion == 0x2019_1023_0016_3636)
        let quote = try #require(attest.quote)
        #expect(quote.pcrSelect.selections.map(\.hash) == [.sha256])
        #expect(quote.pcrSelect.selections.map(\.pcrs) == [[15, 16, 22]])
        #expect(quote.pcrDigest == WorkedQuote.digest)
        #expect(attest.bytes == WorkedQuote.bytes)
    }

    @Test(arguments: ["00544347", "ff544348", "474354ff", "00000000"])
    func attack01_wrongMagic(magic: String) {
        let error = error(parsing: worked(replacing: 0, with: hex(magic)))
        #expect(error?.code == .notGenerated)
        #expect(error?.offset == 0)
    }

    @Test(arguments: 0..<116)
    func attack02_truncatedAtEveryByte(length: Int) {
        let error = error(parsing: Array(WorkedQuote.bytes.prefix(length)))
        #expect(error?.code == .truncated)
        #expect((error?.offset ?? .max) <= length)
    }

    @Test func attack03_trailingByte() {
        for byte: UInt8 in [0, 0xff] {
            let error = error(parsing: WorkedQuote.bytes + [byte])
            #expect(error?.code == .trailingBytes)
            #expect(error?.offset == 116)
        }
        // The same byte hidden inside the TPM2B, and outside of it.
        #expect(throws: WireError.self) { try TPM2BAttest(parsing: TPM2BDigest(WorkedQuote.bytes + [0]).bytes) }
        #expect(throws: WireError.self) { try TPM2BAttest(parsing: TPM2BDigest(WorkedQuote.bytes).bytes + [0]) }
        #expect(throws: Never.self) { try TPM2BAttest(parsing: TPM2BDigest(WorkedQuote.bytes).bytes) }
    }

    @Test func attack04_otherTypesAreNeverQuotes() throws {
        for sample in Sample.attests {
            let attest = try TPMSAttest(parsing: sample.bytes)
            #expect((attest.quote != nil) == (attest.type == .attestQuote))
        }
        // A quote's body under another type's tag either fails or is that other type.
        for tag: UInt16 in 0x8010...0x8030 where tag != 0x8018 {
            let relabelled = worked(replacing: 4, with: StructureTag(rawValue: tag).bytes)
            #expect((try? TPMSAttest(parsing: relabelled))?.quote == nil)
        }
        #expect(error(parsing: worked(replacing: 4, with: hex("801b")))?.code == .unsupported)
    }

    @Test(arguments: ["0001 00", "0003 000b00", "0021 000b" + String(repeating: "00", count: 31)])
    func attack07_impossibleNameShapes(name: String) {
        #expect(throws: WireError.self) { try Name(parsing: hex(name)) }
    }

    @Test func attack07_nameOfAnUnknownHashIsUnsupported() {
        let bytes = hex("0022 0099") + WorkedQuote.digest
        #expect(throws: WireError(.unsupported, field: "TPM2B_NAME", offset: 0, value: 0x99)) {
            try Name(parsing: bytes)
        }
    }

    @Test func attack07_handleAndEmptyNamesAreRecognised() throws {
        #expect(try Name(parsing: hex("0000")).kind == .empty)
        #expect(try Name(parsing: hex("0004 40000007")).kind == .handle(.null))
        let sha384 = try Name(parsing: hex("0032 000c") + Array(repeating: 1, count: 48))
        #expect(sha384.algorithm == .sha384)
    }

    @Test(arguments: [UInt8(2), 0x80, 0xff])
    func attack08_safeIsNeitherZeroNorOne(byte: UInt8) {
        let error = error(parsing: worked(replacing: WorkedQuote.safe, with: [byte]))
        #expect(error?.code == .illegalValue)
        #expect(error?.field == "clockInfo.safe")
        #expect(error?.value == UInt64(byte))
    }

    @Test func attack09_selectionCounts() throws {
        let at = WorkedQuote.count
        #expect(error(parsing: worked(replacing: at, with: hex("00000000"))) != nil)
        #expect(error(parsing: worked(replacing: at, with: hex("00000002"))) != nil)
        let many = error(parsing: worked(replacing: at, with: hex("ffffffff")))
        #expect(many?.code == .tooLong)
        #expect(many?.offset == at)
        #expect(error(parsing: worked(replacing: at, with: hex("00000011")))?.code == .tooLong)
        // An empty list as such is legal on the wire; a quote that has one is refused by appraisal.
        #expect(try TPMLPCRSelection(parsing: hex("00000000")) == .empty)
    }

    static let bitmaps: [(String, [Int])] = [
        ("00", []), ("01 80", [7]), ("02 0001", [8]), ("03 010080", [0, 23]), ("04 01000080", [0, 31]),
    ]

    @Test(arguments: bitmaps)
    func attack10_sizeofSelectIsKeptAsItCame(select: String, pcrs: [Int]) throws {
        let bytes = hex("00000001 000b") + hex(select)
        let list = try TPMLPCRSelection(parsing: bytes)
        #expect(list.selections.map(\.pcrs) == [pcrs])
        #expect(list.bytes == bytes)
    }

    @Test(arguments: [UInt8(5), 255])
    func attack10_sizeofSelectTooLong(size: UInt8) {
        let error = error(parsing: worked(replacing: WorkedQuote.sizeofSelect, with: [size]))
        #expect(error?.code == .tooLong)
        #expect(error?.field == "sizeofSelect")
    }

    @Test func attack11_duplicateBanksAreReported() throws {
        let bytes = hex("00000003 000b 03 010000 0004 03 010000 000b 03 020000")
        let list = try TPMLPCRSelection(parsing: bytes)
        #expect(list.duplicateBanks == [.sha256])
        #expect(list.bytes == bytes)
        #expect(try TPMLPCRSelection(parsing: hex("00000002 000b 03 010000 0004 03 010000")).duplicateBanks.isEmpty)
    }

    @Test func attack12_bitOrderIsLeastSignificantFirst() throws {
        let selection = try TPMSPCRSelection(parsing: hex("000b 03 018041"))
        #expect(selection.pcrs == [0, 15, 16, 22])
        #expect(TPMSPCRSelection(bank: .sha256, pcrs: [22, 0, 16, 15]) == selection)
        #expect(try TPMSPCRSelection(parsing: hex("000b 03 800182")).pcrs == [7, 8, 17, 23])
    }

    @Test func attack13_emptyBitmapSelectsNothing() throws {
        let selection = try TPMSPCRSelection(parsing: hex("000b 03 000000"))
        #expect(selection.pcrs.isEmpty)
        #expect(selection.canonical == selection)
    }

    @Test func oversizedAttestIsNotLookedAt() {
        let error = error(parsing: WorkedQuote.bytes + Array(repeating: 0, count: 4096))
        #expect(error?.code == .tooLong)
    }
}
