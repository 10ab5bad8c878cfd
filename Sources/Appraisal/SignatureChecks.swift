import AttestationResults
import TPMCrypto
import TPMWire

/// C1 to C3: the signature is this key's, by the key's own scheme, over the received bytes.
enum SignatureChecks {
    /// C1: one whole TPMT_SIGNATURE; a raw or DER signature is none.
    static func form(_ bytes: [UInt8]) throws(Finding) -> TPMTSignature {
        do throws(WireError) {
            guard bytes.count <= TPMTSignature.maximumSize else {
                throw WireError(.tooLong, field: "TPMT_SIGNATURE", offset: 0, value: UInt64(bytes.count))
            }
            var reader = ByteReader(bytes)
            let signature = try TPMTSignature(from: &reader)
            try reader.finish("TPMT_SIGNATURE")
            return signature
        } catch {
            throw Finding(.signatureMalformed, error.description)
        }
    }

    /// C2: algorithm and hash are those of the key's scheme, not whatever the signature says.
    static func scheme(_ signature: TPMTSignature, of key: TPMTPublic) -> Reason? {
        let scheme = key.scheme ?? .null
        guard signature.sigAlg == scheme.algorithm, signature.hashAlgorithm == scheme.hashAlgorithm else {
            return Reason(.signatureScheme, "\(signature.sigAlg) with \(signature.hashAlgorithm)")
        }
        return nil
    }

    /// C2 for a key that has no scheme of its own: the hash is SHA-256 or better.
    static func strength(_ signature: TPMTSignature) -> Reason? {
        Hashes.accepted(signature.hashAlgorithm)
            ? nil : Reason(.signatureScheme, "\(signature.sigAlg) with \(signature.hashAlgorithm)")
    }

    /// C3: the signature verifies over the bytes as they were received.
    static func validity(_ signature: TPMTSignature, over message: [UInt8], by key: VerifyingKey) -> Reason? {
        switch key.verify(signature, over: message) {
        case .valid: nil
        case .refused(.doesNotVerify), .refused(.wrongLength): Reason(.signatureInvalid)
        case .refused(.saltOfAnotherLength): Reason(.signatureInvalid, SignatureRefusal.saltOfAnotherLength.description)
        case .refused(let refusal): Reason(.signatureScheme, refusal.description)
        }
    }
}
