public import TPMCrypto
public import TPMWire

/// Whom an owner believes about endorsement keys: vendor roots, revocation lists, tolerated workarounds.
public struct EndorsementPolicy: Sendable {
    /// Vendor roots and known intermediates.
    public let anchors: TrustAnchors
    /// Lists that speak for their own issuers; an issuer without one is not asked.
    public let revocationLists: [CertificateRevocationList]
    /// Whether every issuer on the way to a root must have a list that is not out of date.
    public let requiresRevocationLists: Bool

    /// Joins them.
    public init(
        anchors: TrustAnchors,
        revocationLists: [CertificateRevocationList] = [],
        requiringRevocationLists: Bool = false
    ) {
        self.anchors = anchors
        self.revocationLists = revocationLists
        requiresRevocationLists = requiringRevocationLists
    }

    /// What a trust directory says, its revocation lists included.
    public init(_ contents: TrustDirectory.Contents) {
        self.init(anchors: contents.anchors, revocationLists: contents.revocationLists)
    }

    /// Judges an endorsement key that has no certificate: by the owner's allow list of Names, and by nothing else.
    public func judge(uncertified publicArea: TPMTPublic, allowed: EKAllowList) -> EndorsementVerdict {
        let digest = EKAllowList.digest(of: publicArea)
        guard allowed.contains(digest) else { return .refused([.notAllowed(name: digest.hexadecimal)]) }
        guard let key = try? PublicKey(publicArea) else {
            return .refused([.keyUsageUnsuitable(seen: "a key of no use here")])
        }
        // A credential can be made to a restricted decryption key only (Part 3, section 12.5).
        guard publicArea.objectAttributes.isSuperset(of: [.restricted, .decrypt]),
            !publicArea.objectAttributes.contains(.sign)
        else { return .refused([.keyUsageUnsuitable(seen: "a key that is not a restricted decryption key")]) }
        return .accepted(EndorsementFacts(basis: .allowList, subjectKey: key, workarounds: []))
    }

    /// Judges an EK certificate at a date, in seconds since 1970: now at birth, the day of birth ever after.
    ///
    /// - Parameters:
    ///   - key: the endorsement key as the TPM shows it, which the certificate must be for. nil judges the certificate
    ///     alone: that proves nothing about any TPM.
    ///   - intermediates: CA certificates that came with the device (NV 0x01C00100 and up); they need not be trusted.
    public func judge(
        _ ek: EKCertificate,
        for key: PublicKey?,
        intermediates: [ParsedCertificate] = [],
        at date: Int64
    ) -> EndorsementVerdict {
        let certificate = ek.certificate
        let search = CertificatePath.search(from: certificate, through: intermediates, to: anchors)
        switch search {
        case .none(let reason):
            return .refused([reason] + reasonsOf(ek, issuer: nil, for: key))
        case .found(let paths):
            let judged = paths.map { path in
                (
                    path,
                    reasonsOf(ek, issuer: path.issuer, for: key)
                        + path.reasons(
                            at: date,
                            purpose: .endorsementKey,
                            revocationLists: revocationLists,
                            required: requiresRevocationLists
                        )
                )
            }
            // A search that finds, finds at least one.
            guard let best = judged.min(by: { $0.1.count < $1.1.count }) else {
                return .refused([.issuerUnknown(issuer: certificate.issuer.description)])
            }
            guard best.1.isEmpty else { return .refused(best.1) }
            return .accepted(facts(of: ek, path: best.0))
        }
    }

    /// The same for a key whose public area is at hand: one that cannot be read is not the certified one.
    public func judge(
        _ ek: EKCertificate,
        forKeyOf publicArea: TPMTPublic,
        intermediates: [ParsedCertificate] = [],
        at date: Int64
    ) -> EndorsementVerdict {
        guard let key = try? PublicKey(publicArea) else { return .refused([.keyDiffers]) }
        return judge(ek, for: key, intermediates: intermediates, at: date)
    }

    /// What an EK certificate must be in itself (TCG EK Credential Profile, section 3).
    private func reasonsOf(_ ek: EKCertificate, issuer: ParsedCertificate?, for key: PublicKey?) -> [CertificateReason]
    {
        let certificate = ek.certificate
        let extensions = certificate.extensions
        var reasons: [CertificateReason] = []
        if extensions.basicConstraints?.isAuthority == true || extensions.keyUsage?.contains(.keyCertSign) == true {
            reasons.append(.isAuthority)
        }
        let fromIssuer = Self.hasPurposeFromIssuer(certificate, issuer: issuer)
        if extensions.purposes?.contains(OID.ekCertificatePurpose) != true, !fromIssuer {
            reasons.append(.purposeMissing(seen: extensions.purposesText))
        }
        if ek.tpm == nil, !fromIssuer { reasons.append(.tpmNotNamed) }
        // An endorsement key decrypts: by key transport with RSA, by agreement with ECC.
        // Google's "EK/AK CA" certifies both kinds of key; those that sign are attestation keys, and no credential can be
        // made to them.
        let needed: CertificateExtensions.KeyUsage
        switch certificate.subjectKey.numbers {
        case .rsa: needed = .keyEncipherment
        case .ecc: needed = .keyAgreement
        }
        // nil is Workaround.keyUsageAbsent.
        if extensions.keyUsage?.contains(needed) == false {
            reasons.append(.keyUsageUnsuitable(seen: extensions.keyUsageText))
        }
        if let key, key != certificate.subjectKey { reasons.append(.keyDiffers) }
        return reasons
    }

    /// ``Workaround/purposeFromIssuer``: no extended key usage and no alternative name at all, from a CA that may issue
    /// for endorsement keys only.
    private static func hasPurposeFromIssuer(_ certificate: ParsedCertificate, issuer: ParsedCertificate?) -> Bool {
        certificate.extensions.purposes == nil && certificate.extensions.alternativeNames.isEmpty
            && issuer?.extensions.purposes == [OID.ekCertificatePurpose]
    }

    private func facts(of ek: EKCertificate, path: CertificatePath) -> EndorsementFacts {
        let certificate = ek.certificate
        var workarounds = path.certificates.reduce(into: ek.workarounds) { $0.formUnion($1.workarounds) }
        if Self.hasPurposeFromIssuer(certificate, issuer: path.issuer) { workarounds.insert(.purposeFromIssuer) }
        if certificate.extensions.keyUsage == nil { workarounds.insert(.keyUsageAbsent) }
        return EndorsementFacts(
            basis: .certificate(
                EndorsementFacts.CertificateFacts(
                    sha256: certificate.sha256,
                    serialNumber: certificate.serialNumber,
                    authorityKeyIdentifier: certificate.extensions.authorityKeyIdentifier,
                    rootSHA256: path.certificates.last?.sha256 ?? [],
                    issuer: certificate.issuer.description,
                    tpm: ek.tpm,
                    notAfter: certificate.notAfter
                )
            ),
            subjectKey: certificate.subjectKey,
            workarounds: workarounds
        )
    }
}

extension CertificatePath {
    /// Who signed the certificate judged.
    var issuer: ParsedCertificate? { certificates.dropFirst().first }
}
