internal import CTSS2
internal import TPMCrypto
public import TPMWire

/// An object that occupies one of the TPM's few slots (usually three) until it is flushed, which its end does.
public struct TransientObject: ~Copyable, LoadedObject {
    public let publicArea: TPMTPublic
    public let name: Name
    public let reference: EntityReference
    private let connection: TPMConnection

    init(owned reference: ESYS_TR, publicArea: TPMTPublic, connection: TPMConnection) throws(TPMError) {
        self.reference = EntityReference(esys: reference)
        self.connection = connection
        self.publicArea = publicArea
        do {
            // libtss2 has compared the TPM's Name with the public area; its own computation costs ten times as much.
            self.name = try Name(of: publicArea)
        } catch {
            connection.flush(reference)
            throw TPMError("read name", malformed: error.description)
        }
    }

    deinit {
        connection.flush(reference.esys)
    }
}

/// An object that stays in the TPM over reboots; this value is only the way to it.
public struct PersistentObject: ~Copyable, LoadedObject {
    public let handle: Handle
    public let reference: EntityReference
    private let connection: TPMConnection

    init(owned reference: ESYS_TR, handle: Handle, connection: TPMConnection) {
        self.reference = EntityReference(esys: reference)
        self.connection = connection
        self.handle = handle
        connection.open(reference)
    }

    /// The Name as libtss2 computes it from what the TPM said when the object was found: no command.
    public var name: Name {
        get throws(TPMError) { try connection.name(of: reference.esys) }
    }

    deinit {
        connection.close(reference.esys)
    }
}

/// An NV index; this value is only the way to it.
public struct NVIndex: ~Copyable, TPMEntity {
    public let handle: Handle
    public let reference: EntityReference
    private let connection: TPMConnection

    init(owned reference: ESYS_TR, handle: Handle, connection: TPMConnection) {
        self.reference = EntityReference(esys: reference)
        self.handle = handle
        self.connection = connection
        connection.open(reference)
    }

    deinit {
        connection.close(reference.esys)
    }
}

extension TPMConnection {
    fileprivate func name(of reference: ESYS_TR) throws(TPMError) -> Name {
        var name = Out<TPM2B_NAME>()
        try local("read name") { unsafe Esys_TR_GetName($0.pointer, reference, &name.pointer) }
        return try name.parsed(as: Name.self, for: "read name")
    }

    /// Finds an entity that stays in the TPM; nil when the TPM has none at the handle.
    func find(_ handle: Handle, by command: Command) throws(TPMError) -> ESYS_TR? {
        var reference = ESYS_TR_NONE
        do {
            try run(command) {
                unsafe Esys_TR_FromTPMPublic(
                    $0.pointer,
                    handle.rawValue,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    ESYS_TR_NONE,
                    &reference
                )
            }
        } catch  where error.code == .handle {
            return nil
        }
        return reference
    }

    /// Tells libtss2 the authorization value of an entity, for every later command of this connection.
    public func setAuthorizationValue(
        _ value: [UInt8],
        of entity: borrowing some TPMEntity & ~Copyable
    ) throws(TPMError) {
        let reference = entity.reference.esys
        var auth = try TPM2B_DIGEST(contents: value, for: "set authorization value")
        defer { auth.wipe() }
        try local("set authorization value") { unsafe Esys_TR_SetAuth($0.pointer, reference, &auth) }
    }
}
