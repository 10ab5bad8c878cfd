import CTSS2
import TPMWire

/// What libtss2-mu makes of bytes.
enum MarshallingVerdict: Hashable {
    /// It read a structure out of the first `consumed` bytes, and writes it again as `written`.
    case accepted(consumed: Int, written: [UInt8])
    case refused
}

/// One structure of Part 2 as both read it: TPMWire, and libtss2-mu, which others wrote.
struct Oracle: Sendable {
    let name: String
    /// A random value's bytes, as TPMWire writes them.
    let generate: @Sendable (inout Generator) -> [UInt8]
    /// TPMWire's reading: what it writes again.
    let wire: @Sendable ([UInt8]) throws(WireError) -> [UInt8]
    let library: @Sendable ([UInt8]) -> MarshallingVerdict

    init<Value: WireStructure, Structure>(
        _ name: String,
        _ unmarshal: @escaping Unmarshal<Structure>,
        _ marshal: @escaping Marshal<Structure>,
        _ value: @escaping @Sendable (inout Generator) -> Value
    ) {
        self.name = name
        generate = { value(&$0).bytes }
        wire = { (bytes) throws(WireError) in try Value(parsing: bytes).bytes }
        library = { unsafe Self.judge($0, unmarshal, marshal) }
    }

    typealias Unmarshal<Structure> =
        @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Structure>?) -> TSS2_RC
    typealias Marshal<Structure> =
        @Sendable (UnsafePointer<Structure>?, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?) -> TSS2_RC

    private static func judge<Structure>(
        _ bytes: [UInt8],
        _ unmarshal: Unmarshal<Structure>,
        _ marshal: Marshal<Structure>
    ) -> MarshallingVerdict {
        unsafe withUnsafeTemporaryAllocation(of: Structure.self, capacity: 1) { slot in
            // The sized structures must enter unmarshalling with size zero, or libtss2-mu refuses them.
            unsafe UnsafeMutableRawBufferPointer(slot).initializeMemory(as: UInt8.self, repeating: 0)
            var consumed = 0
            let read = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe unmarshal(input.baseAddress, input.count, &consumed, slot.baseAddress)
            }
            guard read == 0 else { return .refused }
            let capacity = MemoryLayout<Structure>.size
            var result: TSS2_RC = 0
            let written = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                result = unsafe marshal(slot.baseAddress, buffer.baseAddress, capacity, &count)
            }
            return .accepted(consumed: consumed, written: result == 0 ? written : [])
        }
    }

    static let all: [Oracle] = [
        unsafe Oracle("TPMS_ATTEST", Tss2_MU_TPMS_ATTEST_Unmarshal, Tss2_MU_TPMS_ATTEST_Marshal) { $0.attest() },
        unsafe Oracle("TPMT_PUBLIC", Tss2_MU_TPMT_PUBLIC_Unmarshal, Tss2_MU_TPMT_PUBLIC_Marshal) { $0.publicArea() },
        unsafe Oracle("TPM2B_PUBLIC", Tss2_MU_TPM2B_PUBLIC_Unmarshal, Tss2_MU_TPM2B_PUBLIC_Marshal) {
            TPM2BPublic($0.publicArea())
        },
        unsafe Oracle("TPMT_SIGNATURE", Tss2_MU_TPMT_SIGNATURE_Unmarshal, Tss2_MU_TPMT_SIGNATURE_Marshal) {
            $0.signature()
        },
        unsafe Oracle("TPMS_CREATION_DATA", Tss2_MU_TPMS_CREATION_DATA_Unmarshal, Tss2_MU_TPMS_CREATION_DATA_Marshal) {
            $0.creationData()
        },
        unsafe Oracle("TPMT_TK_CREATION", Tss2_MU_TPMT_TK_CREATION_Unmarshal, Tss2_MU_TPMT_TK_CREATION_Marshal) {
            TPMTTKCreation(hierarchy: $0.pick([.endorsement, .owner, .platform, .null]), digest: $0.digest())
        },
        unsafe Oracle("TPML_PCR_SELECTION", Tss2_MU_TPML_PCR_SELECTION_Unmarshal, Tss2_MU_TPML_PCR_SELECTION_Marshal) {
            $0.selection()
        },
        unsafe Oracle("TPMS_NV_PUBLIC", Tss2_MU_TPMS_NV_PUBLIC_Unmarshal, Tss2_MU_TPMS_NV_PUBLIC_Marshal) {
            $0.index()
        },
        unsafe Oracle("TPM2B_NV_PUBLIC", Tss2_MU_TPM2B_NV_PUBLIC_Unmarshal, Tss2_MU_TPM2B_NV_PUBLIC_Marshal) {
            TPM2BNVPublic($0.index())
        },
        unsafe Oracle("TPM2B_DIGEST", Tss2_MU_TPM2B_DIGEST_Unmarshal, Tss2_MU_TPM2B_DIGEST_Marshal) {
            TPM2BDigest($0.digest())
        },
        unsafe Oracle("TPM2B_NAME", Tss2_MU_TPM2B_NAME_Unmarshal, Tss2_MU_TPM2B_NAME_Marshal) { $0.name() },
        unsafe Oracle("TPM2B_PRIVATE", Tss2_MU_TPM2B_PRIVATE_Unmarshal, Tss2_MU_TPM2B_PRIVATE_Marshal) {
            TPM2BPrivate($0.bytes(0...200))
        },
        unsafe Oracle(
            "TPM2B_ENCRYPTED_SECRET",
            Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal,
            Tss2_MU_TPM2B_ENCRYPTED_SECRET_Marshal
        ) { TPM2BEncryptedSecret($0.bytes(0...256)) },
        unsafe Oracle("TPM2B_ECC_POINT", Tss2_MU_TPM2B_ECC_POINT_Unmarshal, Tss2_MU_TPM2B_ECC_POINT_Marshal) {
            TPM2BECCPoint($0.point())
        },
        unsafe Oracle(
            "TPM2B_SENSITIVE_CREATE",
            Tss2_MU_TPM2B_SENSITIVE_CREATE_Unmarshal,
            Tss2_MU_TPM2B_SENSITIVE_CREATE_Marshal
        ) { TPM2BSensitiveCreate(TPMSSensitiveCreate(userAuth: $0.digest(), data: $0.bytes(0...128))) },
    ]
}
