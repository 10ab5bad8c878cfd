// Part 3, chapter 24: Hierarchy Commands.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_CreatePrimary: the same template in the same hierarchy gives the same key, until the hierarchy's seed changes.
    ///
    /// - Parameters:
    ///   - template: The public area wanted; its unique field is part of what the key is derived from.
    ///   - creationPCRs: PCRs that the creation data name; they do not change the key.
    ///   - outsideInfo: At most 34 bytes (a digest) that the creation data carry.
    public func createPrimary(
        _ template: TPMTPublic,
        in hierarchy: Hierarchy,
        outsideInfo: [UInt8] = [],
        creationPCRs: TPMLPCRSelection? = nil,
        authorization: Authorization = .password
    ) throws(TPMError) -> CreatedPrimary {
        let command = Command.createPrimary
        var sensitive = try TPM2B_SENSITIVE_CREATE(TPM2B(TPMSSensitiveCreate()), for: command.name)
        var template = try TPM2B_PUBLIC(TPM2B(template), for: command.name)
        var outside = try TPM2B_DATA(contents: outsideInfo, for: command.name)
        var selection = try TPML_PCR_SELECTION(optional: creationPCRs, for: command.name)
        var object = ESYS_TR_NONE
        var created = CreationOutputs()
        try run(command, sessions: authorization.session) {
            unsafe Esys_CreatePrimary(
                $0.pointer,
                hierarchy.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &sensitive,
                &template,
                &outside,
                &selection,
                &object,
                &created.publicArea.pointer,
                &created.data.pointer,
                &created.hash.pointer,
                &created.ticket.pointer
            )
        }
        return try CreatedPrimary(taking: object, outputs: created, connection: self)
    }

    /// TPM2_Clear: a new owner.
    ///
    /// Objects of the storage and endorsement hierarchies go; the endorsement seed stays.
    public func clear(
        by authority: Hierarchy = .lockout,
        authorization: Authorization = .password
    ) throws(TPMError) {
        try run(.clear, sessions: authorization.session) {
            unsafe Esys_Clear(
                $0.pointer,
                authority.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE
            )
        }
    }

    /// TPM2_HierarchyChangeAuth: gives a hierarchy a new authorization value.
    public func hierarchyChangeAuth(
        of hierarchy: Hierarchy,
        to value: [UInt8],
        authorization: Authorization = .password
    ) throws(TPMError) {
        let command = Command.hierarchyChangeAuth
        var auth = try TPM2B_DIGEST(contents: value, for: command.name)
        defer { auth.wipe() }
        try run(command, sessions: authorization.session) {
            unsafe Esys_HierarchyChangeAuth(
                $0.pointer,
                hierarchy.reference.esys,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &auth
            )
        }
    }
}

/// The outputs that TPM2_CreatePrimary and TPM2_Create have in common.
struct CreationOutputs: ~Copyable {
    var publicArea = Out<TPM2B_PUBLIC>()
    var data = Out<TPM2B_CREATION_DATA>()
    var hash = Out<TPM2B_DIGEST>()
    var ticket = Out<TPMT_TK_CREATION>()

    func publicArea(for command: Command) throws(TPMError) -> TPMTPublic {
        try publicArea.parsed(as: TPM2BPublic.self, for: command.name).contents
    }

    func creation(for command: Command) throws(TPMError) -> Creation {
        Creation(
            data: try data.buffer(for: command.name),
            hash: try hash.buffer(for: command.name),
            ticket: try ticket.parsed(as: TPMTTKCreation.self, for: command.name)
        )
    }
}

extension CreatedPrimary {
    fileprivate init(
        taking reference: ESYS_TR,
        outputs: borrowing CreationOutputs,
        connection: TPMConnection
    ) throws(TPMError) {
        let publicArea: TPMTPublic
        do {
            publicArea = try outputs.publicArea(for: .createPrimary)
        } catch {
            connection.flush(reference)
            throw error
        }
        let object = try TransientObject(owned: reference, publicArea: publicArea, connection: connection)
        let creation = try outputs.creation(for: .createPrimary)
        self.init(object: object, creation: creation)
    }
}

extension TPML_PCR_SELECTION {
    /// No selection is the empty list.
    init(optional selection: TPMLPCRSelection?, for command: String) throws(TPMError) {
        try self.init(marshalled: selection?.bytes ?? [0, 0, 0, 0], for: command)
    }
}
