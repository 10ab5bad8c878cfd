public import Crypto

/// What a station gives to a device that cannot make its first key: the key, and what it is born as; a file, 0600.
///
/// Whoever reads it before the device's first contact can be the device: both have this key then, and one of them shows as a fork.
public struct InjectedIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The serial number.
    public let serial: Label
    /// The first key: P-256, 32 bytes.
    private let key: Blob
    /// What the station was told of the hardware: the birth's claims.
    public let claims: HardwareClaims
    /// The package it leaves the line with.
    public let bornWith: BornWith

    /// The most bytes of the file.
    public static let maximumSize = 8192

    /// Joins the parts.
    public init(serial: Label, key: P256.Signing.PrivateKey, claims: HardwareClaims, bornWith: BornWith) {
        formatVersion = 1
        self.serial = serial
        self.key = Blob(key.rawRepresentation)
        self.claims = claims
        self.bornWith = bornWith
    }

    /// Reads the file.
    /// - Throws: `MessageError`, which says nothing of the key.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(InjectedIdentity.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "injected identity format \(formatVersion) is not known here")
        }
        _ = try firstKey
    }

    /// The first key.
    public var firstKey: P256.Signing.PrivateKey {
        get throws(MessageError) {
            do {
                return try P256.Signing.PrivateKey(rawRepresentation: key.bytes)
            } catch {
                throw MessageError(.outOfRange, "the key is none of P-256")
            }
        }
    }

    /// The serial number, and nothing of the key.
    public var description: String { "the first key of \(serial)" }
}
