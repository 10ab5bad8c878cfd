public import Crypto

/// Keys that everybody knows: they let inputs past the signature, to the parsers that stand behind it.
public enum FixedKeys {
    /// A P-256 key for grants and statements.
    public static let signing = key { try P256.Signing.PrivateKey(rawRepresentation: scalar) }
    /// An Ed25519 key for checkpoints.
    public static let log = key { try Curve25519.Signing.PrivateKey(rawRepresentation: scalar) }

    /// Any number from 1 to the order of P-256 is a private key, and any 32 bytes are one of Ed25519.
    private static let scalar = [UInt8](repeating: 0x17, count: 32)

    private static func key<Key>(_ make: () throws -> Key) -> Key {
        do { return try make() } catch { fatalError("a fixed key is not one: \(error)") }
    }
}
