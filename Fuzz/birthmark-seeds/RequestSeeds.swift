import Crypto
import Endorsement
import Messages
import ParserProperties
import TPMCrypto
import TPMWire

/// Certification requests as stations write them; their statements and signatures are of nobody.
enum RequestSeeds {
    static let all: [String: [String: [UInt8]]] = [
        "certification-request": Dictionary(
            uniqueKeysWithValues: CSRForm.all.filter { $0.envelope != .none }.enumerated().compactMap { number, form in
                // Every third is enough: the fuzzer chooses the others by one byte.
                number % 3 == 0 ? request(form).map { ("form-\(number)", [UInt8(number)] + $0) } : nil
            }
        ),
        "pkcs10-request": ["p256": pkcs10],
    ]

    private static func key(_ template: TPMTPublic) -> TPMTPublic {
        var area = template
        if case .ecc(let detail, _) = area.parameters {
            let point = Array(FixedKeys.signing.publicKey.rawRepresentation)
            area.parameters = .ecc(detail, unique: TPMSECCPoint(x: Array(point.prefix(32)), y: Array(point.suffix(32))))
        }
        return area
    }

    private static func request(_ form: CSRForm) -> [UInt8]? {
        let number = [UInt8](repeating: 7, count: 32)
        let signature = TPMTSignature.ecdsa(.sha256, r: number, s: number)
        let iak = key(DeviceIdentityTemplate.eccP256.iak())
        guard let name = try? Name(of: iak) else { return nil }
        let statement = TPMSAttest(
            qualifiedSigner: name,
            extraData: number,
            clockInfo: TPMSClockInfo(clock: 1, resetCount: 1, restartCount: 0, safe: true),
            firmwareVersion: 1,
            attested: form.certification == .certify
                ? .certify(name: name, qualifiedName: name) : .creation(objectName: name, creationHash: number)
        ).bytes
        let contents = IDevIDContent(
            hash: .sha256,
            model: Array("gw-100".utf8),
            serial: Array("SN-1".utf8),
            caData: Array("{}".utf8),
            endorsement: [0x30, 0x00],
            attestationKey: iak,
            attestationStatement: statement,
            attestationStatementSignature: signature.bytes,
            identityKey: key(DeviceIdentityTemplate.eccP256.idevid()),
            identityStatement: statement,
            identityStatementSignature: signature.bytes
        ).bytes(form: form)
        return try? IDevIDRequest.bytes(contents: contents, signature: signature, form: form)
    }

    private static let pkcs10: [UInt8] = {
        let key = Array(FixedKeys.signing.publicKey.derRepresentation)
        let name: [UInt8] = [0x30, 0x0C, 0x31, 0x0A, 0x30, 0x08, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0C, 0x01, 0x61]
        let signed = node(0x30, [0x02, 0x01, 0x00] + name + key + [0xA0, 0x00])
        let algorithm = node(0x30, node(0x06, [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]))
        let signature = node(0x03, [0] + node(0x30, [0x02, 0x01, 0x07, 0x02, 0x01, 0x07]))
        return node(0x30, signed + algorithm + signature)
    }()

    private static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        content.count < 0x80 ? [tag, UInt8(content.count)] + content : [tag, 0x81, UInt8(content.count)] + content
    }
}
