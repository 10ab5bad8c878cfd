public import TPMWire

/// Where a CA's private key is.
public enum KeyLocation: Hashable, Sendable, Codable, CustomStringConvertible {
    /// A file of mode 0600 in the CA's directory, encrypted when a passphrase was given.
    case file
    /// A token's key, by a `pkcs11:` URI (RFC 7512) with `module-path`, `token`, `object` and `pin-source`.
    case pkcs11(String)
    /// A persistent key of a TPM, and the TCTI of that TPM: `tpm:0x81000100,device:/dev/tpmrm0`.
    case tpm(Handle, tcti: String)

    /// Reads the text; anything else is `nil`.
    public init?(_ text: String) {
        if text == "file" {
            self = .file
        } else if text.hasPrefix("pkcs11:"), text.utf8.count > "pkcs11:".utf8.count {
            self = .pkcs11(text)
        } else if text.hasPrefix("tpm:0x"), let comma = text.firstIndex(of: ",") {
            let digits = text[text.index(text.startIndex, offsetBy: 6)..<comma]
            let tcti = String(text[text.index(after: comma)...])
            guard digits.utf8.count == 8, let number = UInt32(digits, radix: 16), !tcti.isEmpty,
                Self.ownerHandles.contains(number)
            else { return nil }
            self = .tpm(Handle(rawValue: number), tcti: tcti)
        } else {
            return nil
        }
    }

    /// Part 2, section 7.5: what lies above belongs to the platform.
    private static let ownerHandles: ClosedRange<UInt32> = 0x8100_0000...0x817F_FFFF

    /// The text that ``init(_:)`` reads.
    public var description: String {
        switch self {
        case .file: "file"
        case .pkcs11(let uri): uri
        case .tpm(let handle, let tcti): "tpm:\(handle),\(tcti)"
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let location = Self(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "no place of a key: file, pkcs11:…, or tpm:0x81……,TCTI"
            )
        }
        self = location
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
