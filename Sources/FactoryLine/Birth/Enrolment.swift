import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// The station's side of a birth's keys: made in the TPM, shown to be in it, certified.
struct Enrolment: Sendable {
    let profile: ProvisioningProfile
    let order: BirthOrder
    /// TPMs that had this serial number and were taken out.
    let retired: [ContentDigest]
    let authority: any CertifyingAuthority

    /// What came of it.
    struct Outcome: ~Copyable {
        let bornAt: Int64
        let enrolled: BirthJournal.Enrolled
        let keys: KeptKeys
    }

    /// Proves residency and has both keys certified; everything it makes in the TPM is found again by the next attempt.
    func run(
        on tpm: isolated TPM,
        endorsementKey found: consuming FoundEndorsementKey,
        before step: @Sendable (BirthStep) async throws -> Void
    ) async throws -> Outcome {
        let connection = try tpm.connection
        let endorsementKey = found.key
        let enrolment = try connection.createPrimary(ResidencyProof.enrolmentTemplate, in: .endorsement)
        let enrolmentArea = enrolment.object.publicArea
        let challenge = try await authority.challenge(request(endorsementKey, enrolmentArea))
        // Nothing persistent was made before the CA had judged the endorsement key.
        let ek = try connection.keep(found, of: profile)
        let secret = try connection.activate(
            try challenge.credential,
            of: enrolment.object,
            with: ek,
            publicArea: endorsementKey.publicArea
        )

        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        let names = try (endorsement: Name(of: endorsementKey.publicArea), enrolment: enrolment.object.name)
        let iak = try connection.make(
            template.iak(uniqueY: uniqueY, following: order.formerLife),
            at: profile.keys.iakHandle.handle,
            certifiedBy: enrolment.object,
            among: names,
            as: order.takesOver?.instance
        )
        let idevid = try connection.make(
            template.idevid(uniqueY: uniqueY, following: order.formerLife),
            at: profile.keys.idevidHandle.handle,
            certifiedBy: iak.kept,
            among: names
        )
        // No weak key is certified.
        _ = try profile.judge(iak: iak.certified.publicArea, idevid: idevid.certified.publicArea)
        let keys = ResidencyProof(
            endorsementKey: endorsementKey.publicArea,
            enrolmentKey: enrolmentArea,
            iak: iak.certified,
            idevid: idevid.certified
        )
        let proof = EnrolmentProof(
            challenge: challenge.identifier,
            enrolmentKey: Blob(enrolmentArea.bytes),
            proof: HexBytes(try keys.activationProof(secret: secret, challenge: challenge.identifier.bytes))
        )
        let content = try content(keys, proof, endorsementKey)
        let contents = content.bytes(form: profile.requestForm)
        let signature = try connection.sign(
            content.hash.digest(contents),
            with: idevid.kept,
            // An RSA identity key has no scheme of its own (TCG Keys for Device Identity, 7.3.4.1).
            scheme: idevid.certified.publicArea.scheme == .null ? .rsassa(template.nameAlg) : .null
        )

        try await step(.certify)
        let certificates = try await authority.enrol(
            EnrolmentAnswer(
                request: Blob(
                    try IDevIDRequest.bytes(contents: contents, signature: signature, form: profile.requestForm)
                ),
                form: profile.requestForm
            )
        )
        return Outcome(
            bornAt: certificates.bornAt,
            enrolled: try enrolled(keys, certificates, endorsementKey),
            keys: KeptKeys(ek: ek, iak: iak.kept, idevid: idevid.kept)
        )
    }

    private func request(_ endorsementKey: EndorsementKey, _ enrolmentKey: TPMTPublic) -> EnrolmentRequest {
        EnrolmentRequest(
            serial: order.serial,
            model: order.model,
            tier: order.tier,
            endorsementKey: Blob(endorsementKey.publicArea.bytes),
            certificateIndex: endorsementKey.certificateIndex.rawValue,
            certificate: endorsementKey.certificate.map { Blob($0) },
            intermediates: endorsementKey.usefulIntermediates.map { Blob($0.bytes) },
            enrolmentKey: Blob(enrolmentKey.bytes),
            retired: retired,
            waivedAdvisories: profile.waivedAdvisories,
            follows: order.formerInstance
        )
    }

    private func content(
        _ keys: ResidencyProof,
        _ proof: EnrolmentProof,
        _ endorsementKey: EndorsementKey
    ) throws -> IDevIDContent {
        let certificate = try endorsementKey.certificate.map { try EKCertificate(fromNV: $0).certificate.bytes }
        return IDevIDContent(
            hash: try HashAlgorithm(profile.identityTemplate.nameAlg),
            model: Array(order.model.text.utf8),
            serial: Array(order.serial.text.utf8),
            caData: try CanonicalJSON.encode(proof),
            endorsement: certificate ?? endorsementKey.publicArea.bytes,
            attestationKey: keys.iak.publicArea,
            attestationStatement: keys.iak.attest,
            attestationStatementSignature: keys.iak.signature,
            identityKey: keys.idevid.publicArea,
            identityStatement: keys.idevid.attest,
            identityStatementSignature: keys.idevid.signature
        )
    }

    private func enrolled(
        _ keys: ResidencyProof,
        _ certificates: EnrolmentCertificates,
        _ endorsementKey: EndorsementKey
    ) throws -> BirthJournal.Enrolled {
        func born(
            _ area: TPMTPublic,
            _ template: Label,
            _ handle: HandleText,
            _ certificate: [UInt8]?
        ) throws -> BornKey {
            let name = try Name(of: area)
            return BornKey(
                template: template,
                handle: handle.handle.rawValue,
                publicArea: Blob(area.bytes),
                name: HexBytes(name.contents),
                qualifiedName: HexBytes(try name.qualified(under: Name(handle: .endorsement)).contents),
                certificate: certificate.map { Blob($0) }
            )
        }
        let certificate = try endorsementKey.certificate.map { try EKCertificate(fromNV: $0).certificate }
        return BirthJournal.Enrolled(
            ek: try born(
                endorsementKey.publicArea,
                profile.endorsementKey.template,
                profile.endorsementKey.handle,
                certificate?.bytes
            ),
            intermediates: endorsementKey.usefulIntermediates.map { Blob($0.bytes) },
            iak: try born(keys.iak.publicArea, profile.keys.template, profile.keys.iakHandle, certificates.iak.bytes),
            idevid: try born(
                keys.idevid.publicArea,
                profile.keys.template,
                profile.keys.idevidHandle,
                certificates.idevid.bytes
            ),
            residency: Residency(
                enrolmentKey: Blob(keys.enrolmentKey.bytes),
                iakCreation: Blob(keys.iak.attest),
                iakSignature: Blob(keys.iak.signature),
                idevidCreation: Blob(keys.idevid.attest),
                idevidSignature: Blob(keys.idevid.signature)
            )
        )
    }
}

extension EnrolmentChallenge {
    /// The credential, as TPM2_ActivateCredential takes it.
    fileprivate var credential: Credential {
        get throws {
            Credential(
                idObject: try TPM2BIDObject(parsing: idObject.bytes),
                secret: try TPM2BEncryptedSecret(parsing: secret.bytes)
            )
        }
    }
}
