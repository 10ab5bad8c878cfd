// Part 3, chapter 31: Non-volatile Storage. Reading and writing are cut to what the TPM moves at once.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// Whose authorization a command on an NV index uses; the attributes of the index say who may.
    public enum NVAuthority: Sendable {
        /// The index's own value: AUTHREAD, AUTHWRITE.
        case index
        /// The storage hierarchy: OWNERREAD, OWNERWRITE.
        case owner
        /// The platform hierarchy: PPREAD, PPWRITE.
        case platform
    }

    /// The index at a handle; nil when it is not defined.
    public func nvIndex(at handle: Handle) throws(TPMError) -> NVIndex? {
        guard let reference = try find(handle, by: .nvReadPublic) else { return nil }
        return NVIndex(owned: reference, handle: handle, connection: self)
    }

    /// TPM2_NV_DefineSpace.
    ///
    /// - Parameters:
    ///   - authority: The owner; the platform for indices that survive TPM2_Clear (PLATFORMCREATE).
    ///   - value: The authorization value of the index.
    public func nvDefineSpace(
        _ publicArea: TPMSNVPublic,
        value: [UInt8] = [],
        by authority: Hierarchy = .owner,
        authorization: Authorization = .password
    ) throws(TPMError) -> NVIndex {
        let command = Command.nvDefineSpace
        var auth = try TPM2B_DIGEST(contents: value, for: command.name)
        defer { auth.wipe() }
        var area = try TPM2B_NV_PUBLIC(TPM2B(publicArea), for: command.name)
        var index = ESYS_TR_NONE
        try run(command, sessions: authorization.session) {
            unsafe Esys_NV_DefineSpace(
                $0.pointer,
                authority.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &auth,
                &area,
                &index
            )
        }
        return NVIndex(owned: index, handle: publicArea.nvIndex, connection: self)
    }

    /// TPM2_NV_UndefineSpace.
    public func nvUndefineSpace(
        _ index: consuming NVIndex,
        by authority: Hierarchy = .owner,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let reference = index.reference.esys
        try run(.nvUndefineSpace, sessions: authorization.session) {
            unsafe Esys_NV_UndefineSpace(
                $0.pointer,
                authority.reference.esys,
                reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE
            )
        }
    }

    /// TPM2_NV_ReadPublic: the public area and the Name.
    public func nvReadPublic(_ index: borrowing NVIndex) throws(TPMError) -> (publicArea: TPMSNVPublic, name: Name) {
        let command = Command.nvReadPublic
        let reference = index.reference.esys
        var area = Out<TPM2B_NV_PUBLIC>()
        var name = Out<TPM2B_NAME>()
        try run(command) {
            unsafe Esys_NV_ReadPublic(
                $0.pointer,
                reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &area.pointer,
                &name.pointer
            )
        }
        return (
            try area.parsed(as: TPM2BNVPublic.self, for: command.name).contents,
            try name.parsed(as: Name.self, for: command.name)
        )
    }

    /// TPM2_NV_Write, in as many pieces as the TPM needs; a power cut between two leaves the first ones written.
    public func nvWrite(
        _ contents: [UInt8],
        to index: borrowing NVIndex,
        offset: UInt16 = 0,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let command = Command.nvWrite
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        for (position, piece) in try pieces(of: contents.count, from: offset, for: command) {
            let start = Int(position) - Int(offset)
            var data = try TPM2B_MAX_NV_BUFFER(contents: Array(contents[start..<start + piece]), for: command.name)
            try run(command, sessions: authorization.session) {
                unsafe Esys_NV_Write(
                    $0.pointer,
                    owner,
                    reference,
                    authorization.reference,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    &data,
                    position
                )
            }
            data.wipe()
        }
    }

    /// TPM2_NV_Read, in as many pieces as the TPM needs.
    public func nvRead(
        _ index: borrowing NVIndex,
        count: Int,
        offset: UInt16 = 0,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) -> [UInt8] {
        let command = Command.nvRead
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        var contents: [UInt8] = []
        for (position, piece) in try pieces(of: count, from: offset, for: command) {
            var data = Out<TPM2B_MAX_NV_BUFFER>()
            try run(command, sessions: authorization.session) {
                unsafe Esys_NV_Read(
                    $0.pointer,
                    owner,
                    reference,
                    authorization.reference,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    UInt16(piece),
                    position,
                    &data.pointer
                )
            }
            let read = try data.buffer(for: command.name)
            guard read.count == piece else {
                throw TPMError(command.name, malformed: "\(read.count) bytes for \(piece) asked")
            }
            contents += read
        }
        return contents
    }

    /// TPM2_NV_Increment of a counter index.
    ///
    /// A counter that was never incremented starts above every counter that this TPM ever had, so defining it again
    /// does not rewind it.
    public func nvIncrement(
        _ index: borrowing NVIndex,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        try run(.nvIncrement, sessions: authorization.session) {
            unsafe Esys_NV_Increment(
                $0.pointer,
                owner,
                reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE
            )
        }
    }

    /// The value of a counter index: 8 bytes, big-endian.
    public func nvReadCounter(
        _ index: borrowing NVIndex,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) -> UInt64 {
        try nvRead(index, count: 8, as: authority, authorization: authorization)
            .reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// TPM2_NV_WriteLock: until the next reset (WRITE_STCLEAR) or for ever (WRITEDEFINE).
    public func nvWriteLock(
        _ index: borrowing NVIndex,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        try run(.nvWriteLock, sessions: authorization.session) {
            unsafe Esys_NV_WriteLock(
                $0.pointer,
                owner,
                reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE
            )
        }
    }

    /// TPM2_NV_Certify: the contents of an index, signed.
    ///
    /// - Parameter count: At most ``nvBufferMaximum()`` bytes.
    public func nvCertify(
        _ index: borrowing NVIndex,
        count: UInt16,
        offset: UInt16 = 0,
        with key: borrowing some LoadedObject & ~Copyable,
        qualifyingData: [UInt8],
        as authority: NVAuthority = .index,
        keyAuthorization: Authorization = .password
    ) throws(TPMError) -> SignedAttestation {
        let command = Command.nvCertify
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        let key = key.reference.esys
        var qualifying = try TPM2B_DATA(contents: qualifyingData, for: command.name)
        var scheme = try TPMT_SIG_SCHEME(TPMTAsymScheme.null, for: command.name)
        var signed = AttestationOutputs()
        try run(command, sessions: keyAuthorization.session) {
            unsafe Esys_NV_Certify(
                $0.pointer,
                key,
                owner,
                reference,
                keyAuthorization.reference,
                ESYS_TR_PASSWORD,
                ESYS_TR_NONE,
                &qualifying,
                &scheme,
                count,
                offset,
                &signed.attest.pointer,
                &signed.signature.pointer
            )
        }
        return try signed.attestation(for: command)
    }

    /// Offsets and lengths of the pieces that the TPM moves at once (TPM_PT_NV_BUFFER_MAX).
    private func pieces(
        of count: Int,
        from offset: UInt16,
        for command: Command
    ) throws(TPMError) -> [(position: UInt16, count: Int)] {
        guard count >= 0, count <= Int(UInt16.max) - Int(offset) else {
            throw TPMError(command.name, argument: "\(count) bytes at \(offset) lie beyond any NV index")
        }
        let most = try nvBufferMaximum()
        return stride(from: 0, to: count, by: most).map { (offset + UInt16($0), min(most, count - $0)) }
    }
}

extension NVIndex {
    func reference(of authority: TPMConnection.NVAuthority) -> ESYS_TR {
        switch authority {
        case .index: reference.esys
        case .owner: Hierarchy.owner.reference.esys
        case .platform: Hierarchy.platform.reference.esys
        }
    }
}
