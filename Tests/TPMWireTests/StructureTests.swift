import TPMWire
import Testing

@Suite struct StructureTests {
    @Test func attributeMasksOfTheTCGTemplates() {
        let iak: TPMAObject = [
            .fixedTPM, .fixedParent, .sensitiveDataOrigin, .userWithAuth, .adminWithPolicy, .restricted, .sign,
        ]
        #expect(iak.rawValue == 0x0005_00F2)
        #expect(iak.subtracting(.restricted).rawValue == 0x0004_00F2)
        #expect(iak.subtracting(.adminWithPolicy).rawValue == 0x0005_0072)
    }

    @Test func attack26_reservedAttributeBitsAreKeptAndFound() throws {
        let named: UInt32 = 0x000F_0FF6
        #expect(TPMAObject.namedBits.rawValue == named)
        for bit in (0..<32).map({ UInt32(1) << $0 }) where named & bit == 0 {
            let attributes = try TPMAObject(parsing: Handle(rawValue: bit).bytes)
            #expect(!attributes.isDisjoint(with: .reservedBits))
            #expect(attributes.rawValue == bit)
        }
    }

    @Test func nvIndexTypes() {
        let counter: TPMANV = [.authRead, .authWrite, TPMANV.IndexType.counter.attribute]
        #expect(counter.rawValue == 0x0004_0014)
        #expect(counter.indexType == .counter)
        #expect(TPMANV.IndexType.pinPass.attribute.indexType == .pinPass)
    }

    @Test func nvPublicRefusesOtherHandlesAndSizes() {
        #expect(throws: WireError.self) { try TPMSNVPublic(parsing: hex("81000001 000b 00040004 0000 0008")) }
        #expect(throws: WireError.self) { try TPMSNVPublic(parsing: hex("01d10300 000b 00040004 0000 0801")) }
        #expect(throws: Never.self) { try TPMSNVPublic(parsing: hex("01d10300 000b 00040004 0000 0800")) }
    }

    @Test func schemesOfTheOtherKeyTypeAreRefused() throws {
        // RSA with ECDSA, ECC with RSASSA; then the same with their own.
        #expect(throws: WireError.self) { try TPMSRSAParms(parsing: hex("0010 0018000b 0800 00000000")) }
        #expect(throws: WireError.self) { try TPMSECCParms(parsing: hex("0010 0014000b 0003 0010")) }
        #expect(try TPMSRSAParms(parsing: hex("0010 0014000b 0800 00000000")).scheme == .rsassa(.sha256))
        #expect(try TPMSECCParms(parsing: hex("0010 001b0012 0020 0010")).scheme == .sm2(.sm3_256))
        #expect(try TPMSECCParms(parsing: hex("0010 001c000b 0003 0010")).scheme == .ecschnorr(.sha256))
    }

    @Test func unsupportedSelectorsNameTheAlgorithm() {
        #expect(throws: WireError(.unsupported, field: "sigAlg", offset: 0, value: 0x001b)) {
            try TPMTSignature(parsing: hex("001b 0012 0001 01 0001 01"))
        }
        #expect(throws: WireError(.unsupported, field: "sigAlg", offset: 0, value: 0x0010)) {
            try TPMTSignature(parsing: hex("0010"))
        }
        #expect(throws: WireError(.unsupported, field: "type", offset: 0, value: 0x1234)) {
            try TPMTPublic(parsing: hex("1234 000b 00000000 0000"))
        }
    }

    @Test func attack21_longRawAndDERSignaturesAreNotECDSA() {
        let long = hex("0018 000b 0043") + Array(repeating: 1, count: 67) + hex("0001 01")
        #expect(throws: WireError.self) { try TPMTSignature(parsing: long) }
        #expect(throws: WireError.self) { try TPMTSignature(parsing: hex("3006 020101 020101")) }
        let raw: [UInt8] = Array(repeating: 1, count: 64)
        #expect(throws: WireError.self) { try TPMTSignature(parsing: raw) }
    }

    @Test func creationTicketHasItsTag() {
        #expect(throws: WireError.self) { try TPMTTKCreation(parsing: hex("8022 4000000b 0000")) }
        #expect(throws: Never.self) { try TPMTTKCreation(parsing: hex("8021 4000000b 0000")) }
    }

    @Test func selectionsThatDoNotExistCannotBeMade() throws {
        #expect(TPMSPCRSelection(bank: .sha256, pcrs: [32]) == nil)
        #expect(TPMSPCRSelection(bank: .sha256, pcrs: [-1]) == nil)
        #expect(TPMSPCRSelection(bank: .sha256, pcrs: [31])?.pcrSelect == [0, 0, 0, 0x80])
        let none = try #require(TPMSPCRSelection(bank: .sha256, pcrs: []))
        #expect(none.pcrSelect == [0, 0, 0])
        #expect(TPMLPCRSelection(Array(repeating: none, count: 16)) != nil)
        #expect(TPMLPCRSelection(Array(repeating: none, count: 17)) == nil)
    }

    @Test func canonicalSelectionsHaveThreeBytesUnlessFourAreNeeded() throws {
        for (given, canonical) in [
            ("000b 00", "000b 03 000000"), ("000b 01 81", "000b 03 810000"), ("000b 04 81000000", "000b 03 810000"),
            ("000b 04 81000001", "000b 04 81000001"),
        ] {
            #expect(try TPMSPCRSelection(parsing: hex(given)).canonical.bytes == hex(canonical))
        }
    }

    @Test func secretsAreNotPrinted() {
        let create = TPMSSensitiveCreate(userAuth: hex("deadbeef"), data: hex("c0ffee"))
        let sensitive = TPMTSensitive(sensitiveType: .rsa, seedValue: hex("deadbeef"), sensitive: hex("c0ffee"))
        for text in ["\(create)", "\(sensitive)", "\(TPM2B(create))", String(reflecting: create)] {
            #expect(!text.contains("222"))  // 0xde
            #expect(!text.contains("deadbeef"))
            #expect(text.contains("secret"))
        }
        #expect(Mirror(reflecting: create).children.isEmpty)
        #expect(Mirror(reflecting: sensitive).children.isEmpty)
    }

    @Test func errorsCallStructuresAsPartTwoDoes() {
        let long = #expect(throws: WireError.self) {
            try TPM2BPublic(parsing: [UInt8](repeating: 0, count: TPM2BPublic.maximumSize + 1))
        }
        #expect(long?.field == "TPM2B_PUBLIC")
        let more = #expect(throws: WireError.self) { try TPMAObject(parsing: hex("00000000 00")) }
        #expect(more?.field == "TPMA_OBJECT" && more?.code == .trailingBytes)
        #expect(TPM2BNVPublic.specificationName == "TPM2B_NV_PUBLIC")
        #expect(TPM2BSensitiveCreate.specificationName == "TPM2B_SENSITIVE_CREATE")
    }

    @Test func namesOfAlgorithmsAndHandles() {
        #expect(AlgorithmID(named: "sha256") == .sha256)
        #expect(AlgorithmID(named: "SHA256") == nil)
        #expect(AlgorithmID.sha384.description == "sha384")
        #expect(AlgorithmID(rawValue: 0xABCD).description == "0xabcd")
        #expect(Handle.endorsement.description == "0x4000000b")
        #expect(Handle(rawValue: 0x01C0_0002).kind == .nvIndex)
        #expect(Handle(rawValue: 0x01C0_0002).description == "0x01c00002")
    }

    @Test func hexadecimalIsStrict() {
        #expect([UInt8](hexadecimal: "00fF") == [0, 255])
        #expect([UInt8](hexadecimal: "") == [])
        for text in ["0", "0g", "0x00", "00 ", "０0"] { #expect([UInt8](hexadecimal: text) == nil) }
        let every = [UInt8](0...255)
        #expect([UInt8](hexadecimal: every.hexadecimal) == every)
    }
}
