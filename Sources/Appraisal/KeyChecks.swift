import AttestationResults
import TPMWire

/// B1 to B4: what the key is, by its own public area, because the magic of a quote means something only when the key can sign
/// nothing that a TPM did not make.
///
/// Without a template the attributes that do not bear on attestation (who authorizes, dictionary attack, loss at TPM
/// Reset) are the owner's choice; with one, everything is the template's.
enum KeyChecks {
    /// RSA keys below this length are refused (SP 800-131A).
    static let minimumRSABits: UInt16 = 2048

    /// All four, in order.
    static func faults(of key: TPMTPublic, madeFrom template: TPMTPublic?) -> [Reason] {
        [
            parameters(key, template), attributes(key, template), scheme(key, template), policy(key, template),
        ].compactMap(\.self)
    }

    /// B1: an asymmetric key of an accepted size that is no storage key; that the point is on its curve was shown when it
    /// was imported.
    static func parameters(_ key: TPMTPublic, _ template: TPMTPublic?) -> Reason? {
        guard Hashes.accepted(key.nameAlg) else { return Reason(.keyParameters, "nameAlg \(key.nameAlg)") }
        if let template, template.type != key.type || template.nameAlg != key.nameAlg {
            return Reason(.keyParameters, "type \(key.type), nameAlg \(key.nameAlg)")
        }
        switch key.parameters {
        case .rsa(let detail, let modulus):
            guard detail.symmetric == .null, detail.exponent == 0 || detail.exponent == 65537 else {
                return Reason(.keyParameters, "symmetric \(detail.symmetric), exponent \(detail.exponent)")
            }
            guard detail.keyBits >= minimumRSABits, modulus.count * 8 == Int(detail.keyBits),
                modulus.first ?? 0 >= 0x80
            else { return Reason(.keyParameters, "\(detail.keyBits) bits, modulus of \(modulus.count) bytes") }
            if case .rsa(let made, _) = template?.parameters,
                made.keyBits != detail.keyBits || made.exponent != detail.exponent
            {
                return Reason(.keyParameters, "\(detail.keyBits) bits, exponent \(detail.exponent)")
            }
        case .ecc(let detail, let point):
            guard detail.symmetric == .null, detail.kdf == .null else {
                return Reason(.keyParameters, "symmetric \(detail.symmetric), kdf \(detail.kdf)")
            }
            guard detail.curveID == .p256 || detail.curveID == .p384 || detail.curveID == .p521 else {
                return Reason(.keyParameters, "curve \(detail.curveID)")
            }
            guard !point.x.isEmpty, !point.y.isEmpty else { return Reason(.keyParameters, "no point: a template") }
            if case .ecc(let made, _) = template?.parameters, made.curveID != detail.curveID {
                return Reason(.keyParameters, "curve \(detail.curveID)")
            }
        case .keyedHash, .symCipher:
            return Reason(.keyParameters, "type \(key.type)")
        }
        return nil
    }

    /// Attributes without which a signature proves nothing: made in this TPM, bound to it, signing only what the TPM made.
    static let required: TPMAObject = [.fixedTPM, .fixedParent, .sensitiveDataOrigin, .restricted, .sign]
    /// Attributes that contradict them, with every bit that has no name.
    static let forbidden: TPMAObject = TPMAObject.reservedBits.union([.encryptedDuplication, .decrypt, .x509Sign])

    /// B2: every attribute as the template has it; without a template, those that bear on attestation.
    static func attributes(_ key: TPMTPublic, _ template: TPMTPublic?) -> Reason? {
        let seen = key.objectAttributes
        let sound = seen.isSuperset(of: required) && seen.isDisjoint(with: forbidden)
        guard sound, template.map({ $0.objectAttributes == seen }) ?? true else {
            return Reason(.keyAttributes, "objectAttributes 0x" + String(seen.rawValue, radix: 16))
        }
        return nil
    }

    /// B3: a scheme of its own, which names its signer and uses SHA-256 or better.
    static func scheme(_ key: TPMTPublic, _ template: TPMTPublic?) -> Reason? {
        let seen = key.scheme ?? .null
        let sound =
            switch seen {
            case .rsassa(let hash), .rsapss(let hash), .ecdsa(let hash): Hashes.accepted(hash)
            default: false
            }
        guard sound, template.map({ $0.scheme == seen }) ?? true else {
            let hash = seen.hashAlgorithm.map { " with \($0)" } ?? ""
            return Reason(.keyScheme, "scheme \(seen.algorithm)" + hash)
        }
        return nil
    }

    /// B4: the policy is the template's; without a template, none or a digest of nameAlg.
    static func policy(_ key: TPMTPublic, _ template: TPMTPublic?) -> Reason? {
        let fits =
            template.map { $0.authPolicy == key.authPolicy }
            ?? (key.authPolicy.isEmpty || key.authPolicy.count == key.nameAlg.digestSize)
        return fits ? nil : Reason(.keyPolicy, "authPolicy " + key.authPolicy.hexadecimal)
    }
}
