internal import CTSS2
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
        do {
            self.name = try connection.name(of: reference)
        } catch {
            connection.flush(reference)
            throw error
        }
        self.publicArea = publicArea
    }

    deinit {
        connection.flush(reference.esys)
    }
}

/// An object that stays in the TPM over reboots; this value is only the way to it.
public struct PersistentObject: ~Copyable, LoadedObject {
    public let handle: Handle
    public let name: Name
    public let reference: EntityReference
    private let connection: TPMConnection

    init(owned reference: ESYS_TR, handle: Handle, connection: TPMConnection) throws(TPMError) {
        self.reference = EntityReference(esys: reference)
        self.connection = connection
        self.handle = handle
        connection.open(reference)
        do {
            self.name = try connection.name(of: reference)
        } catch {
            connection.close(reference)
            throw error
        }
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
    /// The Name that libtss2 received from the TPM with the object.
    func name(of reference: ESYS_TR) throws(TPMError) -> Name {
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
