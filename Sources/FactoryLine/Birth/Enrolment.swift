import Endorsement
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// The station's side of a birth's keys: made in the TPM, shown to be in it, certified.
struct Enrolment: Sendable {
    let profile: ProvisioningProfile
    let order: BirthOrder
    let bornAt: Int64
    let desk: EnrolmentDesk

    /// What came of it.
    struct Outcome: ~Copyable {
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
        let challenge = try await desk.challenge(
            EnrolmentRequest(
                endorsementKey: endorsementKey.publicArea,
                certificateIndex: endorsementKey.certificateIndex,
                certificate: endorsementKey.certificate,
                intermediates: endorsementKey.intermediates,
                enrolmentKey: enrolmentArea,
                order: order
            ),
            at: bornAt
        )
        // Nothing persistent was made before the desk had judged the endorsement key.
        let ek = try connection.keep(found, of: profile)
        let secret = try connection.activate(
            challenge.credential,
            of: enrolment.object,
            with: ek,
            publicArea: endorsementKey.publicArea
        )

        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        let name = try Name(of: endorsementKey.publicArea)
        let iak = try connection.make(
            template.iak(uniqueY: uniqueY),
            at: profile.keys.iakHandle.handle,
            certifiedBy: enrolment.object,
            endorsementKey: name
        )
        let idevid = try connection.make(
            template.idevid(uniqueY: uniqueY),
            at: profile.keys.idevidHandle.handle,
            certifiedBy: enrolment.object,
            endorsementKey: name
        )
        let keys = ResidencyProof(
            endorsementKey: endorsementKey.publicArea,
            enrolmentKey: enrolmentArea,
            iak: iak.certified,
            idevid: idevid.certified
        )

        try await step(.certify)
        let certificates = try await desk.enrol(
            EnrolmentAnswer(
                identifier: challenge.identifier,
                proof: try EnrolmentAnswer.proof(of: secret, identifier: challenge.identifier, keys: keys),
                keys: keys
            ),
            template: template,
            uniqueY: uniqueY
        )
        return Outcome(
            enrolled: try enrolled(keys, certificates, endorsementKey),
            keys: KeptKeys(ek: ek, iak: iak.kept, idevid: idevid.kept)
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
            intermediates: certificate.map { endorsementKey.intermediates(above: $0).map { Blob($0.bytes) } } ?? [],
            iak: try born(keys.iak.publicArea, profile.keys.template, profile.keys.iakHandle, certificates.iak),
            idevid: try born(
                keys.idevid.publicArea,
                profile.keys.template,
                profile.keys.idevidHandle,
                certificates.idevid
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

/// A key that was made, and the TPM's statement that it was.
private struct MadeKey: ~Copyable {
    let certified: ResidencyProof.CertifiedKey
    let kept: PersistentObject
}

extension TPMConnection {
    /// The secret of a credential: only if `object` and the endorsement key are in this TPM.
    ///
    /// The session is salted to the endorsement key and encrypts the secret on its way out (Part 1, 19). It is the only
    /// one of a birth: nothing else that crosses the bus is secret, and a policy session is empty once it has authorised.
    fileprivate func activate(
        _ credential: Credential,
        of object: borrowing TransientObject,
        with endorsementKey: borrowing PersistentObject,
        publicArea: TPMTPublic
    ) throws -> [UInt8] {
        let session = try endorsementSession(for: endorsementKey, publicArea: publicArea)
        do throws(TPMError) {
            return try activateCredential(
                credential.idObject,
                secret: credential.secret,
                of: object,
                with: endorsementKey,
                keyAuthorization: .session(session)
            )
        } catch {
            // The TPM says that the credential is not for it (Part 3, 12.5): a verdict, not a malfunction.
            guard let code = error.code, [.integrity, .value, .size].contains(code) else { throw error }
            throw BirthRefusal(.residency(.activationWrong))
        }
    }

    /// Makes a primary key in the endorsement hierarchy, has its creation certified, and keeps it at a handle.
    ///
    /// The same template gives the same key, so what an earlier attempt has kept must be this key.
    fileprivate func make(
        _ template: TPMTPublic,
        at handle: Handle,
        certifiedBy enrolmentKey: borrowing TransientObject,
        endorsementKey: Name
    ) throws -> MadeKey {
        let key = try createPrimary(template, in: .endorsement)
        let statement = try certifyCreation(
            of: key.object,
            creation: key.creation,
            with: enrolmentKey,
            qualifyingData: ResidencyProof.qualifyingData(
                endorsementKey: endorsementKey,
                enrolmentKey: enrolmentKey.name,
                certified: key.object.name
            )
        )
        return MadeKey(
            certified: ResidencyProof.CertifiedKey(
                publicArea: key.object.publicArea,
                attest: statement.attest,
                signature: statement.signature
            ),
            kept: try keep(key.object, at: handle)
        )
    }

    /// Keeps a key again that its journal knows, if the TPM has lost the handle since; it must be the same key.
    func keepAgain(_ born: BornKey, template: TPMTPublic) throws -> PersistentObject {
        let handle = Handle(rawValue: born.handle)
        if let kept = try persistentObject(at: handle) {
            guard try kept.name.contents == born.name.bytes else { throw BirthRefusal(.handleTaken(handle)) }
            return kept
        }
        let key = try createPrimary(template, in: .endorsement)
        guard key.object.name.contents == born.name.bytes else {
            throw BirthRefusal(.changedSinceBirth(["the key at \(handle)"]))
        }
        return try persist(key.object, at: handle)
    }
}
