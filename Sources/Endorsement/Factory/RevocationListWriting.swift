import FoundationEssentials
import SwiftASN1
import X509

/// Why a certificate counts no more (RFC 5280, section 5.3.1), as far as a factory can know.
public enum RevocationReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// The key is somebody else's.
    case keyCompromise = "key-compromise"
    /// Another device has its serial number now: the board was swapped.
    case superseded
    /// The device is no more.
    case cessationOfOperation = "cessation-of-operation"
    /// It should never have been certified.
    case privilegeWithdrawn = "privilege-withdrawn"

    var number: UInt8 {
        switch self {
        case .keyCompromise: 1
        case .superseded: 4
        case .cessationOfOperation: 5
        case .privilegeWithdrawn: 9
        }
    }
}

/// One certificate on a list.
public struct RevokedCertificate: Sendable, Hashable {
    /// The magnitude of its serial number.
    public let serialNumber: [UInt8]
    /// Seconds since 1970.
    public let date: Int64
    public let reason: RevocationReason

    /// Joins the parts.
    public init(serialNumber: [UInt8], date: Int64, reason: RevocationReason) {
        self.serialNumber = serialNumber
        self.date = date
        self.reason = reason
    }
}

extension CertificateRevocationList {
    /// A list as the text of a file (RFC 7468, section 6).
    public static func pem(_ der: [UInt8]) -> [UInt8] { PEMText.bytes("X509 CRL", der) }
}

extension CertificateAuthority {
    /// Signs a complete revocation list (RFC 5280, section 5), which swift-certificates cannot write.
    ///
    /// - Parameters:
    ///   - number: cRLNumber; rises with every list.
    ///   - thisUpdate: seconds since 1970; `nextUpdate` likewise: until then nobody needs to ask for another.
    /// - Returns: the list in DER; ``CertificateRevocationList`` reads it.
    public func revocationList(
        _ revoked: [RevokedCertificate],
        number: UInt64,
        thisUpdate: Int64,
        nextUpdate: Int64
    ) throws(Failure) -> [UInt8] {
        do {
            var serializer = DER.Serializer()
            try serializer.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(1)
                try Self.algorithm(&coder)
                try coder.serialize(certificate.subject)
                try Self.time(thisUpdate, &coder)
                try Self.time(nextUpdate, &coder)
                if !revoked.isEmpty {
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        for entry in revoked { try Self.entry(entry, &coder) }
                    }
                }
                try coder.appendConstructedNode(identifier: .init(tagWithNumber: 0, tagClass: .contextSpecific)) {
                    coder in
                    try coder.appendConstructedNode(identifier: .sequence) { coder in
                        try coder.serialize(authorityKey)
                        try Self.extension(OID.crlNumber, &coder) { try $0.serialize(number) }
                    }
                }
            }
            let toBeSigned = serializer.serializedBytes
            let signature = try sign(toBeSigned)
            var whole = DER.Serializer()
            try whole.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(toBeSigned)
                try Self.algorithm(&coder)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
            }
            return whole.serializedBytes
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .library(String(describing: error))
        }
    }

    private static func entry(_ entry: RevokedCertificate, _ coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(entry.serialNumber[...])
            try time(entry.date, &coder)
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try Self.extension(OID.reasonCode, &coder) { coder in
                    coder.appendPrimitiveNode(identifier: .enumerated) { $0.append(entry.reason.number) }
                }
            }
        }
    }

    private static func `extension`(
        _ identifier: ASN1ObjectIdentifier,
        _ coder: inout DER.Serializer,
        _ value: (inout DER.Serializer) throws -> Void
    ) throws {
        var inner = DER.Serializer()
        try value(&inner)
        try coder.serialize(Certificate.Extension(oid: identifier, critical: false, value: inner.serializedBytes[...]))
    }

    private static func algorithm(_ coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { try $0.serialize(OID.ecdsaWithSHA256) }
    }

    /// UTCTime up to 2049, GeneralizedTime from then on (RFC 5280, section 5.1.2.4).
    private static func time(_ seconds: Int64, _ coder: inout DER.Serializer) throws {
        let c = CertificateTime.components(seconds)
        if c.year < 2050 {
            let time = try UTCTime(
                year: c.year,
                month: c.month,
                day: c.day,
                hours: c.hour,
                minutes: c.minute,
                seconds: c.second
            )
            try coder.serialize(time)
        } else {
            let time = try GeneralizedTime(
                year: c.year,
                month: c.month,
                day: c.day,
                hours: c.hour,
                minutes: c.minute,
                seconds: c.second,
                fractionalSeconds: 0
            )
            try coder.serialize(time)
        }
    }
}
