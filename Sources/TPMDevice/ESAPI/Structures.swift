// The structures of Part 2 that cross the boundary, each with its pair of libtss2-mu functions.
// TPM2B_NONCE, TPM2B_AUTH, TPM2B_OPERAND and TPM2B_TIMEOUT are other names of TPM2B_DIGEST.

import CTSS2

extension TPM2B_DIGEST: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_DIGEST_Marshal, Tss2_MU_TPM2B_DIGEST_Unmarshal) }
}

extension TPM2B_DATA: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_DATA_Marshal, Tss2_MU_TPM2B_DATA_Unmarshal) }
}

extension TPM2B_NAME: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_NAME_Marshal, Tss2_MU_TPM2B_NAME_Unmarshal) }
}

extension TPM2B_ATTEST: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_ATTEST_Marshal, Tss2_MU_TPM2B_ATTEST_Unmarshal) }
}

extension TPM2B_PUBLIC: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_PUBLIC_Marshal, Tss2_MU_TPM2B_PUBLIC_Unmarshal) }
}

extension TPM2B_PRIVATE: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPM2B_PRIVATE_Marshal, Tss2_MU_TPM2B_PRIVATE_Unmarshal) }
}

extension TPM2B_SENSITIVE_CREATE: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_SENSITIVE_CREATE_Marshal, Tss2_MU_TPM2B_SENSITIVE_CREATE_Unmarshal)
    }
}

extension TPM2B_CREATION_DATA: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_CREATION_DATA_Marshal, Tss2_MU_TPM2B_CREATION_DATA_Unmarshal)
    }
}

extension TPM2B_ID_OBJECT: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_ID_OBJECT_Marshal, Tss2_MU_TPM2B_ID_OBJECT_Unmarshal)
    }
}

extension TPM2B_ENCRYPTED_SECRET: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal, Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal)
    }
}

extension TPM2B_NV_PUBLIC: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_NV_PUBLIC_Marshal, Tss2_MU_TPM2B_NV_PUBLIC_Unmarshal)
    }
}

extension TPM2B_MAX_NV_BUFFER: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_MAX_NV_BUFFER_Marshal, Tss2_MU_TPM2B_MAX_NV_BUFFER_Unmarshal)
    }
}

extension TPM2B_MAX_BUFFER: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPM2B_MAX_BUFFER_Marshal, Tss2_MU_TPM2B_MAX_BUFFER_Unmarshal)
    }
}

extension TPML_PCR_SELECTION: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPML_PCR_SELECTION_Marshal, Tss2_MU_TPML_PCR_SELECTION_Unmarshal)
    }
}

extension TPML_DIGEST: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPML_DIGEST_Marshal, Tss2_MU_TPML_DIGEST_Unmarshal) }
}

extension TPML_DIGEST_VALUES: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPML_DIGEST_VALUES_Marshal, Tss2_MU_TPML_DIGEST_VALUES_Unmarshal)
    }
}

extension TPMS_CAPABILITY_DATA: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPMS_CAPABILITY_DATA_Marshal, Tss2_MU_TPMS_CAPABILITY_DATA_Unmarshal)
    }
}

extension TPMS_TIME_INFO: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPMS_TIME_INFO_Marshal, Tss2_MU_TPMS_TIME_INFO_Unmarshal) }
}

extension TPMT_SIGNATURE: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPMT_SIGNATURE_Marshal, Tss2_MU_TPMT_SIGNATURE_Unmarshal) }
}

extension TPMT_SIG_SCHEME: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPMT_SIG_SCHEME_Marshal, Tss2_MU_TPMT_SIG_SCHEME_Unmarshal)
    }
}

extension TPMT_SYM_DEF: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPMT_SYM_DEF_Marshal, Tss2_MU_TPMT_SYM_DEF_Unmarshal) }
}

extension TPMT_SYM_DEF_OBJECT: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPMT_SYM_DEF_OBJECT_Marshal, Tss2_MU_TPMT_SYM_DEF_OBJECT_Unmarshal)
    }
}

extension TPMT_TK_CREATION: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPMT_TK_CREATION_Marshal, Tss2_MU_TPMT_TK_CREATION_Unmarshal)
    }
}

extension TPMT_TK_HASHCHECK: MarshalledStructure {
    static var codec: Codec<Self> {
        unsafe Codec(Tss2_MU_TPMT_TK_HASHCHECK_Marshal, Tss2_MU_TPMT_TK_HASHCHECK_Unmarshal)
    }
}

extension TPMT_TK_AUTH: MarshalledStructure {
    static var codec: Codec<Self> { unsafe Codec(Tss2_MU_TPMT_TK_AUTH_Marshal, Tss2_MU_TPMT_TK_AUTH_Unmarshal) }
}
