import TPMCrypto
public import TPMWire

/// The result of judging the certificates of a birth: a value, never an exception.
public enum DeviceCertificateVerdict: Sendable, Hashable {
    /// Both certificates are the factory's, for these keys, and name this device.
    case accepted(DeviceSubject)
    /// At least one reason.
    case refused([CertificateReason])
}

/// Whom a verifier believes about births: the roots of its factories.
public struct FactoryPolicy: Sendable {
    /// The factories' roots and issuing levels.
    public let anchors: TrustAnchors
    /// Lists that speak for their own issuers; an issuer without one is not asked.
    public let revocationLists: [CertificateRevocationList]

    /// Joins both.
    public init(anchors: TrustAnchors, revocationLists: [CertificateRevocationList] = []) {
        self.anchors = anchors
        self.revocationLists = revocationLists
    }

    /// Judges IAK and IDevID certificate of one birth against the keys of the birth record.
    ///
    /// - Parameters:
    ///   - model: the device's model according to the birth record; `serial` likewise.
    ///   - date: the instant of birth in seconds since 1970. Validity is judged then, not now: a factory CA may be long
    ///     closed when its devices are still in the field (VERIFIER B5).
    public func judge(
        iak: (certificate: ParsedCertificate, publicArea: TPMTPublic),
        idevid: (certificate: ParsedCertificate, publicArea: TPMTPublic),
        model: String,
        serial: String,
        at date: Int64
    ) -> DeviceCertificateVerdict {
        var reasons =
            judge(.iak, iak.certificate, for: iak.publicArea, at: date)
            + judge(.idevid, idevid.certificate, for: idevid.publicArea, at: date)
        let subject = DeviceSubject(iak.certificate)
        if subject == nil || subject != DeviceSubject(idevid.certificate) || subject?.model != model
            || subject?.serial != serial
        {
            reasons.append(.deviceDiffers)
        }
        guard reasons.isEmpty, let subject else { return .refused(reasons) }
        return .accepted(subject)
    }

    private func judge(
        _ kind: DeviceCertificateKind,
        _ certificate: ParsedCertificate,
        for publicArea: TPMTPublic,
        at date: Int64
    ) -> [CertificateReason] {
        var reasons: [CertificateReason] = []
        let extensions = certificate.extensions
        if extensions.basicConstraints?.isAuthority == true { reasons.append(.isAuthority) }
        if extensions.keyUsage != .digitalSignature {
            reasons.append(.keyUsageUnsuitable(seen: extensions.keyUsageText))
        }
        if let purpose = kind.purpose.identifier, extensions.purposes != [purpose] {
            reasons.append(.purposeMissing(seen: extensions.purposesText))
        }
        if !kind.policies.allSatisfy(extensions.policies.contains) { reasons.append(.policyMissing) }
        if (try? PublicKey(publicArea)) != certificate.subjectKey { reasons.append(.keyDiffers) }
        switch CertificatePath.search(from: certificate, to: anchors) {
        case .none(let reason): reasons.append(reason)
        case .found(let paths):
            let judged = paths.map { $0.reasons(at: date, purpose: kind.purpose, revocationLists: revocationLists) }
            reasons += judged.min { $0.count < $1.count } ?? []
        }
        return reasons
    }
}
