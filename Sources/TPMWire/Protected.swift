/// TPMS_ID_OBJECT (Part 2, 12.4.2), as TPM2B_ID_OBJECT carries it.
///
/// The size of `encIdentity` is itself encrypted, so the field is all that follows the HMAC.
public struct TPMSIDObject: WireStructure {
    /// Part 2 calls it TPMS_ID_OBJECT.
    public static var specificationName: String { "TPMS_ID_OBJECT" }

    public var integrityHMAC: [UInt8]
    public var encIdentity: [UInt8]

    /// Both fields.
    public init(integrityHMAC: [UInt8], encIdentity: [UInt8]) {
        self.integrityHMAC = integrityHMAC
        self.encIdentity = encIdentity
    }

    /// Reads both fields; consumes the reader.
    public init(from reader: inout ByteReader) throws(WireError) {
        integrityHMAC = try reader.sized(max: WireBounds.digest, "integrityHMAC")
        encIdentity = try reader.rest(max: 2 + WireBounds.digest, "encIdentity")
    }

    /// Writes both fields.
    public func write(to writer: inout ByteWriter) {
        writer.sized(integrityHMAC)
        writer.bytes(encIdentity)
    }
}

/// TPM2B_ID_OBJECT: the credentialBlob of TPM2_MakeCredential and TPM2_ActivateCredential.
public typealias TPM2BIDObject = TPM2B<TPMSIDObject>

/// TPM2B_ENCRYPTED_SECRET (Part 2, 11.4.3): a seed for the holder of one key: RSA ciphertext or an ephemeral point.
public struct TPM2BEncryptedSecret: WireStructure {
    /// Part 2 calls it TPM2B_ENCRYPTED_SECRET.
    public static var specificationName: String { "TPM2B_ENCRYPTED_SECRET" }

    public var secret: [UInt8]

    /// At most 512 bytes.
    public init(_ secret: [UInt8]) { self.secret = secret }

    /// Reads size and bytes.
    public init(from reader: inout ByteReader) throws(WireError) {
        secret = try reader.sized(max: WireBounds.rsaKey, "TPM2B_ENCRYPTED_SECRET")
    }

    /// Writes size and bytes.
    public func write(to writer: inout ByteWriter) { writer.sized(secret) }
}

/// TPM2B_PRIVATE (Part 2, 12.3.7): a sensitive area that only one TPM can open.
public struct TPM2BPrivate: WireStructure {
    /// Part 2 calls it TPM2B_PRIVATE.
    public static var specificationName: String { "TPM2B_PRIVATE" }

    public var buffer: [UInt8]

    /// At most 1,536 bytes.
    public init(_ buffer: [UInt8]) { self.buffer = buffer }

    /// Reads size and bytes.
    public init(from reader: inout ByteReader) throws(WireError) {
        buffer = try reader.sized(max: WireBounds.privateArea, "TPM2B_PRIVATE")
    }

    /// Writes size and bytes.
    public func write(to writer: inout ByteWriter) { writer.sized(buffer) }
}

/// TPM2B_DIGEST (Part 2, 10.4.2).
public struct TPM2BDigest: WireStructure {
    /// Part 2 calls it TPM2B_DIGEST.
    public static var specificationName: String { "TPM2B_DIGEST" }

    public var buffer: [UInt8]

    /// At most 64 bytes.
    public init(_ buffer: [UInt8]) { self.buffer = buffer }

    /// Reads size and bytes.
    public init(from reader: inout ByteReader) throws(WireError) {
        buffer = try reader.sized(max: WireBounds.digest, "TPM2B_DIGEST")
    }

    /// Writes size and bytes.
    public func write(to writer: inout ByteWriter) { writer.sized(buffer) }
}
