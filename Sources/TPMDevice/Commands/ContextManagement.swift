// Part 3, chapter 28: Context Management.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_EvictControl: keeps an object over reboots at a persistent handle.
    ///
    /// - Parameter handle: 0x81000000 to 0x817FFFFF for the owner, 0x81800000 and above for the platform.
    public func persist(
        _ object: borrowing TransientObject,
        at handle: Handle,
        by authority: Hierarchy = .owner,
        authorization: Authorization = .password
    ) throws(TPMError) -> PersistentObject {
        let object = object.reference.esys
        var persistent = ESYS_TR_NONE
        try run(.evictControl, sessions: authorization.session) {
            unsafe Esys_EvictControl(
                $0.pointer,
                authority.reference.esys,
                object,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                handle.rawValue,
                &persistent
            )
        }
        return PersistentObject(owned: persistent, handle: handle, connection: self)
    }

    /// TPM2_EvictControl: removes a persistent object.
    public func evict(
        _ object: consuming PersistentObject,
        by authority: Hierarchy = .owner,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let (reference, handle) = (object.reference.esys, object.handle)
        var none = ESYS_TR_NONE
        try run(.evictControl, sessions: authorization.session) {
            unsafe Esys_EvictControl(
                $0.pointer,
                authority.reference.esys,
                reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                handle.rawValue,
                &none
            )
        }
    }

    /// The object at a persistent handle; nil when there is none.
    public func persistentObject(at handle: Handle) throws(TPMError) -> PersistentObject? {
        guard let reference = try find(handle, by: .readPublic) else { return nil }
        return PersistentObject(owned: reference, handle: handle, connection: self)
    }

    /// TPM2_FlushContext of every object and session that is loaded, before this connection has any of its own.
    ///
    /// A program that was killed leaves them behind in a TPM without a resource manager, which then has no slot left;
    /// such a TPM serves one client at a time, so they belong to nobody. Behind a resource manager nothing is found.
    public func flushAbandoned() throws(TPMError) {
        for handle in try handles(.transient) + handles(.hmacSession) {
            guard let reference = try find(handle, by: .readPublic) else { continue }
            flush(reference)
        }
    }

    /// TPM2_FlushContext for an object or session that nobody owns any more.
    ///
    /// When the TPM refuses, because it was cleared or is gone, libtss2's side is released nevertheless.
    func flush(_ reference: ESYS_TR) {
        release(by: .flushContext) {
            guard unsafe Esys_FlushContext($0.pointer, reference) != 0 else { return }
            var abandoned = reference
            _ = unsafe Esys_TR_Close($0.pointer, &abandoned)
        }
    }
}
