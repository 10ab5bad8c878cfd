import Crypto
import ParserProperties

/// Certificates and lists written by hand, with the deviations that are read; their signatures are of nobody.
enum CertificateSeeds {
    static let endorsement: [String: [UInt8]] = {
        let plain = certificate()
        let size = [UInt8((plain.count + 2) >> 8), UInt8((plain.count + 2) & 0xFF)]
        return [
            "p256": plain,
            "rsa": certificate(
                key: rsaKey(label: [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01], [0x05, 0x00])
            ),
            "rsaes-oaep": certificate(
                key: rsaKey(label: [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x07], node(0x30, []))
            ),
            "default-written-out": certificate(extensions: [
                (true, [0x55, 0x1D, 0x13], node(0x30, [0x01, 0x01, 0x00])), alternativeNames,
            ]),
            "unordered-set": certificate(extensions: [
                (
                    true, [0x55, 0x1D, 0x11],
                    node(0x30, node(0xA4, node(0x30, node(0x31, attributes.reversed().flatMap { $0 }))))
                )
            ]),
            "authority": certificate(extensions: [
                (true, [0x55, 0x1D, 0x13], node(0x30, [0x01, 0x01, 0xFF, 0x02, 0x01, 0x00])),
                (true, [0x55, 0x1D, 0x0F], [0x03, 0x02, 0x01, 0x06]),
                (false, [0x55, 0x1D, 0x0E], node(0x04, digest)),
                (false, [0x55, 0x1D, 0x23], node(0x30, node(0x80, digest))),
                (true, [0x55, 0x1D, 0x1E], node(0x30, node(0xA0, node(0x30, node(0x82, Array("example".utf8)))))),
                (false, [0x55, 0x1D, 0x20], node(0x30, node(0x30, node(0x06, [0x67, 0x81, 0x05, 0x02])))),
            ]),
            "nv-header": [0x10, 0x01, 0x00] + size + [0x10, 0x02] + plain,
            "nv-padding": plain + [UInt8](repeating: 0xFF, count: 32) + [UInt8](repeating: 0, count: 32),
        ]
    }()

    static let lists: [String: [UInt8]] = [
        "empty": list([]),
        "two": list(
            node(0x30, node(0x02, [9]) + time(0x17, "230101000000Z"))
                + node(0x30, node(0x02, [0x11, 0x22]) + time(0x17, "230101000000Z") + reason)
        ),
        "numbered": list(
            [],
            extensions: node(
                0xA0,
                node(0x30, node(0x30, node(0x06, [0x55, 0x1D, 0x14]) + node(0x04, node(0x02, [7]))))
            )
        ),
    ]

    private static let digest = (0..<20).map { UInt8($0) }
    private static let ecdsa = node(0x30, node(0x06, [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]))
    private static let vendor = node(0x30, node(0x31, attribute([0x55, 0x04, 0x03], "Test Vendor CA")))
    private static let signature = node(0x03, [0] + node(0x30, node(0x02, digest) + node(0x02, digest)))
    private static let reason = node(0x30, node(0x30, node(0x06, [0x55, 0x1D, 0x15]) + node(0x04, node(0x0A, [1]))))

    /// What a TPM is (TCG EK Credential Profile, section 3.1.2).
    private static let attributes = [
        attribute([0x67, 0x81, 0x05, 0x02, 0x01], "id:53544D20"), attribute([0x67, 0x81, 0x05, 0x02, 0x02], "ST33"),
        attribute([0x67, 0x81, 0x05, 0x02, 0x03], "id:0102"),
    ]
    private static let alternativeNames: (Bool, [UInt8], [UInt8]) = (
        true, [0x55, 0x1D, 0x11], node(0x30, node(0xA4, node(0x30, attributes.flatMap { node(0x31, $0) })))
    )

    private static func certificate(
        key: [UInt8]? = nil,
        extensions: [(critical: Bool, type: [UInt8], value: [UInt8])]? = nil
    ) -> [UInt8] {
        let usual: [(critical: Bool, type: [UInt8], value: [UInt8])] = [
            (true, [0x55, 0x1D, 0x13], node(0x30, [])), (true, [0x55, 0x1D, 0x0F], [0x03, 0x02, 0x03, 0x08]),
            (false, [0x55, 0x1D, 0x25], node(0x30, node(0x06, [0x67, 0x81, 0x05, 0x08, 0x01]))), alternativeNames,
        ]
        let written = (extensions ?? usual).flatMap { critical, type, value in
            node(0x30, node(0x06, type) + (critical ? [0x01, 0x01, 0xFF] : []) + node(0x04, value))
        }
        let validity = node(0x30, time(0x17, "200101000000Z") + time(0x18, "99991231235959Z"))
        let head = node(0xA0, node(0x02, [2])) + node(0x02, [0x11, 0x22]) + ecdsa + vendor + validity + node(0x30, [])
        let signed = node(0x30, head + (key ?? p256Key) + node(0xA3, node(0x30, written)))
        return node(0x30, signed + ecdsa + signature)
    }

    private static func list(_ entries: [UInt8], extensions: [UInt8] = []) -> [UInt8] {
        let times = time(0x17, "230101000000Z") + time(0x17, "240101000000Z")
        let revoked = entries.isEmpty ? [] : node(0x30, entries)
        let signed = node(0x30, node(0x02, [1]) + ecdsa + vendor + times + revoked + extensions)
        return node(0x30, signed + ecdsa + signature)
    }

    private static let p256Key = Array(FixedKeys.signing.publicKey.derRepresentation)

    private static func rsaKey(label: [UInt8], _ parameters: [UInt8]) -> [UInt8] {
        let modulus = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 | 0x81) }
        let numbers = node(0x30, node(0x02, [0] + modulus) + node(0x02, [1, 0, 1]))
        return node(0x30, node(0x30, node(0x06, label) + parameters) + node(0x03, [0] + numbers))
    }

    private static func attribute(_ type: [UInt8], _ text: String) -> [UInt8] {
        node(0x30, node(0x06, type) + node(0x0C, Array(text.utf8)))
    }

    private static func time(_ tag: UInt8, _ text: String) -> [UInt8] { node(tag, Array(text.utf8)) }

    private static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        switch content.count {
        case ..<0x80: [tag, UInt8(content.count)] + content
        case ..<0x100: [tag, 0x81, UInt8(content.count)] + content
        default: [tag, 0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)] + content
        }
    }
}
