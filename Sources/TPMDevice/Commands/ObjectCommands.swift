// Part 3, chapter 12: Object Commands, and chapter 13: Duplication Commands (TPM2_Import).

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_Create: an object under a parent, not loaded.
    public func create(
        _ template: TPMTPublic,
        under parent: borrowing some LoadedObject & ~Copyable,
        sensitive: TPMSSensitiveCreate = TPMSSensitiveCreate(),
        authorization: Authorization = .password
    ) throws(TPMError) -> CreatedObject {
        let command = Command.create
        let parent = parent.reference.esys
        var sensitive = try TPM2B_SENSITIVE_CREATE(TPM2B(sensitive), for: command.name)
        defer { sensitive.wipe() }
        var template = try TPM2B_PUBLIC(TPM2B(template), for: command.name)
        var outside = try TPM2B_DATA(contents: [], for: command.name)
        var selection = try TPML_PCR_SELECTION(optional: nil, for: command.name)
        var privateArea = Out<TPM2B_PRIVATE>()
        var created = CreationOutputs()
        try run(command, sessions: authorization.session) {
            unsafe Esys_Create(
                $0.pointer,
                parent,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &sensitive,
                &template,
                &outside,
                &selection,
                &privateArea.pointer,
                &created.publicArea.pointer,
                &created.data.pointer,
                &created.hash.pointer,
                &created.ticket.pointer
            )
        }
        return CreatedObject(
            privateArea: try privateArea.parsed(as: TPM2BPrivate.self, for: command.name),
            publicArea: try created.publicArea(for: command),
            creation: try created.creation(for: command)
        )
    }

    /// TPM2_Load: an object that TPM2_Create or TPM2_Import returned.
    public func load(
        _ publicArea: TPMTPublic,
        _ privateArea: TPM2BPrivate,
        under parent: borrowing some LoadedObject & ~Copyable,
        authorization: Authorization = .password
    ) throws(TPMError) -> TransientObject {
        let command = Command.load
        let parent = parent.reference.esys
        var inPublic = try TPM2B_PUBLIC(TPM2B(publicArea), for: command.name)
        var inPrivate = try TPM2B_PRIVATE(privateArea, for: command.name)
        var object = ESYS_TR_NONE
        try run(command, sessions: authorization.session) {
            unsafe Esys_Load(
                $0.pointer,
                parent,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &inPrivate,
                &inPublic,
                &object
            )
        }
        return try TransientObject(owned: object, publicArea: publicArea, connection: self)
    }

    /// TPM2_LoadExternal: a public key.
    public func loadExternal(
        _ publicArea: TPMTPublic,
        in hierarchy: Hierarchy = .null
    ) throws(TPMError) -> TransientObject {
        let command = Command.loadExternal
        var inPublic = try TPM2B_PUBLIC(TPM2B(publicArea), for: command.name)
        var object = ESYS_TR_NONE
        try run(command) {
            unsafe Esys_LoadExternal(
                $0.pointer,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                nil,
                &inPublic,
                hierarchy.reference.esys,
                &object
            )
        }
        return try TransientObject(owned: object, publicArea: publicArea, connection: self)
    }

    /// TPM2_ReadPublic: public area, Name and qualified Name.
    public func readPublic(
        _ object: borrowing some LoadedObject & ~Copyable
    ) throws(TPMError) -> PublicInformation {
        let command = Command.readPublic
        let object = object.reference.esys
        var publicArea = Out<TPM2B_PUBLIC>()
        var name = Out<TPM2B_NAME>()
        var qualifiedName = Out<TPM2B_NAME>()
        try run(command) {
            unsafe Esys_ReadPublic(
                $0.pointer,
                object,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &publicArea.pointer,
                &name.pointer,
                &qualifiedName.pointer
            )
        }
        return PublicInformation(
            publicArea: try publicArea.parsed(as: TPM2BPublic.self, for: command.name).contents,
            name: try name.parsed(as: Name.self, for: command.name),
            qualifiedName: try qualifiedName.parsed(as: Name.self, for: command.name)
        )
    }

    /// TPM2_MakeCredential: what TPMCrypto does in software, done by the TPM.
    ///
    /// - Parameter secret: At most as long as a digest of the key's nameAlg.
    public func makeCredential(
        for key: borrowing some LoadedObject & ~Copyable,
        secret: [UInt8],
        name: Name
    ) throws(TPMError) -> (idObject: TPM2BIDObject, secret: TPM2BEncryptedSecret) {
        let command = Command.makeCredential
        let key = key.reference.esys
        var secret = try TPM2B_DIGEST(contents: secret, for: command.name)
        defer { secret.wipe() }
        var name = try TPM2B_NAME(name, for: command.name)
        var blob = Out<TPM2B_ID_OBJECT>()
        var encrypted = Out<TPM2B_ENCRYPTED_SECRET>()
        try run(command) {
            unsafe Esys_MakeCredential(
                $0.pointer,
                key,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &secret,
                &name,
                &blob.pointer,
                &encrypted.pointer
            )
        }
        return (
            try blob.parsed(as: TPM2BIDObject.self, for: command.name),
            try encrypted.parsed(as: TPM2BEncryptedSecret.self, for: command.name)
        )
    }

    /// TPM2_ActivateCredential: the secret, if `object` and `key` are in this TPM and `object` has the Name meant.
    ///
    /// - Parameters:
    ///   - object: Used in the ADMIN role with an empty authorization: one with `adminWithPolicy` is refused.
    ///   - key: An endorsement key, usually behind a policy session (``endorsementSession(for:)``), which keeps the secret off the bus.
    public func activateCredential(
        _ idObject: TPM2BIDObject,
        secret: TPM2BEncryptedSecret,
        of object: borrowing some LoadedObject & ~Copyable,
        with key: borrowing some LoadedObject & ~Copyable,
        keyAuthorization: Authorization
    ) throws(TPMError) -> [UInt8] {
        let command = Command.activateCredential
        let (object, key) = (object.reference.esys, key.reference.esys)
        var blob = try TPM2B_ID_OBJECT(idObject, for: command.name)
        var encrypted = try TPM2B_ENCRYPTED_SECRET(secret, for: command.name)
        var certInfo = Out<TPM2B_DIGEST>()
        try run(command, sessions: nil, keyAuthorization.session) {
            unsafe Esys_ActivateCredential(
                $0.pointer,
                object,
                key,
                ESYS_TR_PASSWORD,
                keyAuthorization.reference,
                ESYS_TR_NONE,
                &blob,
                &encrypted,
                &certInfo.pointer
            )
        }
        return try certInfo.buffer(for: command.name)
    }

    /// TPM2_Import: a key that somebody else encrypted to a storage key of this TPM.
    public func importObject(
        _ publicArea: TPMTPublic,
        duplicate: TPM2BPrivate,
        seed: TPM2BEncryptedSecret,
        under parent: borrowing some LoadedObject & ~Copyable,
        authorization: Authorization = .password
    ) throws(TPMError) -> TPM2BPrivate {
        let command = Command.importObject
        let parent = parent.reference.esys
        var innerKey = try TPM2B_DATA(contents: [], for: command.name)
        var inPublic = try TPM2B_PUBLIC(TPM2B(publicArea), for: command.name)
        var duplicate = try TPM2B_PRIVATE(duplicate, for: command.name)
        var seed = try TPM2B_ENCRYPTED_SECRET(seed, for: command.name)
        var symmetric = try TPMT_SYM_DEF_OBJECT(TPMTSymDefObject.null, for: command.name)
        var privateArea = Out<TPM2B_PRIVATE>()
        try run(command, sessions: authorization.session) {
            unsafe Esys_Import(
                $0.pointer,
                parent,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &innerKey,
                &inPublic,
                &duplicate,
                &seed,
                &symmetric,
                &privateArea.pointer
            )
        }
        return try privateArea.parsed(as: TPM2BPrivate.self, for: command.name)
    }
}
