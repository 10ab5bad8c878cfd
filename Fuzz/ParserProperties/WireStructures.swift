import Crypto
import TPMCrypto
import TPMWire

extension ParserTarget {
    static let wireStructures = [
        wire("attest", TPMSAttest.self),
        wire("public", TPMTPublic.self) { (area) throws(BrokenProperty) in try checkUse(of: area) },
        wire("signature", TPMTSignature.self) { (signature) throws(BrokenProperty) in
            for key in knownKeys {
                try hold(
                    key.verify(signature, over: neverSigned) != .valid,
                    "a signature over what nobody signed is not valid"
                )
            }
        },
        wire("creation-data", TPMSCreationData.self),
        wire("nv-public", TPMSNVPublic.self) { (index) throws(BrokenProperty) in _ = try? Name(of: index) },
    ]

    /// A structure of Part 2: written back as it was read, alone, inside a TPM2B and inside a larger buffer.
    private static func wire<Structure: WireStructure>(
        _ name: String,
        _: Structure.Type,
        use: @escaping @Sendable (Structure) throws(BrokenProperty) -> Void = { _ in }
    ) -> ParserTarget {
        ParserTarget(name, longestInput: 2100) { (input) throws(BrokenProperty) in
            guard let value = try? Structure(parsing: input) else { return false }
            try hold(value.bytes == input, "what is read is written back byte for byte")
            try hold((try? Structure(parsing: input + [0])) == nil, "a byte behind the end is refused")
            try hold((try? Structure(parsing: input.dropLast())) == nil, "a structure without its last byte is refused")
            let inside = ([0xAA] + input + [0xAA])[1...input.count]
            try hold((try? Structure(parsing: inside)) == value, "the surroundings of a slice do not matter")
            let sized = TPM2B(value).bytes
            try hold(sized.count == 2 + input.count, "a TPM2B is its contents and their size")
            try hold((try? TPM2B<Structure>(parsing: sized))?.contents == value, "a TPM2B holds what it was given")
            try use(value)
            return true
        }
    }

    /// What is done with every public area that comes from outside.
    private static func checkUse(of area: TPMTPublic) throws(BrokenProperty) {
        if let name = try? Name(of: area) {
            try hold((try? Name(parsing: name.bytes)) == name, "the Name of an area is a Name")
        }
        if let key = try? PublicKey(area) {
            try hold((try? PublicKey(area)) == key, "an area has one key")
        }
        if let key = try? VerifyingKey(area) {
            try hold(
                key.verify(.rsassa(.sha256, neverSigned), over: neverSigned) != .valid,
                "what nobody signed is not valid under any key"
            )
        }
    }

    private static let neverSigned = Array("Nobody has ever signed this sentence.".utf8)

    /// A P-256 key, and an RSA modulus that is one by its form alone: enough to walk through every check of a signature.
    private static let knownKeys: [VerifyingKey] = {
        let modulus = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 | 0x81) }
        let point = FixedKeys.signing.publicKey.rawRepresentation
        return [
            try? PublicKey(rsaModulus: modulus),
            try? PublicKey(curve: .p256, x: Array(point.prefix(32)), y: Array(point.suffix(32))),
        ]
        .compactMap { $0.map(VerifyingKey.init(anySchemeOf:)) }
    }()
}
