import Endorsement
import Messages
import TPMCrypto
import TPMWire

/// The CA's side of a birth: it believes nothing that it has not verified, and issues for keys that it knows to be in
/// the endorsed TPM.
///
/// Each challenge is answered once, right or wrong (VERIFIER, section 2): guessing needs a new one each time.
actor EnrolmentDesk {
    private let authority: CertificateAuthority
    private let endorsement: EndorsementPolicy
    private let allowed: EKAllowList
    private var open: [[UInt8]: OpenChallenge] = [:]

    private struct OpenChallenge {
        let secret: [UInt8]
        let request: EnrolmentRequest
        let facts: EndorsementFacts
        let date: Int64
    }

    /// More boards than a line has sockets; a station that never answers must not fill the memory.
    private static let maximumOpen = 1024
    private static let secretSize = 32
    private static let identifierSize = 16

    init(authority: CertificateAuthority, endorsement: EndorsementPolicy, allowed: EKAllowList) {
        self.authority = authority
        self.endorsement = endorsement
        self.allowed = allowed
    }

    /// Judges the endorsement key and makes a credential to it for the enrolment key.
    ///
    /// - Parameter date: seconds since 1970: the instant of birth.
    func challenge(_ request: EnrolmentRequest, at date: Int64) throws -> EnrolmentChallenge {
        let facts = try judge(request, at: date)
        guard let key = try? StorageKey(request.endorsementKey) else {
            throw BirthRefusal(.residency(.endorsementKeyUnsuitable))
        }
        guard request.enrolmentKey.isKey(of: ResidencyProof.enrolmentTemplate) else {
            throw BirthRefusal(.residency(.enrolmentKeyUnsuitable))
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Self.random(Self.secretSize, using: &generator)
        let identifier = Self.random(Self.identifierSize, using: &generator)
        let credential = try key.makeCredential(
            name: Name(of: request.enrolmentKey),
            secret: secret,
            using: &generator
        )
        if open.count >= Self.maximumOpen { open.removeAll() }
        open[identifier] = OpenChallenge(secret: secret, request: request, facts: facts, date: date)
        return EnrolmentChallenge(identifier: identifier, credential: credential)
    }

    /// Verifies an answer and issues both certificates.
    func enrol(
        _ answer: EnrolmentAnswer,
        template: DeviceIdentityTemplate,
        uniqueY: DeviceIdentityTemplate.UniqueY
    ) throws -> EnrolmentCertificates {
        guard let challenge = open.removeValue(forKey: answer.identifier) else {
            throw BirthRefusal(.residency(.challengeUnknown))
        }
        guard answer.keys.endorsementKey == challenge.request.endorsementKey,
            answer.keys.enrolmentKey == challenge.request.enrolmentKey,
            constantTimeEqual(
                answer.proof,
                try EnrolmentAnswer.proof(of: challenge.secret, identifier: answer.identifier, keys: answer.keys)
            )
        else { throw BirthRefusal(.residency(.activationWrong)) }
        let reasons = answer.keys.reasons(template: template, uniqueY: uniqueY)
        guard reasons.isEmpty else { throw BirthRefusal(reasons.map(BirthReason.residency)) }

        let order = challenge.request.order
        let device = DeviceSubject(
            model: order.model.text,
            serial: order.serial.text,
            endorsement: challenge.facts
        )
        return EnrolmentCertificates(
            iak: try authority.issueDeviceCertificate(
                .iak,
                for: answer.keys.iak.publicArea,
                of: device,
                at: challenge.date
            ),
            idevid: try authority.issueDeviceCertificate(
                .idevid,
                for: answer.keys.idevid.publicArea,
                of: device,
                at: challenge.date
            )
        )
    }

    private func judge(_ request: EnrolmentRequest, at date: Int64) throws -> EndorsementFacts {
        guard let key = try? PublicKey(request.endorsementKey) else {
            throw BirthRefusal(.residency(.endorsementKeyUnsuitable))
        }
        let verdict: EndorsementVerdict
        if let content = request.certificate {
            let certificate: EKCertificate
            do throws(CertificateError) {
                certificate = try EKCertificate(fromNV: content)
            } catch {
                throw BirthRefusal(.endorsementCertificateUnreadable(error))
            }
            verdict = endorsement.judge(certificate, for: key, intermediates: request.intermediates, at: date)
        } else {
            verdict = endorsement.judge(uncertified: request.endorsementKey, allowed: allowed)
        }
        switch verdict {
        case .refused(let reasons):
            guard request.certificate != nil else {
                throw BirthRefusal(.endorsementCertificateMissing(index: request.certificateIndex))
            }
            throw BirthRefusal(reasons.map(BirthReason.endorsement))
        case .accepted(let facts):
            guard request.order.tier == .tpm else { return facts }
            switch facts.basis {
            case .allowList: throw BirthRefusal(.tierUnendorsed)
            case .certificate(let certificate) where certificate.isSoftware:
                throw BirthRefusal(.tierOverstated(model: certificate.tpm?.model ?? "not named"))
            case .certificate: return facts
            }
        }
    }

    private static func random(_ count: Int, using generator: inout SystemRandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in generator.next() }
    }
}
