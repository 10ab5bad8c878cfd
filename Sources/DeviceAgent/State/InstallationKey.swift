import Crypto
import DurableFiles
import Messages

extension StateDirectory {
    var installationKeyPath: String { path + "/installation.key" }

    /// A key in PEM has 250 bytes.
    private static let largestInstallationKey = 4096

    /// The key by which the verifier knows this installation from another of the same device; made at its first use.
    ///
    /// It is no secret of the TPM: updates that replace the system keep the state directory, and the key with it. Whoever can read
    /// the file can make an image that passes for this one on this device, and on no other.
    func installationKey() throws(AgentError) -> P256.Signing.PrivateKey {
        if let bytes = try readPrivate(installationKeyPath, limit: Self.largestInstallationKey) {
            guard let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self))
            else {
                throw AgentError(
                    .environment,
                    "\(installationKeyPath) is damaged",
                    hint: """
                        move it away and attest: the verifier then holds this device for reimaged until an operator \
                        reinstates it
                        """
                )
            }
            return key
        }
        let key = P256.Signing.PrivateKey()
        try write(Array(key.pemRepresentation.utf8), to: installationKeyPath)
        return key
    }
}
