import DurableFiles
import Glibc
import Messages

/// An identity, and how it lies on the disk.
struct KeptIdentity: Sendable {
    var identity: SoftwareIdentity
    /// How it is sealed; nil when it is a plain file.
    var sealing: Sealing?
}

extension StateDirectory {
    var identityPath: String { path + "/identity.json" }
    var sealedIdentityPath: String { path + "/identity.sealed.json" }

    /// Whether this is a device without a TPM; what cannot be read or unsealed counts, so that it is never taken for another.
    public var isCompensated: Bool { unsafe isSealed || access(identityPath, F_OK) == 0 }

    /// Whether the identity lies sealed on the disk.
    public var isSealed: Bool { unsafe access(sealedIdentityPath, F_OK) == 0 }

    /// The identity of a device without a TPM; nil when this is none.
    func keptIdentity() async throws(AgentError) -> KeptIdentity? {
        if let bytes = try read(sealedIdentityPath, limit: SealedIdentity.maximumSize) {
            let file: SealedIdentity
            do {
                file = try SealedIdentity(parsing: bytes)
            } catch {
                throw Self.damaged(sealedIdentityPath, error)
            }
            return KeptIdentity(
                identity: try await file.sealing.unsealed(file.sealed.bytes),
                sealing: file.sealing
            )
        }
        guard let bytes = try readPrivate(identityPath, limit: SoftwareIdentity.maximumSize) else { return nil }
        do {
            return KeptIdentity(identity: try SoftwareIdentity(parsing: bytes))
        } catch {
            throw Self.damaged(identityPath, error)
        }
    }

    /// The same, to sign with it or to build on it: a run that was killed may have put it in its place, and perhaps only the kernel
    /// knows; a key that the disk then forgot would make the next request a fork.
    func durableIdentity() async throws(AgentError) -> KeptIdentity? {
        do {
            try AtomicFile.synchronize(directory: path)
        } catch {
            throw AgentError(error)
        }
        return try await keptIdentity()
    }

    /// Replaces the identity; what it says is durable when this returns.
    func write(_ kept: KeptIdentity) async throws(AgentError) {
        let bytes: [UInt8]
        do {
            bytes = try CanonicalJSON.encode(kept.identity)
        } catch {
            throw AgentError("the identity", error)
        }
        guard let sealing = kept.sealing else { return try write(bytes, to: identityPath) }
        let file: [UInt8]
        do {
            file = try EditedJSON.encode(SealedIdentity(try await sealing.sealed(bytes), by: sealing))
        } catch {
            throw error as? AgentError ?? AgentError(.environment, "the sealed identity: \(error)")
        }
        try write(file, to: sealedIdentityPath)
        // From before it was sealed, or from a run that was cut off right here.
        do {
            try AtomicFile.erase(identityPath)
        } catch {
            throw AgentError(error)
        }
    }

    private static func damaged(_ path: String, _ error: MessageError) -> AgentError {
        AgentError(
            .environment,
            "\(path) is damaged: \(error.detail)",
            hint: "restore the file from a backup; the verifier takes that for a copy until an operator has looked"
        )
    }
}
