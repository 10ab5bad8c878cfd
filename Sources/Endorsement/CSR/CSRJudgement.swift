import Messages
public import TPMCrypto
import TPMWire

/// Why the keys of a request are not certified.
public enum CSRReason: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Model or serial number is no printable text of 1 to 64 bytes (attack 50).
    case productUnsuitable = "product-unsuitable"
    /// Attestation and identity key are not those of one template of the standard.
    case keysUnsuitable = "keys-unsuitable"
    /// The identity key has not signed the request.
    case requestSignatureInvalid = "request-signature-invalid"
    /// The statement about the identity key is of another type than the form says.
    case statementOfAnotherType = "statement-of-another-type"
    /// The statement is about another key (attack 32).
    case statementOfAnotherKey = "statement-of-another-key"
    /// The attestation key has not signed the statement, or signed it elsewhere.
    case statementSignatureInvalid = "statement-signature-invalid"
    /// The attestation key's RSAPSS signatures have a salt that is not as long as the digest: no verifier accepts them.
    case saltOfAnotherLength = "salt-of-another-length"
    /// Nothing shows that the key is in a TPM at all.
    case residencyNotShown = "residency-not-shown"

    /// One sentence for people.
    public var description: String {
        switch self {
        case .productUnsuitable: "model or serial number is not printable text of 1 to 64 characters"
        case .keysUnsuitable: "attestation and identity key are not made from one template of the standard (H-1 to H-3)"
        case .requestSignatureInvalid: "the key of the request has not signed it"
        case .statementOfAnotherType: "the statement about the identity key is of another type than the form says"
        case .statementOfAnotherKey: "the statement is about another key than the one to be certified"
        case .statementSignatureInvalid: "the attestation key has not signed the statement about the identity key"
        case .saltOfAnotherLength:
            "this TPM's RSAPSS signatures have a salt of another length than their digest: use a profile with H-2 or H-3"
        case .residencyNotShown: "nothing in the request shows that its key is in a TPM"
        }
    }
}

extension IDevIDRequest {
    /// The template of both keys; nil when they have none in common.
    public var template: DeviceIdentityTemplate? {
        DeviceIdentityTemplate.allCases.first {
            content.attestationKey.isKey(of: $0.iak()) && content.identityKey.isKey(of: $0.idevid())
        }
    }

    /// Everything that is wrong with the request by itself; empty when the identity key has signed it, and the
    /// attestation key says that both are in one TPM.
    ///
    /// Which TPM, only a challenge to its endorsement key shows.
    public var reasons: [CSRReason] {
        var reasons: [CSRReason] = []
        if ![content.model, content.serial].allSatisfy(Self.isSuitable) { reasons.append(.productUnsuitable) }
        guard template != nil, let identity = try? VerifyingKey(content.identityKey),
            let attestation = try? VerifyingKey(content.attestationKey)
        else { return reasons + [.keysUnsuitable] }
        // An RSA identity key has no scheme of its own, so the hash is held to the template's: never SHA-1.
        if signature.hashAlgorithm != content.identityKey.nameAlg
            || identity.verify(signature, over: contentBytes) != .valid
        {
            reasons.append(.requestSignatureInvalid)
        }
        return reasons + statementReasons(attestation)
    }

    /// Without line breaks, spaces and signs that change the direction of text: it stands in names, logs and paths.
    private static func isSuitable(_ text: [UInt8]) -> Bool {
        (1...64).contains(text.count) && text.allSatisfy { (0x21..<0x7F).contains($0) }
    }

    private func statementReasons(_ attestation: VerifyingKey) -> [CSRReason] {
        guard let attest = try? TPMSAttest(parsing: content.identityStatement),
            let signature = try? TPMTSignature(parsing: content.identityStatementSignature),
            let signer = try? Name(of: content.attestationKey).qualified(under: Name(handle: .endorsement)),
            attest.qualifiedSigner == signer
        else { return [.statementSignatureInvalid] }
        switch attestation.verify(signature, over: content.identityStatement) {
        case .valid: break
        case .refused(.saltOfAnotherLength): return [.saltOfAnotherLength]
        case .refused: return [.statementSignatureInvalid]
        }
        let certified: Name
        switch (attest.attested, form.certification) {
        case (.certify(let name, _), .certify), (.creation(let name, _), .creation): certified = name
        default: return [.statementOfAnotherType]
        }
        return certified == (try? Name(of: content.identityKey)) ? [] : [.statementOfAnotherKey]
    }
}
