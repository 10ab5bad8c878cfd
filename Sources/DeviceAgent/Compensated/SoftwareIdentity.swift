import Crypto
import DurableFiles
public import Messages

/// What makes a device without a TPM the instance that it is: one file, 0600, that whoever reads it can copy.
public struct SoftwareIdentity: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance, from the first key.
    public let instance: InstanceID
    /// What the verifier committed last, as far as is known here: P-256, 32 bytes.
    private var key: Blob
    /// What takes its place; the same until an answer has come.
    private var next: Blob
    /// Where it is read what this device's hardware says of itself.
    public let sources: [ClaimSource]
    /// What it was born with; absent until its factory has answered.
    public var bornWith: BornWith?

    /// The most bytes of the file.
    public static let maximumSize = 16 << 10

    /// Makes the first key.
    public init(sources: [ClaimSource]) {
        let first = P256.Signing.PrivateKey()
        formatVersion = 1
        instance = InstanceID(firstKey: SoftwareKey(of: first))
        key = Blob(first.rawRepresentation)
        next = Blob(P256.Signing.PrivateKey().rawRepresentation)
        self.sources = sources
    }

    /// The keys to sign with.
    func keys() throws(AgentError) -> (key: P256.Signing.PrivateKey, next: P256.Signing.PrivateKey) {
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: key.bytes),
            let next = try? P256.Signing.PrivateKey(rawRepresentation: next.bytes)
        else {
            throw AgentError(
                .environment,
                "the identity of this device is damaged",
                hint: "restore the file from a backup; the verifier takes that for a copy until an operator has looked"
            )
        }
        return (key, next)
    }

    /// The next key was committed: it signs from here on, and there is another next one.
    mutating func moveOn() {
        key = next
        next = Blob(P256.Signing.PrivateKey().rawRepresentation)
    }
}

extension StateDirectory {
    var identityPath: String { path + "/identity.json" }

    /// The identity of a device without a TPM; nil when this is none.
    public func softwareIdentity() throws(AgentError) -> SoftwareIdentity? {
        guard let bytes = try read(identityPath, limit: SoftwareIdentity.maximumSize) else { return nil }
        do throws(MessageError) {
            let identity = try CanonicalJSON.decode(
                SoftwareIdentity.self,
                from: bytes,
                limit: SoftwareIdentity.maximumSize
            )
            guard identity.formatVersion == 1 else {
                throw MessageError(.outOfRange, "identity format \(identity.formatVersion) is not known here")
            }
            return identity
        } catch {
            throw AgentError(
                .environment,
                "\(identityPath) is damaged: \(error.detail)",
                hint: "restore the file from a backup; the verifier takes that for a copy until an operator has looked"
            )
        }
    }

    /// Replaces the identity; what it says is durable when this returns.
    func write(_ identity: SoftwareIdentity) throws(AgentError) {
        let bytes: [UInt8]
        do {
            bytes = try CanonicalJSON.encode(identity)
        } catch {
            throw AgentError("the identity", error)
        }
        try write(bytes, to: identityPath)
    }

    /// Makes this a device without a TPM, or finds it one: its first key, and the request for its factory.
    public func requestKey(_ sources: [ClaimSource], _ lock: borrowing AgentLock) throws(AgentError) -> KeyRequest {
        let claims = try sources.read()
        let identity: SoftwareIdentity
        if let made = try softwareIdentity() {
            guard made.sources == sources else {
                throw AgentError(
                    .refused,
                    "this device has a key already, made with other claims",
                    hint: "give the same claims, or give the agent another directory with --state",
                    reasons: ["claims-differ"]
                )
            }
            guard made.bornWith == nil else {
                throw AgentError(
                    .refused,
                    "this device was born already",
                    hint:
                        "its first key may be gone by now; a device that lost its identity is born anew by its factory",
                    reasons: ["born"]
                )
            }
            identity = made
        } else {
            identity = SoftwareIdentity(sources: sources)
            try write(identity)
        }
        do {
            return try KeyRequest(by: identity.keys().key, claims: claims)
        } catch let error as AgentError {
            throw error
        } catch {
            throw AgentError("the key request", error as? MessageError ?? MessageError(.notEncodable, "\(error)"))
        }
    }

    /// Takes over what the factory has signed.
    public func accept(_ record: CompensatedBirthRecord, _ lock: borrowing AgentLock) throws(AgentError) {
        guard var identity = try softwareIdentity() else {
            throw AgentError(
                .refused,
                "no key was made here",
                hint: "begin with birthmark-device enrol --claim …",
                reasons: ["no-key"]
            )
        }
        guard record.instance == identity.instance else {
            throw AgentError(
                .refused,
                "the birth is of another device's key",
                hint: "give this device the birth that was signed for its own request",
                reasons: ["other-instance"]
            )
        }
        identity.bornWith = record.bornWith
        try write(identity)
    }
}
