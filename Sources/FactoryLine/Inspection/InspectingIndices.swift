import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// The NV indices of the profile, and what the birth tag among them says.
extension Inspector {
    mutating func indices() throws -> [TPMInspection.Index] {
        let nv = profile.nv
        return try [
            index(nv.iakCertificate, "attestation key's certificate", isCounter: false),
            index(nv.idevidCertificate, "identity key's certificate", isCounter: false),
            index(nv.securityFloor, "counter of the security floor", isCounter: true),
            index(nv.grants, "counter of installs", isCounter: true),
            index(nv.birthTag, "birth tag", isCounter: false),
        ]
    }

    private mutating func index(
        _ handle: HandleText,
        _ purpose: String,
        isCounter: Bool
    ) throws -> TPMInspection.Index {
        guard let index = try connection.nvIndex(at: handle.handle) else {
            return TPMInspection.Index(
                handle: handle.description,
                purpose: purpose,
                isThere: false,
                isLocked: false,
                survivesClear: profile.nvOwner == .platform
            )
        }
        let attributes = try connection.nvReadPublic(index).publicArea.attributes
        let count = isCounter ? try connection.existingCounter(index) : nil
        if isCounter, count == nil, attributes.contains(.written) || attributes.indexType != .counter {
            problems.append("\(handle) is no counter of a birth")
        }
        let definer: NVOwner = attributes.contains(.platformCreate) ? .platform : .owner
        if definer != profile.nvOwner {
            differences.append("\(handle) was defined by the \(definer), the profile says \(profile.nvOwner)")
        }
        return TPMInspection.Index(
            handle: handle.description,
            purpose: purpose,
            isThere: true,
            isLocked: attributes.contains(.writeLocked),
            count: count,
            definedBy: definer.rawValue,
            survivesClear: definer == .platform
        )
    }

    mutating func born(_ iak: (key: TPMInspection.Key, area: TPMTPublic)?) throws -> TPMInspection.Born? {
        let index = profile.nv.birthTag
        guard let content = try connection.content(of: index.handle) else { return nil }
        guard let tag = try? BirthTag(parsing: content) else {
            problems.append("\(index) holds no birth tag")
            return nil
        }
        let name = try iak.map { try Name(of: $0.area).contents } ?? []
        let isOwn = InstanceID(iakName: name) == tag.instance
        if iak == nil {
            differences.append("the TPM was cleared since its birth: provision with the same order puts the keys back")
        } else if !isOwn {
            problems.append("the birth tag names another instance than the attestation key")
        }
        let isLocked = try connection.isLocked(index.handle)
        return TPMInspection.Born(instance: tag.instance.text, serial: tag.serial.text, complete: isOwn && isLocked)
    }
}
