import Crypto
import CryptoExtras
import FoundationEssentials
import Messages
import Subprocess
import SystemPackage
import TPMCrypto
import TPMWire
import TemporaryDirectories
import Testing

@testable import Endorsement

/// What is said of a TPM whose RSAPSS signatures no verifier accepts, before a device is born that nobody could update.
@Suite struct SaltLengthTests {
    private let attestation: _RSA.Signing.PrivateKey
    private let identity: _RSA.Signing.PrivateKey

    init() throws {
        attestation = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        identity = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    }

    private static func area(_ template: TPMTPublic, _ key: _RSA.Signing.PrivateKey) throws -> TPMTPublic {
        var area = template
        if case .rsa(let detail, _) = area.parameters {
            area.parameters = .rsa(detail, unique: Array(try key.publicKey.getKeyPrimitives().modulus))
        }
        return area
    }

    /// swift-crypto makes no salt but one of the digest's length, so another hand signs.
    private func sign(_ message: [UInt8], salt: String) async throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let (key, file, signature) = ("\(directory.path)/key.pem", "\(directory.path)/m", "\(directory.path)/s")
        try Data(attestation.pemRepresentation.utf8).write(to: URL(filePath: key))
        try Data(message).write(to: URL(filePath: file))
        let result = try await Subprocess.run(
            .path("/usr/bin/openssl"),
            arguments: [
                "dgst", "-sha256", "-sign", key, "-sigopt", "rsa_padding_mode:pss",
                "-sigopt", "rsa_pss_saltlen:\(salt)", "-out", signature, file,
            ],
            output: .discarded,
            error: .string(limit: 1 << 16)
        )
        #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
        return [UInt8](try Data(contentsOf: URL(filePath: signature)))
    }

    @Test(arguments: [
        ("32", [CSRReason]()), ("max", [.saltOfAnotherLength]), ("0", [.saltOfAnotherLength]),
    ])
    func attack23_theStatementsSalt(salt: String, reasons: [CSRReason]) async throws {
        let iak = try Self.area(DeviceIdentityTemplate.rsa2048.iak(), attestation)
        let idevid = try Self.area(DeviceIdentityTemplate.rsa2048.idevid(), identity)
        let statement = TPMSAttest(
            qualifiedSigner: try Name(of: iak).qualified(under: Name(handle: .endorsement)),
            extraData: [],
            clockInfo: TPMSClockInfo(clock: 1, resetCount: 1, restartCount: 0, safe: true),
            firmwareVersion: 1,
            attested: .creation(
                objectName: try Name(of: idevid),
                creationHash: [UInt8](repeating: 7, count: 32)
            )
        ).bytes
        let content = IDevIDContent(
            hash: .sha256,
            model: Array("gw-100".utf8),
            serial: Array("GW-0001".utf8),
            caData: Array("{}".utf8),
            endorsement: [0x30, 0x00],
            attestationKey: iak,
            attestationStatement: [],
            attestationStatementSignature: [],
            identityKey: idevid,
            identityStatement: statement,
            identityStatementSignature: TPMTSignature.rsapss(.sha256, try await sign(statement, salt: salt)).bytes
        )
        let contents = content.bytes(form: .own)
        let own = try identity.signature(for: SHA256.hash(data: contents), padding: .insecurePKCS1v1_5)
        let request = try IDevIDRequest(
            parsing: IDevIDRequest.bytes(
                contents: contents,
                signature: .rsassa(.sha256, Array(own.rawRepresentation)),
                form: .own
            ),
            form: .own
        )
        #expect(request.template == .rsa2048)
        #expect(request.reasons == reasons)
    }
}
