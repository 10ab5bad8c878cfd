import CP11Kit
import Crypto
public import FoundationEssentials
public import SwiftASN1
import Synchronization
public import X509

/// A P-256 private key in a PKCS #11 token, as the signer of a certificate authority.
///
/// One session signs for everybody, one after the other; a token that was pulled out is an error, not a crash.
public struct TokenKey: CustomPrivateKey {
    private let token: Token
    private let point: P256.Signing.PublicKey

    private final class Token: Sendable {
        struct Opened: ~Copyable, @unchecked Sendable {
            // Used under the lock only.
            let session: TokenSession
            let key: CK_OBJECT_HANDLE
        }

        let opened: Mutex<Opened>

        init(_ opened: consuming sending Opened) { self.opened = Mutex(opened) }
    }

    /// DER of the object identifier of P-256, as CKA_EC_PARAMS names a curve.
    private static let p256: [UInt8] = [0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    private static let signatureSize = 64
    private static let maximumAttribute = 256

    /// Opens the key that a URI names.
    /// - Parameter making: whether it is made when the token has none of that name.
    public init(uri text: String, making: Bool) throws(TokenError) {
        let uri = try TokenURI(text)
        let session = try TokenSession(uri)
        if making, try session.object(CKO_PRIVATE_KEY, labelled: uri.object) == nil {
            try session.makeP256(labelled: uri.object, curve: Self.p256)
        }
        guard let key = try session.object(CKO_PRIVATE_KEY, labelled: uri.object),
            let shown = try session.object(CKO_PUBLIC_KEY, labelled: uri.object)
        else {
            throw TokenError(
                "the token has no key pair \"\(uri.object)\"",
                hint: "make it with birthmark-factory ca init, or name another object"
            )
        }
        guard try session.value(of: CKA_EC_PARAMS, shown, limit: Self.maximumAttribute) == Self.p256,
            let encoded = try? ASN1OctetString(
                derEncoded: session.value(of: CKA_EC_POINT, shown, limit: Self.maximumAttribute)
            ),
            let point = try? P256.Signing.PublicKey(x963Representation: encoded.bytes)
        else { throw TokenError("\"\(uri.object)\" is no P-256 key", hint: "name another object") }
        self.point = point
        token = Token(Token.Opened(session: session, key: key))
    }

    public var publicKey: Certificate.PublicKey { Certificate.PublicKey(point) }
    public var defaultSignatureAlgorithm: Certificate.SignatureAlgorithm { .ecdsaWithSHA256 }
    public var supportedSignatureAlgorithms: [Certificate.SignatureAlgorithm] { [.ecdsaWithSHA256] }

    /// Signs with the token; blocks while it does.
    public func signSynchronously(
        bytes: some DataProtocol,
        signatureAlgorithm: Certificate.SignatureAlgorithm
    ) throws -> Certificate.Signature {
        guard signatureAlgorithm == .ecdsaWithSHA256 else { throw Self.unsupported }
        let digest = Array(SHA256.hash(data: bytes))
        let raw = try token.opened.withLock { opened in
            try opened.session.sign(digest, with: opened.key, limit: Self.signatureSize)
        }
        return try Certificate.Signature(
            signatureAlgorithm: signatureAlgorithm,
            signatureBytes: ASN1BitString(
                bytes: Array(P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation)[...]
            )
        )
    }

    public static func == (one: Self, other: Self) -> Bool {
        one.point.rawRepresentation == other.point.rawRepresentation
    }
    public func hash(into hasher: inout Hasher) { hasher.combine(point.rawRepresentation) }

    private static let unsupported = TokenError(
        "a key in a token signs with ECDSA and SHA-256, and does nothing else",
        hint: "ask for that"
    )

    // The private half is in no file.
    public static var defaultPEMDiscriminator: String { "PRIVATE KEY" }
    public func serialize(into coder: inout DER.Serializer) throws { throw Self.unsupported }
}
