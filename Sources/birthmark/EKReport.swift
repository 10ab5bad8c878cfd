import CommandLineContract
import Endorsement
import Messages
import TPMWire

/// What `birthmark ek verify` says.
struct EKReport: Encodable {
    enum Verdict: String, Encodable {
        case accepted
        case refused
    }

    /// One check that failed.
    struct Finding: Encodable {
        var code: String
        /// Where the standard makes the check.
        var rule: String
        /// What was seen.
        var sentence: String
        /// What would pass without the check.
        var stops: String

        init(_ reason: CertificateReason) {
            (code, rule, sentence, stops) = (reason.code, reason.rule, reason.description, reason.stops)
        }
    }

    var verdict: Verdict
    var reasons: [String]
    var findings: [Finding]
    /// `certificate`, or `allow-list` for a key without one.
    var basis: String
    var at: Int64?
    var issuer: String?
    var manufacturer: String?
    var model: String?
    var firmware: String?
    var notBefore: Int64?
    var notAfter: Int64?
    /// SHA-256 of the root that the path ends in, when accepted.
    var root: String?
    /// SHA-256 of the public area, as allow lists have it.
    var publicArea: String?
    var workarounds: [String] = []
    /// Whether the certificate was compared with a key of a TPM.
    var keyChecked = false
    /// How many lists were at hand.
    var revocationLists: Int?
    /// Files in the directory that do not count.
    var passedOver: [String]?

    init(_ verdict: EndorsementVerdict, of ek: EKCertificate, at date: Int64) {
        self.init(verdict, basis: "certificate")
        at = date
        issuer = ek.certificate.issuer.description
        (manufacturer, model, firmware) = (ek.tpm?.manufacturerText, ek.tpm?.model, ek.tpm?.version)
        (notBefore, notAfter) = (ek.certificate.notBefore, ek.certificate.notAfter)
        var used = ek.workarounds
        if case .accepted(let facts) = verdict {
            used = facts.workarounds
            if case .certificate(let certificate) = facts.basis { root = LowercaseHex.encode(certificate.rootSHA256) }
        }
        workarounds = used.sorted().map(\.rawValue)
    }

    init(_ verdict: EndorsementVerdict, of area: TPMTPublic) {
        self.init(verdict, basis: "allow-list")
        publicArea = LowercaseHex.encode(EKAllowList.digest(of: area))
        keyChecked = true
    }

    private init(_ verdict: EndorsementVerdict, basis: String) {
        var refused: [CertificateReason] = []
        if case .refused(let reasons) = verdict { refused = reasons }
        self.verdict = refused.isEmpty ? .accepted : .refused
        reasons = refused.map(\.code)
        findings = refused.map(Finding.init)
        self.basis = basis
    }

    var text: String {
        let lines = findings.map { finding in
            "  \(finding.code): \(finding.sentence)\n    stops \(finding.stops) (\(finding.rule))"
        }
        let tpm = manufacturer.map { "\($0) \(model ?? "")" + (firmware.map { ", firmware \($0)" } ?? "") }
        let shown = facts([
            ("issuer", issuer),
            ("root", root),
            ("TPM", tpm ?? (basis == "certificate" ? "not named in the certificate" : nil)),
            ("valid from", notBefore.map(UTCTime.text)),
            ("valid until", notAfter.map(UTCTime.text)),
            ("judged at", at.map(UTCTime.text)),
            ("public area", publicArea),
            ("key", keyChecked ? "compared" : "not given: nothing is said of any TPM"),
            ("revocation lists", revocationLists.map { $0 == 0 ? "none: revocation is not judged" : String($0) }),
            ("workarounds", workarounds.isEmpty ? nil : workarounds.joined(separator: ", ")),
            ("passed over", passedOver.flatMap { $0.isEmpty ? nil : $0.joined(separator: ", ") }),
        ])
        return ([verdict.rawValue] + lines + [shown]).joined(separator: "\n")
    }
}
