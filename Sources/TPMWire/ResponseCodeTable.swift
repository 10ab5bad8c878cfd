extension ResponseCode {
    public static let initialize = ResponseCode(0x100)
    public static let failure = ResponseCode(0x101)
    public static let disabled = ResponseCode(0x120)
    public static let authMissing = ResponseCode(0x125)
    public static let policy = ResponseCode(0x126)
    public static let pcr = ResponseCode(0x127)
    public static let pcrChanged = ResponseCode(0x128)
    public static let authUnavailable = ResponseCode(0x12F)
    public static let commandCode = ResponseCode(0x143)
    public static let nvRange = ResponseCode(0x146)
    public static let nvLocked = ResponseCode(0x148)
    public static let nvAuthorization = ResponseCode(0x149)
    public static let nvUninitialized = ResponseCode(0x14A)
    public static let nvSpace = ResponseCode(0x14B)
    public static let nvDefined = ResponseCode(0x14C)
    public static let sensitive = ResponseCode(0x155)
    public static let attributes = ResponseCode(0x082)
    public static let hash = ResponseCode(0x083)
    public static let value = ResponseCode(0x084)
    public static let hierarchy = ResponseCode(0x085)
    public static let type = ResponseCode(0x08A)
    public static let handle = ResponseCode(0x08B)
    public static let authFail = ResponseCode(0x08E)
    public static let scheme = ResponseCode(0x092)
    public static let size = ResponseCode(0x095)
    public static let signature = ResponseCode(0x09B)
    public static let key = ResponseCode(0x09C)
    public static let policyFail = ResponseCode(0x09D)
    public static let integrity = ResponseCode(0x09F)
    public static let ticket = ResponseCode(0x0A0)
    public static let badAuth = ResponseCode(0x0A2)
    public static let curve = ResponseCode(0x0A6)
    public static let eccPoint = ResponseCode(0x0A7)
    public static let objectMemory = ResponseCode(0x902)
    public static let sessionMemory = ResponseCode(0x903)
    public static let sessionHandles = ResponseCode(0x905)
    public static let yielded = ResponseCode(0x908)
    public static let testing = ResponseCode(0x90A)
    public static let nvRate = ResponseCode(0x920)
    public static let lockout = ResponseCode(0x921)
    public static let retry = ResponseCode(0x922)
    public static let nvUnavailable = ResponseCode(0x923)

    /// Codes of the TPM: Part 2, tables 16 and 17; the words are ours.
    static let tpmCodes: [UInt32: (name: String, text: String)] = [
        0x000: ("TPM_RC_SUCCESS", "the command succeeded"),
        0x01E: ("TPM_RC_BAD_TAG", "the tag of the command is not one of TPM 2.0"),
        0x100: ("TPM_RC_INITIALIZE", "the TPM has not been started, or has been started already"),
        0x101: ("TPM_RC_FAILURE", "the TPM is in failure mode and accepts no commands"),
        0x103: ("TPM_RC_SEQUENCE", "a sequence object is used wrongly"),
        0x120: ("TPM_RC_DISABLED", "the command is disabled"),
        0x121: ("TPM_RC_EXCLUSIVE", "the audit session is not exclusive"),
        0x124: ("TPM_RC_AUTH_TYPE", "this kind of authorization cannot authorize that handle"),
        0x125: ("TPM_RC_AUTH_MISSING", "a handle needs an authorization session and has none"),
        0x126: ("TPM_RC_POLICY", "a policy computation failed or an authPolicy is invalid"),
        0x127: ("TPM_RC_PCR", "the PCR values are not the expected ones"),
        0x128: ("TPM_RC_PCR_CHANGED", "PCRs have changed since they were checked"),
        0x12D: ("TPM_RC_UPGRADE", "the TPM is being upgraded in the field"),
        0x12E: ("TPM_RC_TOO_MANY_CONTEXTS", "the context counter is at its maximum"),
        0x12F: ("TPM_RC_AUTH_UNAVAILABLE", "the authValue or authPolicy of the entity cannot be used here"),
        0x130: ("TPM_RC_REBOOT", "the TPM must be reset and started before it goes on"),
        0x131: ("TPM_RC_UNBALANCED", "the hash is too weak for the symmetric key"),
        0x142: ("TPM_RC_COMMAND_SIZE", "the size of the command does not agree with its contents"),
        0x143: ("TPM_RC_COMMAND_CODE", "the TPM does not have this command"),
        0x144: ("TPM_RC_AUTHSIZE", "the size of the authorization area is wrong"),
        0x145: ("TPM_RC_AUTH_CONTEXT", "the command takes no authorization session"),
        0x146: ("TPM_RC_NV_RANGE", "the access goes beyond the end of the NV index"),
        0x147: ("TPM_RC_NV_SIZE", "the NV index is larger than the TPM allows"),
        0x148: ("TPM_RC_NV_LOCKED", "the NV index is locked"),
        0x149: ("TPM_RC_NV_AUTHORIZATION", "the authorization is not allowed to do this with the NV index"),
        0x14A: ("TPM_RC_NV_UNINITIALIZED", "the NV index was never written"),
        0x14B: ("TPM_RC_NV_SPACE", "there is not enough NV memory left"),
        0x14C: ("TPM_RC_NV_DEFINED", "the NV index or persistent handle is taken"),
        0x150: ("TPM_RC_BAD_CONTEXT", "the saved context is not valid"),
        0x151: ("TPM_RC_CPHASH", "the cpHash is set already or does not match"),
        0x152: ("TPM_RC_PARENT", "the handle is no valid parent"),
        0x153: ("TPM_RC_NEEDS_TEST", "a function must be self-tested first"),
        0x154: ("TPM_RC_NO_RESULT", "the TPM could not process the request"),
        0x155: ("TPM_RC_SENSITIVE", "the decrypted sensitive area is malformed: it was encrypted for something else"),
        0x081: ("TPM_RC_ASYMMETRIC", "the asymmetric algorithm is not supported or not right"),
        0x082: ("TPM_RC_ATTRIBUTES", "the attributes contradict one another or the use"),
        0x083: ("TPM_RC_HASH", "the hash algorithm is not supported or not right here"),
        0x084: ("TPM_RC_VALUE", "a value is out of range or wrong in this context"),
        0x085: ("TPM_RC_HIERARCHY", "the hierarchy is disabled or not right for this use"),
        0x087: ("TPM_RC_KEY_SIZE", "the key size is not supported"),
        0x088: ("TPM_RC_MGF", "the mask generation function is not supported"),
        0x089: ("TPM_RC_MODE", "the mode of operation is not supported"),
        0x08A: ("TPM_RC_TYPE", "the type is not right for this use"),
        0x08B: ("TPM_RC_HANDLE", "the handle does not exist or is not right for this use"),
        0x08C: ("TPM_RC_KDF", "the key derivation function is not supported or not right"),
        0x08D: ("TPM_RC_RANGE", "a value is out of its range"),
        0x08E: ("TPM_RC_AUTH_FAIL", "the authorization is wrong, and the dictionary-attack counter went up"),
        0x08F: ("TPM_RC_NONCE", "a nonce has a wrong size or value"),
        0x090: ("TPM_RC_PP", "physical presence must be asserted"),
        0x092: ("TPM_RC_SCHEME", "the scheme is not supported or does not fit the key"),
        0x095: ("TPM_RC_SIZE", "a structure has the wrong size"),
        0x096: ("TPM_RC_SYMMETRIC", "the symmetric algorithm or key size is not supported or not right"),
        0x097: ("TPM_RC_TAG", "a structure has the wrong tag"),
        0x098: ("TPM_RC_SELECTOR", "a union selector is wrong"),
        0x09A: ("TPM_RC_INSUFFICIENT", "the command ends inside a value"),
        0x09B: ("TPM_RC_SIGNATURE", "the signature is not valid"),
        0x09C: ("TPM_RC_KEY", "the key does not fit the use"),
        0x09D: ("TPM_RC_POLICY_FAIL", "the policy session does not satisfy the policy"),
        0x09F: ("TPM_RC_INTEGRITY", "the integrity check failed: made for another TPM or key, or damaged"),
        0x0A0: ("TPM_RC_TICKET", "the ticket is not valid"),
        0x0A1: ("TPM_RC_RESERVED_BITS", "reserved bits are set"),
        0x0A2: ("TPM_RC_BAD_AUTH", "the authorization is wrong"),
        0x0A3: ("TPM_RC_EXPIRED", "the policy has expired"),
        0x0A4: ("TPM_RC_POLICY_CC", "the policy allows another command than this one"),
        0x0A5: ("TPM_RC_BINDING", "public and sensitive part do not belong together"),
        0x0A6: ("TPM_RC_CURVE", "the curve is not supported"),
        0x0A7: ("TPM_RC_ECC_POINT", "the point is not on the curve"),
        0x901: ("TPM_RC_CONTEXT_GAP", "a saved session is too old; load or flush it first"),
        0x902: ("TPM_RC_OBJECT_MEMORY", "no memory for another object; flush one"),
        0x903: ("TPM_RC_SESSION_MEMORY", "no memory for another session; flush one"),
        0x904: ("TPM_RC_MEMORY", "no memory for internal operations; flush an object or session"),
        0x905: ("TPM_RC_SESSION_HANDLES", "no session handle is free; flush a session"),
        0x906: ("TPM_RC_OBJECT_HANDLES", "no object handle is free until the TPM is reset"),
        0x907: ("TPM_RC_LOCALITY", "the command is not allowed at this locality"),
        0x908: ("TPM_RC_YIELDED", "the TPM suspended the command; send it again"),
        0x909: ("TPM_RC_CANCELED", "the command was cancelled"),
        0x90A: ("TPM_RC_TESTING", "the TPM is testing itself; send the command again"),
        0x910: ("TPM_RC_REFERENCE_H0", "handle 1 names an object or session that is not loaded"),
        0x911: ("TPM_RC_REFERENCE_H1", "handle 2 names an object or session that is not loaded"),
        0x912: ("TPM_RC_REFERENCE_H2", "handle 3 names an object or session that is not loaded"),
        0x913: ("TPM_RC_REFERENCE_H3", "handle 4 names an object or session that is not loaded"),
        0x914: ("TPM_RC_REFERENCE_H4", "handle 5 names an object or session that is not loaded"),
        0x915: ("TPM_RC_REFERENCE_H5", "handle 6 names an object or session that is not loaded"),
        0x916: ("TPM_RC_REFERENCE_H6", "handle 7 names an object or session that is not loaded"),
        0x918: ("TPM_RC_REFERENCE_S0", "session 1 is not loaded"),
        0x919: ("TPM_RC_REFERENCE_S1", "session 2 is not loaded"),
        0x91A: ("TPM_RC_REFERENCE_S2", "session 3 is not loaded"),
        0x91B: ("TPM_RC_REFERENCE_S3", "session 4 is not loaded"),
        0x91C: ("TPM_RC_REFERENCE_S4", "session 5 is not loaded"),
        0x91D: ("TPM_RC_REFERENCE_S5", "session 6 is not loaded"),
        0x91E: ("TPM_RC_REFERENCE_S6", "session 7 is not loaded"),
        0x920: ("TPM_RC_NV_RATE", "the TPM limits NV writes to spare its memory; wait and send it again"),
        0x921: (
            "TPM_RC_LOCKOUT",
            "the TPM is in dictionary-attack lockout; wait, or reset it with the lockout authorization"
        ),
        0x922: ("TPM_RC_RETRY", "the TPM could not start the command; send it again"),
        0x923: ("TPM_RC_NV_UNAVAILABLE", "NV memory is not accessible at the moment; send it again"),
    ]

    /// Codes that every layer of libtss2 shares (TSS 2.0 Overview, section 3.1).
    static let softwareCodes: [UInt32: (name: String, text: String)] = [
        1: ("GENERAL_FAILURE", "an unspecified failure"),
        2: ("NOT_IMPLEMENTED", "not implemented"),
        3: ("BAD_CONTEXT", "the context is invalid"),
        4: ("ABI_MISMATCH", "the libraries do not fit together"),
        5: ("BAD_REFERENCE", "a pointer is missing"),
        6: ("INSUFFICIENT_BUFFER", "a buffer is too small"),
        7: ("BAD_SEQUENCE", "calls came in the wrong order"),
        8: ("NO_CONNECTION", "no connection to the TPM"),
        9: ("TRY_AGAIN", "not ready yet; try again"),
        10: ("IO_ERROR", "input or output with the TPM failed: is it there, and may this user open it?"),
        11: ("BAD_VALUE", "an argument is out of range"),
        12: ("NOT_PERMITTED", "not permitted"),
        13: ("INVALID_SESSIONS", "the sessions do not fit the command"),
        14: ("NO_DECRYPT_PARAM", "the command has no parameter to encrypt"),
        15: ("NO_ENCRYPT_PARAM", "the response has no parameter to encrypt"),
        16: ("BAD_SIZE", "a size is wrong"),
        17: ("MALFORMED_RESPONSE", "the TPM's response is malformed"),
        18: ("INSUFFICIENT_CONTEXT", "the context is too small"),
        19: ("INSUFFICIENT_RESPONSE", "the response is too short"),
        20: ("INCOMPATIBLE_TCTI", "the TCTI has another version"),
        21: ("NOT_SUPPORTED", "not supported"),
        22: ("BAD_TCTI_STRUCTURE", "the TCTI is invalid"),
        23: ("MEMORY", "out of memory"),
        24: ("BAD_TR", "the ESAPI handle is invalid"),
        25: ("MULTIPLE_DECRYPT_SESSIONS", "more than one session decrypts"),
        26: ("MULTIPLE_ENCRYPT_SESSIONS", "more than one session encrypts"),
        27: ("RSP_AUTH_FAILED", "the response is not authentic: it was changed on its way from the TPM"),
    ]
}
