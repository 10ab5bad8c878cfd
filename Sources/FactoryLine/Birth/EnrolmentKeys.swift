import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// A key that was made, and the TPM's statement that it was.
struct MadeKey: ~Copyable {
    let certified: ResidencyProof.CertifiedKey
    let kept: PersistentObject
}

extension TPMConnection {
    /// The secret of a credential: only if `object` and the endorsement key are in this TPM.
    ///
    /// The session is salted to the endorsement key and encrypts the secret on its way out (Part 1, 19). It is the only
    /// one of a birth: nothing else that crosses the bus is secret, and a policy session is empty once it has authorised.
    func activate(
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
    /// - Parameter instance: whose attestation key it must be, when that is known before.
    func make(
        _ template: TPMTPublic,
        at handle: Handle,
        certifiedBy signer: borrowing some LoadedObject & ~Copyable,
        among names: (endorsement: Name, enrolment: Name),
        as instance: InstanceID? = nil
    ) throws -> MadeKey {
        let key = try createPrimary(template, in: .endorsement)
        let made = InstanceID(iakName: key.object.name.contents)
        guard instance ?? made == made else { throw BirthRefusal(.takesOverAnother(made)) }
        let statement = try certifyCreation(
            of: key.object,
            creation: key.creation,
            with: signer,
            qualifyingData: ResidencyProof.qualifyingData(
                endorsementKey: names.endorsement,
                enrolmentKey: names.enrolment,
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
