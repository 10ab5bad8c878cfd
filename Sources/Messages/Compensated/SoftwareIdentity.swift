public import Crypto

/// What makes a device without a TPM the instance that it is: one file, 0600 or sealed, that whoever reads it can copy.
public struct SoftwareIdentity: Hashable, Sendable, Codable, CustomStringConvertible {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance, from the first key; of a device whose tier was lowered, the one that it is by its TPM.
    public private(set) var instance: InstanceID
    /// What the verifier committed last, as far as is known here: P-256, 32 bytes.
    private var key: Blob
    /// What takes its place; the same until an answer has come.
    private var next: Blob
    /// Where it is read what this device's hardware says of itself.
    public let sources: [ClaimSource]
    /// Its serial number; absent until its factory has answered.
    public private(set) var serial: Label?
    /// What it was born with; absent until its factory has answered.
    public private(set) var bornWith: BornWith?

    /// The most bytes of the file.
    public static let maximumSize = 16 << 10

    /// Begins with a first key.
    public init(first: P256.Signing.PrivateKey, next: P256.Signing.PrivateKey, sources: [ClaimSource]) {
        formatVersion = 1
        instance = InstanceID(firstKey: SoftwareKey(of: first))
        key = Blob(first.rawRepresentation)
        self.next = Blob(next.rawRepresentation)
        self.sources = sources
    }

    /// Reads the file.
    /// - Throws: `MessageError`, which says nothing of the keys.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(SoftwareIdentity.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "identity format \(formatVersion) is not known here")
        }
        let keys = try keys
        guard SoftwareKey(of: keys.key) != SoftwareKey(of: keys.next) else {
            throw MessageError(.outOfRange, "\"next\" is another key than \"key\"")
        }
        guard (serial == nil) == (bornWith == nil) else {
            throw MessageError(.outOfRange, "\"serial\" and \"bornWith\" come together")
        }
        guard Set(sources.map(\.name)).count == sources.count, sources.count <= HardwareClaims.maximumCount else {
            throw MessageError(
                .outOfRange,
                "claims have names of their own, and are at most \(HardwareClaims.maximumCount)"
            )
        }
    }

    /// The keys to sign with.
    public var keys: (key: P256.Signing.PrivateKey, next: P256.Signing.PrivateKey) {
        get throws(MessageError) { (try Self.key(key), try Self.key(next)) }
    }

    private static func key(_ bytes: Blob) throws(MessageError) -> P256.Signing.PrivateKey {
        do {
            return try P256.Signing.PrivateKey(rawRepresentation: bytes.bytes)
        } catch {
            throw MessageError(.outOfRange, "a key is none of P-256")
        }
    }

    /// Whether the first key signs still: no answer has moved it on.
    public var isAtFirstKey: Bool {
        guard let keys = try? keys else { return false }
        return InstanceID(firstKey: SoftwareKey(of: keys.key)) == instance
    }

    /// Whether this key signs.
    public func isAt(_ key: SoftwareKey) -> Bool { (try? keys).map { SoftwareKey(of: $0.key) == key } ?? false }

    /// An operator lets the key speak for a device with a TPM.
    public mutating func speak(for file: LoweredTierFile) {
        instance = file.instance
        setBirth(file.serial, with: file.bornWith)
    }

    /// The next key was committed: it signs from here on, and another takes its place.
    public mutating func moveOn(to following: P256.Signing.PrivateKey) {
        key = next
        next = Blob(following.rawRepresentation)
    }

    /// Its factory has signed for it.
    public mutating func setBirth(_ serial: Label, with package: BornWith) {
        self.serial = serial
        bornWith = package
    }

    /// The instance, and nothing of its keys.
    public var description: String { "the software identity of \(instance)" }
}
