public import Messages
import TPMDevice
import TPMWire

/// One thing in the TPM that makes it this instance.
public struct Remnant: Hashable, Sendable, Codable {
    /// What it is.
    public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case attestationKey = "attestation-key"
        case identityKey = "identity-key"
        case certificate
        case grantsCounter = "grants-counter"
        case securityFloor = "security-floor"
        case birthTag = "birth-tag"

        var isKey: Bool { self == .attestationKey || self == .identityKey }
    }

    /// What it is.
    public var kind: Kind
    /// Its persistent handle or NV index.
    public var handle: UInt32
    /// Its Name when the retirement began: what somebody has put in its place since is not touched.
    public var name: HexBytes
}

/// What became of a remnant.
enum Removal: String, Hashable, Sendable, Encodable, CaseIterable {
    /// It is destroyed now.
    case removed
    /// It was gone before.
    case gone
    /// Something else is at its place, which stays.
    case another
    /// It was defined by the platform's hierarchy, which the owner cannot undo: it stays.
    case platform
}

extension DeviceTPM {
    /// All that a birth left in the TPM, in the order in which it is to be removed: keys first.
    func remnants(of tag: BirthTag) async throws(AgentError) -> [Remnant] {
        let keys =
            [(Remnant.Kind.attestationKey, tag.iakHandle)]
            + [tag.idevidHandle].compactMap { $0 }
            .map { (Remnant.Kind.identityKey, $0) }
        let indices =
            (tag.certificates ?? []).map { (Remnant.Kind.certificate, $0) } + [
                (.grantsCounter, tag.counters.grants.index), (.securityFloor, tag.counters.securityFloor.index),
                (.birthTag, BirthTag.defaultIndex),
            ]
        return try await perform { connection throws(TPMError) in
            var remnants: [Remnant] = []
            for (kind, number) in keys + indices {
                guard let name = try connection.name(at: Handle(rawValue: number), isKey: kind.isKey) else { continue }
                remnants.append(Remnant(kind: kind, handle: number, name: HexBytes(name.contents)))
            }
            return remnants
        }
    }

    /// Removes one of them, if it is there and still the same.
    func remove(_ remnant: Remnant, by owner: OwnerAuthorization?) async throws(AgentError) -> Removal {
        let handle = Handle(rawValue: remnant.handle)
        return try await perform { connection throws(TPMError) in
            guard let name = try connection.name(at: handle, isKey: remnant.kind.isKey) else { return .gone }
            guard name.contents == remnant.name.bytes else { return .another }
            let authorization = try connection.authorization(of: owner)
            if remnant.kind.isKey {
                guard let key = try connection.persistentObject(at: handle) else { return .gone }
                try connection.evict(key, authorization: authorization)
                return .removed
            }
            guard let index = try connection.nvIndex(at: handle) else { return .gone }
            guard try !connection.nvReadPublic(index).publicArea.attributes.contains(.platformCreate) else {
                return .platform
            }
            try connection.nvUndefineSpace(index, authorization: authorization)
            return .removed
        }
    }
}

extension TPMConnection {
    /// The Name of what is at a handle; nil when nothing is.
    fileprivate func name(at handle: Handle, isKey: Bool) throws(TPMError) -> Name? {
        if isKey {
            guard let key = try persistentObject(at: handle) else { return nil }
            return try key.name
        }
        guard let index = try nvIndex(at: handle) else { return nil }
        return try nvReadPublic(index).name
    }
}
