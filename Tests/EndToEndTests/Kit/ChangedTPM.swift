import FoundationEssentials
import Messages
import SoftwareDevice
import Testing
import UpdateTrust

extension FleetDevice {
    /// A second live copy of a device without power: TPM, disk and all, as a virtual machine is copied.
    /// - Parameter disk: whether the agent's state directory is copied, too.
    func copied(to directory: String, disk: Bool = true) throws -> FleetDevice {
        try makeDirectory(directory)
        for name in ["state", "device.json"] + (disk ? ["agent"] : []) {
            try FileManager.default.copyItem(atPath: "\(self.directory)/\(name)", toPath: "\(directory)/\(name)")
        }
        return FleetDevice(
            serial: serial,
            profile: profile,
            software: try SoftwareDevice(DeviceDirectory(directory)),
            directory: directory,
            fleet: fleet,
            transcript: transcript
        )
    }

    /// Gives a TPM without power other firmware, as a field upgrade leaves it: the version is part of what swtpm keeps.
    func upgradeTPM(from old: UInt64, to new: UInt64) throws {
        let path = software.directory.state + "/tpm2-00.permall"
        var bytes = try contents(of: path)
        let (before, after) = (Self.bytes(old), Self.bytes(new))
        let places = bytes.indices.filter { bytes[$0...].starts(with: before) }
        let place = try #require(places.first)
        try #require(places.count == 1, "the version stands once in the file")
        bytes.replaceSubrange(place..<place + before.count, with: after)
        try write(bytes, to: path)
    }

    private static func bytes(_ version: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: version >> $0) }
    }
}

extension Fleet {
    /// Why the leases of a device ended, in their order, as the ledger has it.
    func endsOfLeases(of instance: String?) async throws -> [LeaseCause] {
        let instance = try #require(instance.flatMap(InstanceID.init))
        return try await LedgerCopy(trust).statements().compactMap { entry in
            guard entry.instance == instance, case .lease(let lease) = entry.body, lease.event == .ended else {
                return nil
            }
            return lease.cause
        }
    }
}
