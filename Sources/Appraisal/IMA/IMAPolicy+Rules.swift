import MeasuredBoot
public import Messages
import TPMCrypto
import TPMWire

extension IMAPolicy {
    /// Takes over what a policy's file says.
    /// - Throws: `MessageError` that names the rules and what of them cannot be understood.
    public init(_ rules: IMARules) throws(MessageError) {
        try rules.check()
        self.init(
            identity: try rules.digest,
            digests: try Self.digests(rules.digests ?? [], of: rules),
            signers: try Self.signers(of: rules),
            exclusions: (rules.exclusions ?? []).map { IMAExclusion(path: $0.path, reason: $0.because.text) },
            buffers: try Self.buffers(of: rules),
            violations: rules.violationsToleratedBecause.map { .tolerated(reason: $0.text) } ?? .refused,
            extensions: try Self.extensions(of: rules)
        )
    }

    private static func digests(_ texts: [String], of rules: IMARules) throws(MessageError) -> Set<IMAFileDigest> {
        var digests = Set<IMAFileDigest>(minimumCapacity: texts.count)
        for text in texts {
            guard let digest = IMAFileDigest(text) else {
                throw rules.fault("\"\(text)\" is no digest as in \"sha256:\" and 64 hexadecimal digits")
            }
            digests.insert(digest)
        }
        return digests
    }

    private static func signers(of rules: IMARules) throws(MessageError) -> [IMASigner] {
        var signers: [IMASigner] = []
        for signer in rules.signers ?? [] {
            do throws(TPMCryptoError) {
                signers.append(IMASigner(keyID: signer.keyID.bytes, key: try PublicKey(pem: signer.key)))
            } catch {
                throw rules.fault("the key of signer \(signer.keyID.bytes.hexadecimal): \(error.detail)")
            }
        }
        return signers
    }

    private static func buffers(of rules: IMARules) throws(MessageError) -> [[UInt8]: IMABufferRule] {
        var buffers: [[UInt8]: IMABufferRule] = [:]
        for buffer in rules.buffers ?? [] {
            buffers[Array(buffer.name.utf8)] =
                if let reason = buffer.anyBecause {
                    .any(reason: reason.text)
                } else {
                    .digests(try digests(buffer.digests ?? [], of: rules))
                }
        }
        return buffers
    }

    private static func extensions(of rules: IMARules) throws(MessageError) -> [IMAExtension] {
        guard let names = rules.extensions else { return IMAExtension.allCases }
        let extensions = names.compactMap { IMAExtension(rawValue: $0) }
        guard extensions.count == names.count else {
            throw rules.fault("\"extensions\" are among \(IMAExtension.allCases.map(\.rawValue))")
        }
        return extensions
    }
}

extension IMAFileDigest {
    /// Reads what `description` writes; nil for anything else, or an algorithm that is not computed here.
    fileprivate init?(_ text: String) {
        let verity = "verity:"
        let isVerity = text.hasPrefix(verity)
        let parts = text.dropFirst(isVerity ? verity.count : 0).split(
            separator: ":",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard parts.count == 2, let bytes = [UInt8](hexadecimal: String(parts[1])) else { return nil }
        self.init(algorithm: String(parts[0]), isVerity: isVerity, bytes: bytes)
        guard let algorithmID, bytes.count == algorithmID.digestSize else { return nil }
    }
}
