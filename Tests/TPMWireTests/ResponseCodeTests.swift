import TPMWire
import Testing

@Suite struct ResponseCodeTests {
    static let tpmCodes: [(UInt32, String, ResponseCode.Subject?)] = [
        (0x000, "TPM_RC_SUCCESS", nil), (0x101, "TPM_RC_FAILURE", nil), (0x14C, "TPM_RC_NV_DEFINED", nil),
        (0x1C4, "TPM_RC_VALUE", .parameter(1)), (0x2C4, "TPM_RC_VALUE", .parameter(2)),
        (0xFD5, "TPM_RC_SIZE", .parameter(15)), (0x18B, "TPM_RC_HANDLE", .handle(1)),
        (0x98E, "TPM_RC_AUTH_FAIL", .session(1)), (0x9A2, "TPM_RC_BAD_AUTH", .session(1)),
        (0xA9D, "TPM_RC_POLICY_FAIL", .session(2)), (0x084, "TPM_RC_VALUE", nil), (0x921, "TPM_RC_LOCKOUT", nil),
        (0x910, "TPM_RC_REFERENCE_H0", nil), (0x91E, "TPM_RC_REFERENCE_S6", nil),
    ]

    @Test(arguments: tpmCodes)
    func codesOfTheTPM(raw: UInt32, name: String, subject: ResponseCode.Subject?) {
        let code = ResponseCode(raw)
        #expect(code.name == name)
        #expect(code.subject == subject)
        #expect(code.layer == .tpm)
        #expect(code.description.contains("0x" + String(raw, radix: 16)))
    }

    @Test func codesCompareWithoutTheirSubject() {
        #expect(ResponseCode(0x1C4).code == .value)
        #expect(ResponseCode(0x98E).code == .authFail)
        #expect(ResponseCode(0x000C_0921).code == .lockout)
        #expect(ResponseCode(0x14C).code == .nvDefined)
    }

    @Test func theKernelsResourceManagerSpeaksTPMCodes() {
        let code = ResponseCode(0x000B_0143)
        #expect(code.layer == .resourceManager)
        #expect(code.code == .commandCode)
        #expect(code.description.contains("from rm"))
        #expect(ResponseCode(0x000B_0002).name == "TSS2_RC_NOT_IMPLEMENTED")
    }

    @Test func softwareLayers() {
        let tcti = ResponseCode(0x000A_000A)
        #expect(tcti.layer == .tcti)
        #expect(tcti.name == "TSS2_RC_IO_ERROR")
        #expect(tcti.subject == nil)
        #expect(tcti.code == tcti)
        #expect(ResponseCode(0x0007_001B).name == "TSS2_RC_RSP_AUTH_FAILED")
    }

    @Test func unknownCodesAreStillPrinted() {
        #expect(ResponseCode(0x1FF).description.contains("0x1ff"))
        #expect(ResponseCode(.max).description.contains("0xffffffff"))
    }
}
