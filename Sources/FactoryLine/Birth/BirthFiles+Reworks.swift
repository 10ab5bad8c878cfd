import DurableFiles
import FoundationEssentials
import Messages

/// Boards that were swapped: each rework is one signed file, and with it the serial number is free for one more birth.
extension BirthFiles {
    /// The name of the birth that has a serial number now, or is to have it next.
    func current(_ serial: Label) -> BirthName {
        var name = BirthName(serial, generation: 0)
        while FileManager.default.fileExists(atPath: directory.rework(before: name.next)) { name = name.next }
        return name
    }

    /// The reworks of a serial number, the first one first.
    func reworks(of serial: Label) throws -> [Rework] {
        var reworks: [Rework] = []
        var name = BirthName(serial, generation: 1)
        while let envelope = try envelope(directory.rework(before: name)) {
            let rework = try Rework(parsing: envelope.payload(type: Rework.payloadType, signedBy: key))
            guard rework.serial == serial else {
                throw damaged(directory.rework(before: name), "is a rework of \(rework.serial)")
            }
            reworks.append(rework)
            name = name.next
        }
        return reworks
    }

    /// Whether a TPM was taken out of the device with this serial number.
    func isRetired(_ tpm: ContentDigest, _ serial: Label) throws -> Bool {
        try reworks(of: serial).contains { $0.endorsementKey == tpm }
    }

    /// What the next birth under a serial number replaces: the latest that was ever signed.
    func replacement(of serial: Label) throws -> Replacement? {
        try reworks(of: serial).last { $0.record != nil }
            .map { Replacement(instance: $0.instance, reason: $0.reason, by: $0.by) }
    }

    /// Puts a rework down, once.
    func keep(_ rework: Rework, before name: BirthName, by signer: StatementSigner) throws {
        let payload = try CanonicalJSON.encode(rework)
        _ = try Rework(parsing: payload)
        let envelope = try SignedEnvelope(payload: payload, payloadType: Rework.payloadType, signers: [signer])
        try AtomicFile.write(
            try CanonicalJSON.encode(envelope),
            to: directory.rework(before: name),
            existing: .keep
        )
    }
}

extension BirthName {
    /// The birth after one more rework.
    var next: BirthName { BirthName(serial, generation: generation + 1) }
}
