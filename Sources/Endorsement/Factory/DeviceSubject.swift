import Crypto
import SwiftASN1
public import TPMCrypto
import TPMWire

/// The device that IAK and IDevID certificates name: the same in both, in the words of IEEE 802.1AR and the TCG.
public struct DeviceSubject: Sendable, Hashable {
    /// commonName: what it is.
    public let model: String
    /// serialNumber: which one.
    public let serial: String
    /// hwSerialNum of HardwareModuleName (RFC 4108, section 5): the TPM's vendor and EK certificate, in ASCII.
    public let hardwareSerial: String
    /// PermanentIdentifier (RFC 4043): upper-case hexadecimal of a SHA-256.
    public let permanentIdentifier: String

    /// Names a device by its endorsement.
    ///
    /// With a certificate: `<vendor id>:<authority key identifier>:<serial number>` in hexadecimal, and the digest of the
    /// certificate. Without: both are the digest of `EkPubkey` and the key's SubjectPublicKeyInfo.
    public init(model: String, serial: String, endorsement: EndorsementFacts) {
        self.model = model
        self.serial = serial
        switch endorsement.basis {
        case .certificate(let facts):
            let vendor = facts.tpm?.manufacturer ?? 0
            let vendorBytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: vendor >> $0) }
            permanentIdentifier = facts.sha256.hexadecimal.uppercased()
            hardwareSerial = [vendorBytes, facts.authorityKeyIdentifier ?? [], facts.serialNumber]
                .map(\.hexadecimal).joined(separator: ":")
        case .allowList:
            permanentIdentifier = Self.identifier(of: endorsement.subjectKey)
            hardwareSerial = permanentIdentifier
        }
    }

    /// What names a device whose endorsement key has no certificate.
    private static func identifier(of key: PublicKey) -> String {
        SHA256.hash(data: Array("EkPubkey".utf8) + key.subjectPublicKeyInfo).hexadecimal.uppercased()
    }

    /// Whether this names the device with an endorsement key, by the key's certificate or by the key itself.
    ///
    /// The CA has seen that device's TPM answer; what else stands in a birth record is a station's word.
    /// - Parameter certificate: the key's, in DER or as it lay in NV; one that cannot be read names no device.
    public func isDevice(with key: PublicKey, certificate: [UInt8]?) -> Bool {
        if let certificate, let read = try? EKCertificate(fromNV: certificate).certificate, read.subjectKey == key,
            permanentIdentifier == read.sha256.hexadecimal.uppercased()
        {
            return true
        }
        return permanentIdentifier == Self.identifier(of: key)
    }

    /// Reads the device out of a certificate; nil when it names none, or two.
    init?(_ certificate: ParsedCertificate) {
        guard let model = certificate.subject.text(of: OID.commonName),
            let serial = certificate.subject.text(of: OID.serialNumber),
            let hardware = HardwareModuleName(certificate.extensions.alternativeNames),
            let permanent = PermanentIdentifier(certificate.extensions.alternativeNames)
        else { return nil }
        self.model = model
        self.serial = serial
        hardwareSerial = hardware.serial
        permanentIdentifier = permanent.value
    }
}

/// HardwareModuleName (RFC 4108, section 5) of a TPM 2.0.
struct HardwareModuleName: DERSerializable {
    let serial: String

    init(serial: String) { self.serial = serial }

    init?(_ names: [GeneralName]) {
        guard let value = names.value(of: OID.hardwareModuleName),
            let node = try? ASN1Node.parse(value[...], "hardwareModuleName"),
            var fields = try? Fields(node, "hardwareModuleName"),
            let type = try? fields.next("hwType").objectIdentifier("hwType"), type == OID.tpm20HardwareType,
            let bytes = try? fields.next("hwSerialNum").octets("hwSerialNum"), (try? fields.end()) != nil,
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        serial = text
    }

    func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(OID.tpm20HardwareType)
            try coder.serialize(ASN1OctetString(contentBytes: Array(serial.utf8)[...]))
        }
    }
}

/// PermanentIdentifier (RFC 4043, section 2), assigned as the TCG's digest of an EK certificate.
struct PermanentIdentifier: DERSerializable {
    let value: String

    init(value: String) { self.value = value }

    init?(_ names: [GeneralName]) {
        guard let value = names.value(of: OID.permanentIdentifier),
            let node = try? ASN1Node.parse(value[...], "permanentIdentifier"),
            var fields = try? Fields(node, "permanentIdentifier"),
            let bytes = try? fields.optional(.utf8String)?.primitive("identifierValue"),
            let assigner = try? fields.next("assigner").objectIdentifier("assigner"),
            assigner == OID.ekCertificateDigestAssigner, (try? fields.end()) != nil,
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        self.value = text
    }

    func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(ASN1UTF8String(value))
            try coder.serialize(OID.ekCertificateDigestAssigner)
        }
    }
}

extension [GeneralName] {
    /// The value of the only otherName of a type.
    fileprivate func value(of type: ASN1ObjectIdentifier) -> [UInt8]? {
        let values = compactMap { name -> [UInt8]? in
            guard case .otherName(type, let value) = name else { return nil }
            return value
        }
        return values.count == 1 ? values.first : nil
    }
}
