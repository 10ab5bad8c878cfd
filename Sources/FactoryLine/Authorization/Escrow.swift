public import Crypto
import FoundationEssentials
public import Messages

/// Authorization values, encrypted to an operator's key with HPKE (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256,
/// AES-256-GCM.
///
/// Whose they are is bound to the ciphertext: an escrow under another serial number or instance does not open.
public struct Escrow: Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The station that wrote it.
    public var station: Label
    /// The device.
    public var serial: Label
    /// The instance.
    public var instance: InstanceID
    /// The operator's public key in SubjectPublicKeyInfo, by its SHA-256.
    public var key: ContentDigest
    /// HPKE's encapsulated key.
    public var encapsulated: Blob
    /// The encrypted ``AuthorizationValues``.
    public var values: Blob

    /// The most bytes of a file.
    public static let maximumSize = 16 << 10
    private static let suite = HPKE.Ciphersuite.P256_SHA256_AES_GCM_256
    private static let domain = Array("birthmark escrow v1\0".utf8)

    /// Why an escrow does not open.
    public enum Failure: Error, Sendable, CustomStringConvertible {
        /// It was made for another key.
        case otherKey(wanted: ContentDigest)
        /// It is not as it was written.
        case changed

        /// One sentence for people.
        public var description: String {
            switch self {
            case .otherKey(let wanted):
                "the escrow was made for another key, whose public half has the SHA-256 \(wanted)"
            case .changed: "the escrow is not as it was written: it was changed, or belongs to another device"
            }
        }
    }

    /// Encrypts values to an operator's key.
    init(
        _ values: AuthorizationValues,
        to key: P256.KeyAgreement.PublicKey,
        station: Label,
        serial: Label,
        instance: InstanceID
    ) throws {
        formatVersion = 1
        self.station = station
        self.serial = serial
        self.instance = instance
        self.key = Self.identifier(of: key)
        encapsulated = Blob([])
        self.values = Blob([])
        let binding = Data(try binding)
        var sender = try HPKE.Sender(recipientKey: key, ciphersuite: Self.suite, info: binding)
        self.values = Blob([UInt8](try sender.seal(Data(CanonicalJSON.encode(values)))))
        encapsulated = Blob([UInt8](sender.encapsulatedKey))
    }

    /// Reads a file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(Escrow.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "escrow format \(formatVersion) is not known here")
        }
    }

    /// Decrypts the values.
    ///
    /// - Throws: `Failure` when the key is another, or the escrow was changed.
    public func open(with key: P256.KeyAgreement.PrivateKey) throws -> AuthorizationValues {
        guard Self.identifier(of: key.publicKey) == self.key else { throw Failure.otherKey(wanted: self.key) }
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key,
                ciphersuite: Self.suite,
                info: Data(binding),
                encapsulatedKey: Data(encapsulated.bytes)
            )
            return try AuthorizationValues(parsing: [UInt8](recipient.open(Data(values.bytes))))
        } catch {
            throw Failure.changed
        }
    }

    /// How an operator's public key is named.
    public static func identifier(of key: P256.KeyAgreement.PublicKey) -> ContentDigest {
        ContentDigest(of: [UInt8](key.derRepresentation))
    }

    /// Everything of it that is not the ciphertext.
    private var binding: [UInt8] {
        get throws(MessageError) {
            var bare = self
            bare.encapsulated = Blob([])
            bare.values = Blob([])
            return Self.domain + (try CanonicalJSON.encode(bare))
        }
    }
}
