/// A command of Part 3: its name for errors, and which of its first parameters a session may encrypt.
///
/// Part 1, section 19.1: only a first parameter that is a sized buffer (TPM2B) can be encrypted, in either direction.
struct Command: Sendable {
    let name: String
    var decrypt = false
    var encrypt = false

    private init(_ name: String, decrypt: Bool = false, encrypt: Bool = false) {
        self.name = name
        self.decrypt = decrypt
        self.encrypt = encrypt
    }

    static let shutdown = Command("TPM2_Shutdown")
    static let startAuthSession = Command("TPM2_StartAuthSession")

    static let create = Command("TPM2_Create", decrypt: true, encrypt: true)
    static let load = Command("TPM2_Load", decrypt: true, encrypt: true)
    static let loadExternal = Command("TPM2_LoadExternal", decrypt: true, encrypt: true)
    static let readPublic = Command("TPM2_ReadPublic", encrypt: true)
    static let activateCredential = Command("TPM2_ActivateCredential", decrypt: true, encrypt: true)
    static let makeCredential = Command("TPM2_MakeCredential", decrypt: true, encrypt: true)
    static let importObject = Command("TPM2_Import", decrypt: true, encrypt: true)

    static let hash = Command("TPM2_Hash", decrypt: true, encrypt: true)
    static let getRandom = Command("TPM2_GetRandom", encrypt: true)

    static let certify = Command("TPM2_Certify", decrypt: true, encrypt: true)
    static let certifyCreation = Command("TPM2_CertifyCreation", decrypt: true, encrypt: true)
    static let quote = Command("TPM2_Quote", decrypt: true, encrypt: true)
    static let sign = Command("TPM2_Sign", decrypt: true)

    static let pcrExtend = Command("TPM2_PCR_Extend")
    static let pcrRead = Command("TPM2_PCR_Read")
    static let pcrReset = Command("TPM2_PCR_Reset")
    static let pcrAllocate = Command("TPM2_PCR_Allocate")

    static let policySecret = Command("TPM2_PolicySecret", decrypt: true, encrypt: true)
    static let policyOR = Command("TPM2_PolicyOR")
    static let policyAuthorizeNV = Command("TPM2_PolicyAuthorizeNV")
    static let policyGetDigest = Command("TPM2_PolicyGetDigest", encrypt: true)

    static let createPrimary = Command("TPM2_CreatePrimary", decrypt: true, encrypt: true)
    static let clear = Command("TPM2_Clear")
    static let dictionaryAttackParameters = Command("TPM2_DictionaryAttackParameters")
    static let hierarchyChangeAuth = Command("TPM2_HierarchyChangeAuth", decrypt: true)

    static let flushContext = Command("TPM2_FlushContext")
    static let evictControl = Command("TPM2_EvictControl")
    static let readClock = Command("TPM2_ReadClock")
    static let getCapability = Command("TPM2_GetCapability")

    static let nvDefineSpace = Command("TPM2_NV_DefineSpace", decrypt: true)
    static let nvUndefineSpace = Command("TPM2_NV_UndefineSpace")
    static let nvReadPublic = Command("TPM2_NV_ReadPublic", encrypt: true)
    static let nvWrite = Command("TPM2_NV_Write", decrypt: true)
    static let nvIncrement = Command("TPM2_NV_Increment")
    static let nvRead = Command("TPM2_NV_Read", encrypt: true)
    static let nvWriteLock = Command("TPM2_NV_WriteLock")
    static let nvCertify = Command("TPM2_NV_Certify", decrypt: true, encrypt: true)
}
