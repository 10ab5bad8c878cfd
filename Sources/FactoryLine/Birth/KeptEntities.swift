import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

/// The ways to the keys of a birth.
struct KeptKeys: ~Copyable {
    let ek: PersistentObject
    let iak: PersistentObject
    let idevid: PersistentObject
}

/// The ways to everything of a birth that stays in a TPM; nil leads nowhere, because it is gone.
///
/// Each is found or made once. What they lead to is read anew whenever it matters.
struct KeptEntities: ~Copyable {
    let ek: PersistentObject?
    let iak: PersistentObject?
    let idevid: PersistentObject?
    let iakCertificate: NVIndex?
    let idevidCertificate: NVIndex?
    let birthTag: NVIndex?
    let securityFloor: NVIndex?
    let grants: NVIndex?
}

extension KeptEntities {
    /// What a birth or a restoration has just made or found.
    init(
        keys: consuming KeptKeys,
        certificates: consuming StoredCertificates,
        birthTag: consuming NVIndex,
        securityFloor: consuming NVIndex?,
        grants: consuming NVIndex?
    ) {
        self.init(
            ek: keys.ek,
            iak: keys.iak,
            idevid: keys.idevid,
            iakCertificate: certificates.iak,
            idevidCertificate: certificates.idevid,
            birthTag: birthTag,
            securityFloor: securityFloor,
            grants: grants
        )
    }
}

extension TPMConnection {
    /// Finds everything that a birth has left in this TPM.
    func entities(of record: BirthRecord, profile: ProvisioningProfile) throws(TPMError) -> KeptEntities {
        KeptEntities(
            ek: try persistentObject(at: Handle(rawValue: record.ek.handle)),
            iak: try persistentObject(at: Handle(rawValue: record.iak.handle)),
            idevid: try persistentObject(at: Handle(rawValue: record.idevid.handle)),
            iakCertificate: try nvIndex(at: profile.nv.iakCertificate.handle),
            idevidCertificate: try nvIndex(at: profile.nv.idevidCertificate.handle),
            birthTag: try nvIndex(at: profile.nv.birthTag.handle),
            securityFloor: try nvIndex(at: Handle(rawValue: record.counters.securityFloor.index)),
            grants: try nvIndex(at: Handle(rawValue: record.counters.grants.index))
        )
    }

    /// Keeps an object at a handle, where an earlier attempt may have kept it; another object there is somebody else's.
    ///
    /// TPM2_EvictControl replaces nothing (Part 3, 28.5: TPM_RC_NV_DEFINED), so nobody needs to look first.
    func keep(_ object: borrowing TransientObject, at handle: Handle) throws -> PersistentObject {
        do throws(TPMError) {
            return try persist(object, at: handle)
        } catch {
            guard error.code != nil, let kept = try persistentObject(at: handle) else { throw error }
            guard try kept.name == object.name else { throw BirthRefusal(.handleTaken(handle)) }
            return kept
        }
    }

    /// Locks certificates and tag against writing for ever; it is no error when they are (Part 3, 31.11).
    ///
    /// - Parameter onlyOpen: whether each is looked at first, because who wrote them may have no authorization any more.
    func lock(_ kept: borrowing KeptEntities, by owner: NVOwner, onlyOpen: Bool) throws(TPMError) {
        try lock(kept.iakCertificate, by: owner, onlyOpen)
        try lock(kept.idevidCertificate, by: owner, onlyOpen)
        try lock(kept.birthTag, by: owner, onlyOpen)
    }

    private func lock(_ index: borrowing NVIndex?, by owner: NVOwner, _ onlyOpen: Bool) throws(TPMError) {
        switch index {
        case .some(let index):
            if onlyOpen, try isLocked(index) { return }
            try nvWriteLock(index, as: owner.authority)
        // Reading back has found all of them.
        case .none: break
        }
    }
}
