import Endorsement
import Messages
import TPMDevice
import TPMWire

/// Reading what a factory needs to know of a TPM, changing nothing.
extension TPMConnection {
    /// The content of an NV index; nil when it is not defined or was never written.
    func content(of handle: Handle) throws(TPMError) -> [UInt8]? {
        guard let index = try nvIndex(at: handle) else { return nil }
        return try content(of: index)
    }

    /// The content of an NV index; nil when it was never written.
    func content(of index: borrowing NVIndex) throws(TPMError) -> [UInt8]? {
        let area = try nvReadPublic(index).publicArea
        guard area.attributes.contains(.written) else { return nil }
        return try nvRead(
            index,
            count: Int(area.dataSize),
            as: area.attributes.contains(.authRead) ? .index : .owner
        )
    }

    /// CA certificates that the vendor put into the TPM (EK Credential Profile, section 2.2.1.5.2).
    ///
    /// They only help to find a path, so what cannot be read is left out.
    func endorsementChain() throws(TPMError) -> [ParsedCertificate] {
        let chain: ClosedRange<UInt32> = 0x01C0_0100...0x01C0_01FF
        var bytes: [UInt8] = []
        for handle in try handles(.nvIndex) where chain.contains(handle.rawValue) {
            bytes += try content(of: handle) ?? []
        }
        return ParsedCertificate.sequence(in: bytes)
    }
}

extension Messages.TPMIdentity {
    /// The same as a record states it.
    init(_ identity: TPMDevice.TPMIdentity) {
        self.init(
            manufacturer: identity.manufacturer,
            vendor: identity.vendorString,
            firmwareVersion: identity.firmwareVersion
        )
    }
}
