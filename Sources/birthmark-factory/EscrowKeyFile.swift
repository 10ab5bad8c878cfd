import CommandLineContract
import Crypto

/// The two halves of an operator's key, as files.
enum EscrowKeyFile {
    private static let maximumSize = 16 << 10

    static func publicKey(_ path: String) throws(CommandFailure) -> P256.KeyAgreement.PublicKey {
        let text = String(decoding: try InputFile.read(path, limit: maximumSize, what: "the escrow key"), as: UTF8.self)
        guard let key = try? P256.KeyAgreement.PublicKey(pemRepresentation: text) else {
            throw CommandFailure(
                .malformed,
                "\(path) is not a P-256 public key in PEM",
                hint: "give the public half that birthmark-factory escrow keygen wrote, never the private one"
            )
        }
        return key
    }

    static func privateKey(_ path: String) throws(CommandFailure) -> P256.KeyAgreement.PrivateKey {
        let bytes = try InputFile.readPrivate(path, limit: maximumSize, what: "the operator's key")
        guard let key = try? P256.KeyAgreement.PrivateKey(pemRepresentation: String(decoding: bytes, as: UTF8.self))
        else {
            throw CommandFailure(
                .malformed,
                "\(path) is not a P-256 private key in PEM",
                hint: "give the file that birthmark-factory escrow keygen made"
            )
        }
        return key
    }
}
