import FactoryAuthority
public import Messages
import TPMWire

extension Station {
    /// The birth that was signed here for an order; nil where there is none, or that of another order.
    ///
    /// The TPM is not looked at.
    func finishedBirth(of order: BirthOrder, profile: ProvisioningProfile) throws -> BirthRecord? {
        guard case .measured(let record) = try currentBirth(of: order.serial),
            record.differences(from: order, profile: profile).isEmpty
        else { return nil }
        return record
    }

    /// Whether the authorization values of a signed birth are here still: an attempt was cut off before it erased them.
    func keepsValues(of record: BirthRecord) throws -> Bool {
        let board = ContentDigest(of: record.ek.publicArea.bytes)
        return try BirthFiles(self).values(of: record.order.life(of: board)) != nil
    }

    /// Where the signed birth of a serial number lies.
    public func birthFile(of serial: Label) -> String { directory.birth(BirthFiles(self).current(serial)) }

    /// The birth that has a serial number here, whatever its tier; nil when none was signed since the last rework.
    func currentBirth(of serial: Label) throws -> InstanceBirth? {
        try BirthFiles(self).birth(of: serial)?.birth(signedBy: listed.key)
    }
}

extension SignedEnvelope {
    /// The birth in it.
    func birth(signedBy key: StatementKey) throws(MessageError) -> InstanceBirth {
        let isCompensated = payloadType == CompensatedBirthRecord.payloadType
        let type = isCompensated ? CompensatedBirthRecord.payloadType : BirthRecord.payloadType
        return try InstanceBirth(parsing: payload(type: type, signedBy: key))
    }
}

extension BirthRecord {
    /// The names of the parts in which a birth differs from an order.
    fileprivate func differences(from other: BirthOrder, profile: ProvisioningProfile) -> [String] {
        order.differences(from: other) + (self.profile == profile.name ? [] : ["profile"])
    }
}

extension Birth {
    /// The birth that was signed under this serial number, if it is this TPM's and was ordered just so.
    func signedBirth(of endorsementKey: EndorsementKey) throws -> BirthRecord? {
        let record: BirthRecord
        switch try station.currentBirth(of: order.serial) {
        case .measured(let signed): record = signed
        case .compensated(let signed): throw BirthRefusal(.serialTaken(by: signed.key.thumbprint))
        case nil: return nil
        }
        guard record.ek.publicArea.bytes == endorsementKey.publicArea.bytes else {
            throw BirthRefusal(.serialTaken(by: ContentDigest(of: record.ek.publicArea.bytes)))
        }
        let differences = record.differences(from: order, profile: profile)
        guard differences.isEmpty else { throw BirthRefusal(.orderDiffers(differences)) }
        return record
    }
}

extension BirthRecord {
    /// What the line was told when this birth was begun.
    fileprivate var order: BirthOrder {
        BirthOrder(
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            tier: tier,
            bornWith: bornWith,
            follows: follows,
            takesOver: takesOver
        )
    }
}
