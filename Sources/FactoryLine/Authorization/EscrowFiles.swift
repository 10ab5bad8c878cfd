public import Crypto
import DurableFiles
import Messages

extension Station {
    /// The operator's public key to which authorization values are encrypted; nil when the station has none.
    func escrowKey() throws -> P256.KeyAgreement.PublicKey? {
        guard let bytes = try BoundedFile.readIfThere(directory.escrowKey, limit: 16 << 10) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self),
            let key = try? P256.KeyAgreement.PublicKey(pemRepresentation: text)
        else {
            throw Failure.damaged(
                path: directory.escrowKey,
                "is not a P-256 public key in PEM; `birthmark-factory escrow keygen` makes one"
            )
        }
        return key
    }

    /// Takes an operator's public key into the station's directory, in the place of the one that is there.
    public func keep(escrowKey: P256.KeyAgreement.PublicKey) throws {
        let pem = escrowKey.pemRepresentation + "\n"
        try AtomicFile.write(Array(pem.utf8), to: directory.escrowKey, mode: 0o644)
    }
}

extension BirthFiles {
    /// The values of a birth under way; nil when none were drawn.
    func values(of tpm: ContentDigest) throws -> AuthorizationValues? {
        let path = directory.values(of: tpm)
        let limit = AuthorizationValues.maximumSize
        // Zeros are what erasing leaves that was cut off before the file's name was gone.
        guard let bytes = try BoundedFile.readPrivateIfThere(path, limit: limit),
            bytes.isEmpty || bytes.contains(where: { $0 != 0 })
        else { return nil }
        do {
            return try AuthorizationValues(parsing: bytes)
        } catch {
            throw Station.Failure.damaged(path: path, "\(error.detail); restore it from a backup, never delete it")
        }
    }

    /// Writes values down, durably, before the TPM gets any of them.
    func save(_ values: AuthorizationValues, of tpm: ContentDigest) throws {
        try AtomicFile.write(try CanonicalJSON.encode(values), to: directory.values(of: tpm))
    }

    /// Takes values away: the birth is signed.
    func eraseValues(of tpm: ContentDigest) throws {
        try AtomicFile.erase(directory.values(of: tpm))
    }

    /// Writes an escrow, in the place of the one that is there.
    func save(_ escrow: Escrow) throws {
        try AtomicFile.write(try CanonicalJSON.encode(escrow), to: directory.escrow(current(escrow.serial)))
    }
}
