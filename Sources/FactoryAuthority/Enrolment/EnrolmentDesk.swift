import DurableFiles
import Endorsement
public import Messages
import TPMCrypto
import TPMWire

/// The CA's side of a birth: it believes nothing that it has not verified, and issues for keys that it knows to be in
/// the endorsed TPM.
///
/// Each challenge is answered once, right or wrong (VERIFIER, section 2): guessing needs a new one each time.
public actor EnrolmentDesk {
    private let authority: FactoryAuthority
    private let now: @Sendable () -> Int64
    private var open: [[UInt8]: OpenChallenge] = [:]

    private struct OpenChallenge {
        let secret: [UInt8]
        let request: EnrolmentRequest
        let keys: RequestedKeys
        let facts: EndorsementFacts
        let station: Label
        let madeAt: Int64
    }

    /// A swapped board has the serial number still: it loses its certificates once another TPM has shown that it asks, and not for a request.
    private struct AwaitsProof: Error {}

    /// The public areas of a request.
    private struct RequestedKeys {
        let endorsement: TPMTPublic
        let enrolment: TPMTPublic
        /// The certificate as `ekCert` of the answer must show it, or the public area.
        let endorsementField: [UInt8]

        var tpm: ContentDigest { ContentDigest(of: endorsement.bytes) }
    }

    /// More boards than a line has sockets; a station that never answers must not fill the memory.
    private static let maximumOpenPerStation = 1024
    /// Seconds; a TPM makes two RSA keys in between.
    private static let lifetime: Int64 = 600
    private static let secretSize = 32
    private static let identifierSize = 16

    /// - Parameter now: seconds since 1970: what becomes the date of birth.
    public init(_ authority: FactoryAuthority, now: @escaping @Sendable () -> Int64) {
        self.authority = authority
        self.now = now
    }

    /// Judges the endorsement key and makes a credential to it for the enrolment key.
    /// - Throws: ``BirthRefusal``, or what keeps the CA from deciding.
    public func challenge(_ request: EnrolmentRequest, from station: Label) throws -> EnrolmentChallenge {
        let date = now()
        let keys = try keys(of: request)
        let facts = try judge(request, keys.endorsement, at: date)
        _ = try request.findings(of: ["endorsement key": keys.endorsement]).refusing()
        do {
            _ = try claim(request, request.life(of: keys.tpm), from: station) { _ in throw AwaitsProof() }
        } catch is AwaitsProof {}
        guard let key = try? StorageKey(keys.endorsement) else {
            throw BirthRefusal(.residency(.endorsementKeyUnsuitable))
        }
        var generator = SystemRandomNumberGenerator()
        let secret = Self.random(Self.secretSize, using: &generator)
        let identifier = Self.random(Self.identifierSize, using: &generator)
        let credential = try key.makeCredential(
            name: Name(of: keys.enrolment),
            secret: secret,
            using: &generator
        )
        makeRoom(for: station, at: date)
        open[identifier] = OpenChallenge(
            secret: secret,
            request: request,
            keys: keys,
            facts: facts,
            station: station,
            madeAt: date
        )
        return EnrolmentChallenge(
            identifier: HexBytes(identifier),
            idObject: Blob(credential.idObject.bytes),
            secret: Blob(credential.secret.bytes)
        )
    }

    /// Verifies an answer and issues both certificates; the same again for keys that have them.
    public func enrol(_ answer: EnrolmentAnswer, from station: Label) throws -> EnrolmentCertificates {
        let request: IDevIDRequest
        let proof: EnrolmentProof
        do {
            request = try IDevIDRequest(parsing: answer.request.bytes, form: answer.form)
            proof = try EnrolmentProof(parsing: request.content.caData)
        } catch let error as CSRError {
            throw BirthRefusal(.requestUnreadable(error.description))
        } catch let error as MessageError {
            throw BirthRefusal(.requestUnreadable("prodCaData: \(error.detail)"))
        }
        guard let challenge = open.removeValue(forKey: proof.challenge.bytes), challenge.station == station,
            now() - challenge.madeAt <= Self.lifetime
        else { throw BirthRefusal(.residency(.challengeUnknown)) }
        let residency = try self.residency(of: request, proof, for: challenge)
        let reasons = request.reasons.map(BirthReason.request)
        guard reasons.isEmpty, let template = request.template else { throw BirthRefusal(reasons) }
        let doubts = residency.reasons(template: template).map(BirthReason.residency)
        guard doubts.isEmpty else { throw BirthRefusal(doubts) }
        let findings = try challenge.request.findings(of: [
            "endorsement key": residency.endorsementKey, "attestation key": residency.iak.publicArea,
            "identity key": residency.idevid.publicArea,
        ]).refusing()
        return try issue(residency, findings, for: challenge)
    }

    /// What the TPM says of its keys, once it is clear that it has answered this challenge.
    private func residency(
        of request: IDevIDRequest,
        _ proof: EnrolmentProof,
        for challenge: OpenChallenge
    ) throws -> ResidencyProof {
        let content = request.content
        var differences: [String] = []
        if content.model != Array(challenge.request.model.text.utf8) { differences.append("model") }
        if content.serial != Array(challenge.request.serial.text.utf8) { differences.append("serial") }
        if content.endorsement != challenge.keys.endorsementField { differences.append("endorsement key") }
        guard differences.isEmpty else { throw BirthRefusal(.orderDiffers(differences)) }
        let residency = ResidencyProof(
            endorsementKey: challenge.keys.endorsement,
            enrolmentKey: challenge.keys.enrolment,
            iak: .init(
                publicArea: content.attestationKey,
                attest: content.attestationStatement,
                signature: content.attestationStatementSignature
            ),
            idevid: .init(
                publicArea: content.identityKey,
                attest: content.identityStatement,
                signature: content.identityStatementSignature
            )
        )
        guard proof.enrolmentKey.bytes == challenge.keys.enrolment.bytes,
            constantTimeEqual(
                proof.proof.bytes,
                try residency.activationProof(secret: challenge.secret, challenge: proof.challenge.bytes)
            )
        else { throw BirthRefusal(.residency(.activationWrong)) }
        return residency
    }

    private func issue(
        _ keys: ResidencyProof,
        _ findings: [TPMAdvisoryFinding],
        for challenge: OpenChallenge
    ) throws -> EnrolmentCertificates {
        let register = authority.register
        let tpm = challenge.request.life(of: challenge.keys.tpm)
        guard let lock = try register.lock(tpm) else { throw EnrolmentBusy() }
        defer { lock.release() }
        let request = challenge.request
        let names = try (iak: Name(of: keys.iak.publicArea).contents, idevid: Name(of: keys.idevid.publicArea).contents)
        let known = try claim(request, tpm, from: challenge.station) { former in
            try authority.revoke(former, for: .superseded, at: challenge.madeAt)
            _ = try authority.signRevocationList(at: challenge.madeAt)
        }
        if let entry = known {
            var differences: [String] = []
            if entry.model != request.model { differences.append("model") }
            if entry.iakName.bytes != names.iak { differences.append("attestation key") }
            if entry.idevidName.bytes != names.idevid { differences.append("identity key") }
            guard differences.isEmpty else { throw BirthRefusal(.orderDiffers(differences)) }
            return entry.certificates
        }
        let device = DeviceSubject(
            model: request.model.text,
            serial: request.serial.text,
            endorsement: challenge.facts
        )
        func certificate(_ kind: DeviceCertificateKind, _ area: TPMTPublic) throws -> Blob {
            Blob(try authority.issuing.issueDeviceCertificate(kind, for: area, of: device, at: challenge.madeAt))
        }
        let certificates = EnrolmentCertificates(
            bornAt: challenge.madeAt,
            iak: try certificate(.iak, keys.iak.publicArea),
            idevid: try certificate(.idevid, keys.idevid.publicArea)
        )
        try register.record(
            IssuedRegister.Entry(
                serial: request.serial,
                model: request.model,
                station: challenge.station,
                iakName: HexBytes(names.iak),
                idevidName: HexBytes(names.idevid),
                certificates: certificates,
                waivedAdvisories: findings.needed(of: request.waivedAdvisories ?? [])
            ),
            of: tpm
        )
        return certificates
    }

    /// - Parameter supersede: what becomes of a board that was swapped, when the next one takes its serial number.
    private func claim(
        _ request: EnrolmentRequest,
        _ tpm: ContentDigest,
        from station: Label,
        superseding supersede: (IssuedRegister.Entry) throws -> Void
    ) throws -> IssuedRegister.Entry? {
        try authority.register.claim(
            request.serial,
            of: tpm,
            from: station,
            retired: request.retired,
            supersede: supersede
        )
    }

    private func keys(of request: EnrolmentRequest) throws -> RequestedKeys {
        guard let endorsement = try? TPMTPublic(parsing: request.endorsementKey.bytes) else {
            throw BirthRefusal(.residency(.endorsementKeyUnsuitable))
        }
        guard let enrolment = try? TPMTPublic(parsing: request.enrolmentKey.bytes),
            enrolment.isKey(of: ResidencyProof.enrolmentTemplate)
        else { throw BirthRefusal(.residency(.enrolmentKeyUnsuitable)) }
        let certificate = try? request.certificate.map { try EKCertificate(fromNV: $0.bytes).certificate.bytes }
        return RequestedKeys(
            endorsement: endorsement,
            enrolment: enrolment,
            endorsementField: certificate ?? endorsement.bytes
        )
    }

    private func judge(_ request: EnrolmentRequest, _ area: TPMTPublic, at date: Int64) throws -> EndorsementFacts {
        guard let key = try? PublicKey(area) else { throw BirthRefusal(.residency(.endorsementKeyUnsuitable)) }
        let (policy, allowed) = try authority.endorsementPolicy()
        let verdict: EndorsementVerdict
        if let content = request.certificate?.bytes {
            do throws(CertificateError) {
                let certificate = try EKCertificate(fromNV: content)
                let intermediates = try request.intermediates.map { blob throws(CertificateError) in
                    try ParsedCertificate(der: blob.bytes, allowing: Workaround.all)
                }
                verdict = policy.judge(certificate, for: key, intermediates: intermediates, at: date)
            } catch {
                throw BirthRefusal(.endorsementCertificateUnreadable(error))
            }
        } else {
            verdict = policy.judge(uncertified: area, allowed: allowed)
        }
        switch verdict {
        case .refused(let reasons):
            guard request.certificate != nil else {
                throw BirthRefusal(.endorsementCertificateMissing(index: Handle(rawValue: request.certificateIndex)))
            }
            throw BirthRefusal(reasons.map(BirthReason.endorsement))
        case .accepted(let facts):
            guard request.tier == .tpm else { return facts }
            switch facts.basis {
            case .allowList: throw BirthRefusal(.tierUnendorsed)
            case .certificate(let certificate) where certificate.isSoftware:
                throw BirthRefusal(.tierOverstated(model: certificate.tpm?.model ?? "not named"))
            case .certificate: return facts
            }
        }
    }

    /// Forgets what is too old, and the oldest of a station that has too many.
    private func makeRoom(for station: Label, at date: Int64) {
        open = open.filter { date - $0.value.madeAt <= Self.lifetime }
        let own = open.filter { $0.value.station == station }
        guard own.count >= Self.maximumOpenPerStation,
            let oldest = own.min(by: { $0.value.madeAt < $1.value.madeAt })
        else { return }
        open[oldest.key] = nil
    }

    private static func random(_ count: Int, using generator: inout SystemRandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in generator.next() }
    }
}

extension EnrolmentRequest {
    /// Under what the register knows this life of the TPM: each has certificates of its own.
    fileprivate func life(of tpm: ContentDigest) -> ContentDigest { TPMLife.digest(tpm, following: follows) }

    /// Which keys are known to be weak, whatever firmware the TPM runs: the CA asks the keys, not the station.
    fileprivate func findings(of keys: KeyValuePairs<String, TPMTPublic>) -> [TPMAdvisoryFinding] {
        TPMAdvisoryFinding.weaknesses(of: keys, waived: (waivedAdvisories ?? []).advisories)
    }
}

/// Certificates are being issued for this TPM by somebody else; asking again in a moment finds them.
public struct EnrolmentBusy: Error {}
