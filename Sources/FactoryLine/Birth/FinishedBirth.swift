import FactoryAuthority
public import Messages
import TPMWire

extension Station {
    /// The birth that was signed here for an order; nil where there is none, or that of another order.
    ///
    /// The TPM is not looked at.
    func finishedBirth(of order: BirthOrder, profile: ProvisioningProfile) throws -> BirthRecord? {
        guard let record = try signedBirth(of: order.serial), record.differences(from: order, profile: profile).isEmpty
        else { return nil }
        return record
    }

    /// Where the signed birth of a serial number lies.
    public func birthFile(of serial: Label) -> String { directory.birth(BirthFiles(self).current(serial)) }

    func signedBirth(of serial: Label) throws -> BirthRecord? {
        guard let envelope = try BirthFiles(self).birth(of: serial) else { return nil }
        return try BirthRecord(parsing: envelope.payload(type: BirthRecord.payloadType, signedBy: listed.key))
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
        guard let record = try station.signedBirth(of: order.serial) else { return nil }
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
