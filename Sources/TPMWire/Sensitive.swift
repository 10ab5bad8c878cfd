/// TPMS_SENSITIVE_CREATE (Part 2, 11.1.15): authorization and data for an object to be made.
///
/// Never printed.
public struct TPMSSensitiveCreate: WireStructure, CustomStringConvertible, CustomReflectable {
    /// Part 2 calls it TPMS_SENSITIVE_CREATE.
    public static var specificationName: String { "TPMS_SENSITIVE_CREATE" }

    public var userAuth: [UInt8]
    public var data: [UInt8]

    /// Both fields; empty is the usual case.
    public init(userAuth: [UInt8] = [], data: [UInt8] = []) {
        self.userAuth = userAuth
        self.data = data
    }

    /// Reads both fields.
    public init(from reader: inout ByteReader) throws(WireError) {
        userAuth = try reader.sized(max: WireBounds.digest, "userAuth")
        data = try reader.sized(max: WireBounds.sensitiveData, "sensitive.data")
    }

    /// Writes both fields.
    public func write(to writer: inout ByteWriter) {
        writer.sized(userAuth)
        writer.sized(data)
    }

    /// Says nothing about the contents.
    public var description: String { "TPMS_SENSITIVE_CREATE(secret)" }
    /// Shows nothing of the contents.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// TPM2B_SENSITIVE_CREATE.
public typealias TPM2BSensitiveCreate = TPM2B<TPMSSensitiveCreate>

/// TPMT_SENSITIVE (Part 2, 12.3.2.4): the secret half of an object.
///
/// Never printed.
public struct TPMTSensitive: WireStructure, CustomStringConvertible, CustomReflectable {
    /// Part 2 calls it TPMT_SENSITIVE.
    public static var specificationName: String { "TPMT_SENSITIVE" }

    /// The type of the object: the type of its public area.
    public var sensitiveType: AlgorithmID
    public var authValue: [UInt8]
    public var seedValue: [UInt8]
    /// A prime, a private scalar, a symmetric key or sealed data, by type.
    public var sensitive: [UInt8]

    /// All fields.
    public init(sensitiveType: AlgorithmID, authValue: [UInt8] = [], seedValue: [UInt8], sensitive: [UInt8]) {
        self.sensitiveType = sensitiveType
        self.authValue = authValue
        self.seedValue = seedValue
        self.sensitive = sensitive
    }

    /// Reads all fields.
    public init(from reader: inout ByteReader) throws(WireError) {
        sensitiveType = try AlgorithmID(from: &reader)
        authValue = try reader.sized(max: WireBounds.digest, "authValue")
        seedValue = try reader.sized(max: WireBounds.digest, "seedValue")
        sensitive = try reader.sized(max: WireBounds.rsaKey, "sensitive")
    }

    /// Writes all fields.
    public func write(to writer: inout ByteWriter) {
        sensitiveType.write(to: &writer)
        writer.sized(authValue)
        writer.sized(seedValue)
        writer.sized(sensitive)
    }

    /// Says nothing about the contents.
    public var description: String { "TPMT_SENSITIVE(secret)" }
    /// Shows nothing of the contents.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
