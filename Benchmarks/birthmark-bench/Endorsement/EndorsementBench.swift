import Crypto
import Endorsement
import FoundationEssentials
import SwiftASN1

/// What judging an endorsement key's certificate costs against swift-crypto checking the signatures of its chain.
///
/// The chain is made here, by P-256 keys: a root, an intermediate and an EK certificate as a vendor writes one. The roots
/// around it are those that come with the project, as a station has them when nobody chose.
enum EndorsementBench {
    static let suites = [
        Suite(name: "ek-chain", in: .certificates) { try measure($0, among: []) },
        Suite(name: "ek-chain-among-all-vendors", in: .certificates) { try measure($0, among: vendors()) },
    ]

    /// Read once, as a station or verifier does; the repository is the working directory.
    private static func vendors() throws -> [ParsedCertificate] {
        let anchors = try TrustDirectory.contents(of: "Provisioning/trust").anchors
        return anchors.roots + anchors.intermediates
    }

    private static func measure(_ name: String, among others: [ParsedCertificate]) throws -> [Measurement] {
        let chain = try CertificateChain()
        let authorities = try [chain.root, chain.intermediate].map {
            try ParsedCertificate(der: $0.bytes, allowing: Workaround.all)
        }
        let policy = EndorsementPolicy(anchors: TrustAnchors(others + authorities))
        let parsed = try EKCertificate(fromNV: chain.leaf.bytes)
        let key = parsed.certificate.subjectKey
        let times = try alternate([
            Work("bare signatures") { try chain.leaf.isSigned() && chain.intermediate.isSigned() },
            Work("parse and judge") {
                let certificate = try EKCertificate(fromNV: chain.leaf.bytes)
                return accepted(policy.judge(certificate, for: key, at: CertificateChain.date))
            },
            Work("judge") { accepted(policy.judge(parsed, for: key, at: CertificateChain.date)) },
        ])
        let note = "2 x (import + SHA-256 + verify), the root known"
        return [
            Measurement(name, times[1], against: times[0], aim: nil, note: note),
            Measurement(name + "-parsed", times[2], against: times[0], aim: nil, note: note),
        ]
    }

    private static func accepted(_ verdict: EndorsementVerdict) -> Bool {
        if case .accepted = verdict { true } else { false }
    }
}
