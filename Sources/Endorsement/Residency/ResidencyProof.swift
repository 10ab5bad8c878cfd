import Crypto
public import TPMCrypto
public import TPMWire

/// The statements by which a TPM shows that IAK and IDevID were made in it, together with the keys they are about.
///
/// The TCG templates ask for a policy that nobody publishes when one of these keys is used in the ADMIN role, as
/// TPM2_ActivateCredential does. So a credential to the endorsement key is activated on a restricted enrolment key that
/// has no such policy; that key certifies the creation of the IAK, and the IAK that of the IDevID, as the TCG has it
/// (TPM2_CertifyCreation asks nothing of the key that it is about). The credential ties the enrolment key to the
/// endorsement key; these statements tie the others to it.
public struct ResidencyProof: Sendable, Hashable {
    /// One key and the TPM's statement about its creation.
    public struct CertifiedKey: Sendable, Hashable {
        /// TPMT_PUBLIC of the key.
        public let publicArea: TPMTPublic
        /// TPMS_ATTEST as it left the TPM.
        public let attest: [UInt8]
        /// TPMT_SIGNATURE as it left the TPM.
        public let signature: [UInt8]

        /// Joins the parts.
        public init(publicArea: TPMTPublic, attest: [UInt8], signature: [UInt8]) {
            self.publicArea = publicArea
            self.attest = attest
            self.signature = signature
        }
    }

    /// TPMT_PUBLIC of the endorsement key that the credential was made to.
    public let endorsementKey: TPMTPublic
    /// TPMT_PUBLIC of the enrolment key on which it was activated.
    public let enrolmentKey: TPMTPublic
    /// The attestation key.
    public let iak: CertifiedKey
    /// The identity key.
    public let idevid: CertifiedKey

    /// Joins the parts.
    public init(endorsementKey: TPMTPublic, enrolmentKey: TPMTPublic, iak: CertifiedKey, idevid: CertifiedKey) {
        self.endorsementKey = endorsementKey
        self.enrolmentKey = enrolmentKey
        self.iak = iak
        self.idevid = idevid
    }

    /// What each statement carries: the keys it stands among.
    ///
    /// Freshness is the credential's, which is used once.
    public static func qualifyingData(
        endorsementKey: Name,
        enrolmentKey: Name,
        certified: Name
    ) -> [UInt8] {
        var hash = SHA256()
        hash.update(data: Array("birthmark residency v1\0".utf8))
        for name in [endorsementKey, enrolmentKey, certified] { hash.update(data: name.bytes) }
        return Array(hash.finalize())
    }

    /// Everything that is wrong; empty when both keys were made in the TPM that holds the enrolment key, as the
    /// templates say, in the endorsement hierarchy.
    ///
    /// What it does not show is the activation, which only the authority that made the credential saw.
    public func reasons(
        template: DeviceIdentityTemplate
    ) -> [ResidencyReason] {
        var reasons: [ResidencyReason] = []
        if !enrolmentKey.isKey(of: Self.enrolmentTemplate) { reasons.append(.enrolmentKeyUnsuitable) }
        if !iak.publicArea.isKey(of: template.iak()) { reasons.append(.attestationKeyUnsuitable) }
        if !idevid.publicArea.isKey(of: template.idevid()) { reasons.append(.identityKeyUnsuitable) }
        for (key, signer) in [(iak, enrolmentKey), (idevid, iak.publicArea)] {
            if let reason = reason(against: key, by: signer) { reasons.append(reason) }
        }
        return reasons
    }

    /// That a TPM has read the secret of a challenge: HMAC over everything the answer is about, keyed with the secret
    /// (VERIFIER, section 2).
    public func activationProof(secret: [UInt8], challenge: [UInt8]) throws -> [UInt8] {
        let names = try [endorsementKey, enrolmentKey, iak.publicArea, idevid.publicArea].map { try Name(of: $0).bytes }
        return HashAlgorithm.sha256.hmac(
            key: secret,
            Array("birthmark enrolment v1\0".utf8),
            challenge,
            names.flatMap { $0 }
        )
    }

    /// The enrolment key's template: P-256, which every TPM of the PC Client profile has, whatever the other keys are.
    public static var enrolmentTemplate: TPMTPublic { DeviceIdentityTemplate.eccP256.enrolmentKey }

    private func reason(against key: CertifiedKey, by signer: TPMTPublic) -> ResidencyReason? {
        guard let attest = try? TPMSAttest(parsing: key.attest),
            let signature = try? TPMTSignature(parsing: key.signature)
        else { return .statementUnreadable }
        guard let verifying = try? VerifyingKey(signer),
            case .valid = verifying.verify(signature, over: key.attest)
        else { return .signatureInvalid }
        guard case .creation(let objectName, _) = attest.attested else { return .statementNotCreation }
        guard let endorsementName = try? Name(of: endorsementKey), let enrolmentName = try? Name(of: enrolmentKey),
            let certifiedName = try? Name(of: key.publicArea), objectName == certifiedName
        else { return .statementOfAnotherKey }
        guard let qualified = try? Name(of: signer).qualified(under: Name(handle: .endorsement)),
            attest.qualifiedSigner == qualified
        else { return .statementByAnotherSigner }
        let expected = Self.qualifyingData(
            endorsementKey: endorsementName,
            enrolmentKey: enrolmentName,
            certified: certifiedName
        )
        guard attest.extraData == expected else { return .statementForOtherKeys }
        return nil
    }
}

extension TPMTPublic {
    /// Whether this is a key made from a template: equal in every field but the unique one, which holds the key.
    public func isKey(of template: TPMTPublic) -> Bool {
        guard (try? PublicKey(self)) != nil else { return false }
        return emptied == template.emptied
    }

    private var emptied: TPMTPublic {
        var copy = self
        switch parameters {
        case .rsa(let detail, _): copy.parameters = .rsa(detail, unique: [])
        case .ecc(let detail, _): copy.parameters = .ecc(detail, unique: TPMSECCPoint(x: [], y: []))
        case .keyedHash, .symCipher: break
        }
        return copy
    }
}
