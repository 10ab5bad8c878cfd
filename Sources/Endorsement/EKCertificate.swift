import SwiftASN1
import TPMWire

/// An endorsement key certificate as it comes out of a TPM's NV (TCG EK Credential Profile, section 2.2.1.4).
public struct EKCertificate: Sendable, Hashable {
    /// The certificate, cut at its DER length.
    public let certificate: ParsedCertificate
    /// What reading needed: that of the certificate, and of the way it lay in NV.
    public let workarounds: Set<Workaround>

    /// An NV index is at most 64 KiB (its size is a UINT16, Part 2, section 13.5), whatever is in it.
    static let maximumNVSize = 65_535
    /// tag 0x1001, type 0x00, size, tag 0x1002 (TCG PC Client Specific Implementation Specification 1.21, section 7.4.5).
    private static let headerSize = 7

    /// Reads the content of an EK certificate index.
    ///
    /// A TCG header before the certificate must agree with its length; behind it only 0x00 and 0xFF may stand. A bare
    /// DER certificate is read just the same.
    ///
    /// - Throws: ``CertificateError``: `empty` when the index was defined and never written.
    public init(
        fromNV bytes: [UInt8],
        allowing workarounds: Set<Workaround> = Workaround.all
    ) throws(CertificateError) {
        guard bytes.count <= Self.maximumNVSize else {
            throw .tooLarge(bytes: bytes.count, limit: Self.maximumNVSize)
        }
        guard bytes.contains(where: { $0 != 0x00 && $0 != 0xFF }) else { throw .empty }
        var leniency = Leniency(allowing: workarounds)

        var content = bytes[...]
        if content.starts(with: [0x10, 0x01]) {
            try leniency.use(.nvHeader)
            let header = Array(content.prefix(Self.headerSize))
            guard header.count == Self.headerSize, header[2] == 0x00, header[5] == 0x10, header[6] == 0x02 else {
                throw .badNVHeader
            }
            content = content.dropFirst(Self.headerSize)
            // The size counts the inner tag and the certificate.
            let stated = Int(header[3]) << 8 | Int(header[4])
            guard try stated == DERLength.ofSequence(content) + 2 else { throw .badNVHeader }
        }
        let length = try DERLength.ofSequence(content)
        let padding = content.dropFirst(length)
        if !padding.isEmpty {
            guard padding.allSatisfy({ $0 == 0x00 || $0 == 0xFF }) else { throw .trailingBytes(count: padding.count) }
            try leniency.use(.nvPadding)
        }
        certificate = try ParsedCertificate(der: Array(content.prefix(length)), allowing: workarounds)
        self.workarounds = leniency.used.union(certificate.workarounds)
    }

    /// What the alternative name says of the TPM; nil when it says nothing.
    public var tpm: TPMDescription? { TPMDescription(certificate.extensions.alternativeNames) }

    /// Whether nothing here says hardware: the certificate names a software TPM, or none at all, as those of Google's virtual
    /// TPMs that rest on ``Workaround/purposeFromIssuer``.
    public var isSoftware: Bool { tpm?.isSoftware ?? true }
}

/// What an EK certificate says of its TPM (TCG EK Credential Profile, section 3.1.2).
public struct TPMDescription: Sendable, Hashable {
    /// The vendor id as the TPM itself reports it in TPM_PT_MANUFACTURER, for instance 0x49465800 for `IFX`.
    public let manufacturer: UInt32
    /// The vendor's name of the part, printable ASCII.
    public let model: String
    /// The firmware version as the certificate has it: hexadecimal digits.
    public let version: String

    /// A model is a part number; anything longer is not one.
    private static let maximumText = 64

    /// Reads the directory name that carries the three attributes, each exactly once; values `id:` and hexadecimal.
    init?(_ names: [GeneralName]) {
        let candidates = names.compactMap { name -> TPMDescription? in
            guard case .directoryName(let directoryName) = name else { return nil }
            return TPMDescription(directoryName)
        }
        guard candidates.count == 1, let only = candidates.first else { return nil }
        self = only
    }

    private init?(_ name: CertificateName) {
        func identifier(_ type: ASN1ObjectIdentifier) -> Substring? {
            guard let text = name.text(of: type), text.hasPrefix("id:"), text.utf8.count <= Self.maximumText else {
                return nil
            }
            let digits = text.dropFirst(3)
            return !digits.isEmpty && digits.allSatisfy { $0.isASCII && $0.isHexDigit } ? digits : nil
        }
        guard let manufacturer = identifier(OID.tpmManufacturer), manufacturer.count == 8,
            let number = UInt32(manufacturer, radix: 16),
            let model = name.text(of: OID.tpmModel), !model.isEmpty, model.utf8.count <= Self.maximumText,
            model.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }),
            let version = identifier(OID.tpmVersion)
        else { return nil }
        self.manufacturer = number
        self.model = model
        self.version = version.lowercased()
    }

    /// Whether the certificate says itself that this is a software TPM: those of swtpm's local CA, of makers who write down
    /// what libtpms reports (TPM_PT_VENDOR_STRING), and of Google's virtual TPMs do.
    public var isSoftware: Bool { ["swtpm", "SW TPM", "vTPM"].contains(model) }

    /// The vendor id as text when it is text: `IFX`, `STM`, `INTC`; otherwise eight hexadecimal digits.
    public var manufacturerText: String {
        let bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: manufacturer >> $0) }
        let text = bytes.filter { $0 != 0x00 }
        guard !text.isEmpty, text.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            return bytes.hexadecimal.uppercased()
        }
        let trimmed = String(text.map { Character(Unicode.Scalar($0)) })
        return trimmed.split(separator: " ").joined(separator: " ")
    }
}
