import CTSS2
import SeededRandom
import TPMWire
import Testing

/// One structure of Part 2 as two implementations read it and write it back: TPMWire and libtss2-mu.
struct Marshalling: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Makes up a structure, as TPMWire writes it.
    let generate: @Sendable (inout SplitMix64) -> [UInt8]
    /// What TPMWire makes of bytes: the bytes that it writes back, or why it does not read them.
    let ours: @Sendable ([UInt8]) -> Result<[UInt8], WireError>
    /// What the library makes of them.
    let theirs: @Sendable ([UInt8]) -> LibraryAnswer

    static let attest = Marshalling(TPMSAttest.self) { bytes in
        unsafe LibraryAnswer(bytes, TPMS_ATTEST(), Tss2_MU_TPMS_ATTEST_Unmarshal, Tss2_MU_TPMS_ATTEST_Marshal)
    }
    static let publicArea = Marshalling(TPMTPublic.self) { bytes in
        unsafe LibraryAnswer(bytes, TPMT_PUBLIC(), Tss2_MU_TPMT_PUBLIC_Unmarshal, Tss2_MU_TPMT_PUBLIC_Marshal)
    }
    static let signature = Marshalling(TPMTSignature.self) { bytes in
        unsafe LibraryAnswer(bytes, TPMT_SIGNATURE(), Tss2_MU_TPMT_SIGNATURE_Unmarshal, Tss2_MU_TPMT_SIGNATURE_Marshal)
    }
    static let creationData = Marshalling(TPMSCreationData.self) { bytes in
        unsafe LibraryAnswer(
            bytes,
            TPMS_CREATION_DATA(),
            Tss2_MU_TPMS_CREATION_DATA_Unmarshal,
            Tss2_MU_TPMS_CREATION_DATA_Marshal
        )
    }
    static let nvPublic = Marshalling(TPMSNVPublic.self) { bytes in
        unsafe LibraryAnswer(bytes, TPMS_NV_PUBLIC(), Tss2_MU_TPMS_NV_PUBLIC_Unmarshal, Tss2_MU_TPMS_NV_PUBLIC_Marshal)
    }

    static let all = [attest, publicArea, signature, creationData, nvPublic]

    private init<Structure: Generated>(
        _: Structure.Type,
        theirs: @escaping @Sendable ([UInt8]) -> LibraryAnswer
    ) {
        testDescription = "\(Structure.self)"
        self.theirs = theirs
        generate = { Structure.generate(&$0).bytes }
        ours = { bytes in
            do throws(WireError) { return .success(try Structure(parsing: bytes).bytes) } catch {
                return .failure(error)
            }
        }
    }
}

/// What libtss2-mu makes of some bytes.
enum LibraryAnswer: Hashable {
    /// It read that many of them, and this is what it writes.
    case read(Int, written: [UInt8])
    /// It read them, and cannot write what it read.
    case notWritten(TSS2_RC)
    case refused(TSS2_RC)

    typealias Unmarshal<Structure> = (
        UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<Structure>?
    ) -> TSS2_RC
    typealias Marshal<Structure> = (
        UnsafePointer<Structure>?, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<Int>?
    ) -> TSS2_RC

    init<Structure>(
        _ bytes: [UInt8],
        _ empty: Structure,
        _ unmarshal: Unmarshal<Structure>,
        _ marshal: Marshal<Structure>
    ) {
        var structure = empty
        var read = 0
        let code = unsafe unmarshal(bytes, bytes.count, &read, &structure)
        guard code == TSS2_RC_SUCCESS else {
            self = .refused(code)
            return
        }
        var output = [UInt8](repeating: 0, count: 8192)
        var written = 0
        let back = unsafe marshal(&structure, &output, output.count, &written)
        self = back == TSS2_RC_SUCCESS ? .read(read, written: Array(output[..<written])) : .notWritten(back)
    }
}
