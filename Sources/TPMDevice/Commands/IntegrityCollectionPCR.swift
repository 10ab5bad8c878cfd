// Part 3, chapter 22: Integrity Collection (PCR).

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// PCR values of one moment.
    public struct PCRValues: Sendable, Hashable {
        /// Rises with every extend or reset of a PCR that counts.
        public let updateCounter: UInt32
        /// Bank, PCR, digest.
        public let banks: [AlgorithmID: [Int: [UInt8]]]
    }

    /// TPM2_PCR_Read, repeated until every PCR is there: a TPM returns at most eight at once.
    ///
    /// When a PCR changes in between, it starts again, so that all values are of one moment. PCRs and banks that the
    /// TPM does not have are absent from the result.
    public func pcrRead(_ selection: TPMLPCRSelection) throws(TPMError) -> PCRValues {
        for _ in 0..<Self.pcrReadAttempts {
            if let values = try pcrReadOnce(selection) { return values }
        }
        throw TPMError(Command.pcrRead.name, malformed: "PCRs change faster than they can be read")
    }

    /// TPM2_PCR_Extend, in several banks at once.
    ///
    /// - Parameter digests: One for each bank to extend; the others stay as they are.
    public func pcrExtend(_ pcr: Int, with digests: [TPMTHA]) throws(TPMError) {
        let command = Command.pcrExtend
        let reference = try pcrReference(pcr, for: command)
        var writer = ByteWriter()
        writer.uint32(UInt32(clamping: digests.count))
        for digest in digests { digest.write(to: &writer) }
        var values = try TPML_DIGEST_VALUES(marshalled: writer.bytes, for: command.name)
        try run(command) {
            unsafe Esys_PCR_Extend($0.pointer, reference, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values)
        }
    }

    /// TPM2_PCR_Reset: only PCR 16 and 23 from locality 0, on a PC Client TPM.
    public func pcrReset(_ pcr: Int) throws(TPMError) {
        let reference = try pcrReference(pcr, for: .pcrReset)
        try run(.pcrReset) {
            unsafe Esys_PCR_Reset($0.pointer, reference, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE)
        }
    }

    /// All values, or nil when a PCR changed while they were read.
    private func pcrReadOnce(_ selection: TPMLPCRSelection) throws(TPMError) -> PCRValues? {
        var wanted = selection.selections.map { (bank: $0.hash, pcrs: Set($0.pcrs)) }
        var banks: [AlgorithmID: [Int: [UInt8]]] = [:]
        var counter: UInt32?
        while wanted.contains(where: { !$0.pcrs.isEmpty }) {
            let answer = try pcrReadPiece(wanted.filter { !$0.pcrs.isEmpty })
            if let counter, counter != answer.updateCounter { return nil }
            counter = answer.updateCounter
            let read = answer.selection.selections.flatMap { selection in selection.pcrs.map { (selection.hash, $0) } }
            guard !read.isEmpty else { break }
            guard read.count == answer.digests.count else {
                throw TPMError(
                    Command.pcrRead.name,
                    malformed: "\(answer.digests.count) digests for \(read.count) PCRs"
                )
            }
            for ((bank, pcr), digest) in zip(read, answer.digests) {
                banks[bank, default: [:]][pcr] = digest
                for index in wanted.indices where wanted[index].bank == bank { wanted[index].pcrs.remove(pcr) }
            }
        }
        return PCRValues(updateCounter: counter ?? 0, banks: banks)
    }

    private func pcrReadPiece(
        _ wanted: [(bank: AlgorithmID, pcrs: Set<Int>)]
    ) throws(TPMError) -> (updateCounter: UInt32, selection: TPMLPCRSelection, digests: [[UInt8]]) {
        let command = Command.pcrRead
        guard
            let asked = TPMLPCRSelection(wanted.compactMap { TPMSPCRSelection(bank: $0.bank, pcrs: $0.pcrs) })
        else { throw TPMError(command.name, argument: "too many banks") }
        var selectionIn = try TPML_PCR_SELECTION(asked, for: command.name)
        var counter: UInt32 = 0
        var selectionOut = Out<TPML_PCR_SELECTION>()
        var values = Out<TPML_DIGEST>()
        try run(command) {
            unsafe Esys_PCR_Read(
                $0.pointer,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &selectionIn,
                &counter,
                &selectionOut.pointer,
                &values.pointer
            )
        }
        let selected = try selectionOut.parsed(as: TPMLPCRSelection.self, for: command.name)
        let digests = try command.parse(try values.bytes(for: command.name)) { reader throws(WireError) in
            var digests: [[UInt8]] = []
            for _ in 0..<(try reader.uint32("count")) {
                digests.append(try reader.sized(max: WireBounds.digest, "digest"))
            }
            return digests
        }
        return (counter, selected, digests)
    }

    private func pcrReference(_ pcr: Int, for command: Command) throws(TPMError) -> ESYS_TR {
        guard let number = UInt32(exactly: pcr), number <= ESYS_TR_PCR31 else {
            throw TPMError(command.name, argument: "there is no PCR \(pcr)")
        }
        return number
    }

    /// A machine under measurement settles within a few reads.
    private static let pcrReadAttempts = 8
}

extension TPMConnection {
    /// TPM2_PCR_Allocate: which banks the TPM has from its next reset on.
    ///
    /// - Returns: False when the TPM has no memory for them; nothing changes then.
    public func pcrAllocate(
        _ selection: TPMLPCRSelection,
        authorization: Authorization = .password
    ) throws(TPMError) -> Bool {
        let command = Command.pcrAllocate
        var allocation = try TPML_PCR_SELECTION(selection, for: command.name)
        var success: TPMI_YES_NO = 0
        var (maximum, needed, available): (UInt32, UInt32, UInt32) = (0, 0, 0)
        try run(command, sessions: authorization.session) {
            unsafe Esys_PCR_Allocate(
                $0.pointer,
                Hierarchy.platform.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &allocation,
                &success,
                &maximum,
                &needed,
                &available
            )
        }
        return success != 0
    }
}
