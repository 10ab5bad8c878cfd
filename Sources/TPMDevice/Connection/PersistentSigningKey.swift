import Synchronization
import TPMCrypto
public import TPMWire

/// A signing key of a TPM's owner for whoever has to sign at once, not at a command's turn: a certificate authority.
///
/// It has a connection of its own. A call blocks its thread while the TPM signs.
public final class PersistentSigningKey: Sendable {
    private struct Opened: ~Copyable, @unchecked Sendable {
        // Only ever used under the lock below, by one thread at a time.
        let connection: TPMConnection
        let key: PersistentObject
    }

    /// TPMT_PUBLIC of the key.
    public let publicArea: TPMTPublic
    private let opened: Mutex<Opened>

    /// Opens the key at a persistent handle.
    /// - Parameter making: whether a P-256 key is made there when there is none.
    /// - Throws: also when another kind of key is there: `unavailable`.
    public init(at handle: Handle, tcti: String, making: Bool) throws(TPMError) {
        let connection = try TPMConnection(tcti: tcti)
        let key = try Self.key(at: handle, connection, making: making)
        publicArea = try connection.readPublic(key).publicArea
        guard OwnerSigningTemplate.describes(publicArea) else {
            throw TPMError(unavailable: "The key at \(handle) is no unrestricted P-256 signing key.")
        }
        opened = Mutex(Opened(connection: connection, key: key))
    }

    private static func key(
        at handle: Handle,
        _ connection: TPMConnection,
        making: Bool
    ) throws(TPMError) -> PersistentObject {
        if let kept = try connection.persistentObject(at: handle) { return kept }
        guard making else { throw TPMError(unavailable: "The TPM has no key at \(handle).") }
        let made = try connection.createPrimary(OwnerSigningTemplate.area(for: handle), in: .owner)
        return try connection.persist(made.object, at: handle)
    }

    /// TPM2_Sign over a SHA-256 digest.
    public func sign(_ digest: [UInt8]) throws(TPMError) -> TPMTSignature {
        // A key may leave the scheme to each signature.
        let scheme: TPMTAsymScheme = publicArea.scheme == .null ? .ecdsa(.sha256) : .null
        let result: Result<TPMTSignature, TPMError> = opened.withLock { opened in
            do throws(TPMError) {
                return .success(try opened.connection.sign(digest, with: opened.key, scheme: scheme))
            } catch { return .failure(error) }
        }
        return try result.get()
    }
}
