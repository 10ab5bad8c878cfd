internal import CTSS2

/// Something in the TPM that a handle names and an authorization value guards (Part 1, section 4).
public protocol TPMEntity: ~Copyable {
    var reference: EntityReference { get }
}

/// What libtss2 calls an entity; meaningless to anybody else.
public struct EntityReference: Sendable {
    let esys: ESYS_TR
}

/// A loaded object: a key, of which the TPM holds the private part.
public protocol LoadedObject: TPMEntity, ~Copyable {}

/// A hierarchy, or the authority over one (Part 1, section 14).
public enum Hierarchy: TPMEntity, Sendable, CaseIterable {
    case owner, endorsement, platform, lockout, null

    public var reference: EntityReference {
        switch self {
        case .owner: EntityReference(esys: ESYS_TR_RH_OWNER)
        case .endorsement: EntityReference(esys: ESYS_TR_RH_ENDORSEMENT)
        case .platform: EntityReference(esys: ESYS_TR_RH_PLATFORM)
        case .lockout: EntityReference(esys: ESYS_TR_RH_LOCKOUT)
        case .null: EntityReference(esys: ESYS_TR_RH_NULL)
        }
    }
}
