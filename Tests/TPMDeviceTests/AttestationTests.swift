import Crypto
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct AttestationTests {
    @Test(arguments: DeviceIdentityTemplate.allCases)
    func quoteIsSignedByTheKeyOverTheBytesReturned(template: DeviceIdentityTemplate) async throws {
        try await withDevice { device in
            let bound = [UInt8](repeating: 0xA5, count: 32)
            let pcrs = try selection(.sha256, [0, 7, 23])
            let (key, name, quote) = try await device.onTPM { connection throws(TPMError) in
                let iak = try connection.createPrimary(template.iak(), in: .endorsement)
                let information = try connection.readPublic(iak.object)
                return (
                    information.publicArea, information.qualifiedName,
                    try connection.quote(pcrs, with: iak.object, qualifyingData: bound)
                )
            }
            let attest = try TPMSAttest(parsing: quote.attest)
            #expect(attest.extraData == bound)
            #expect(attest.qualifiedSigner == name)
            #expect(attest.quote?.pcrSelect == pcrs)
            let signature = try TPMTSignature(parsing: quote.signature)
            #expect(try VerifyingKey(key).verify(signature, over: quote.attest) == .valid)
        }
    }

    /// The ADMIN-role note of the verifier's reference: TCG's identity keys cannot activate a credential or be
    /// certified without a policy that stands only in the standard; a transient key without adminWithPolicy stands in.
    @Test(arguments: [
        (EndorsementKeyTemplate.eccP256, DeviceIdentityTemplate.eccP256), (.rsa2048, .rsa2048), (.eccP384, .eccP384),
    ])
    func residencyIsProvenByAnEnrolmentKey(
        endorsement: EndorsementKeyTemplate,
        identity: DeviceIdentityTemplate
    ) async throws {
        try await withDevice { device in
            let tpm = try await openTPM(tcti: device.tcti)
            let secret = [UInt8]("32 bytes that nobody else knows.".utf8)
            let nonce = [UInt8](repeating: 7, count: 32)
            try await prove(on: tpm, endorsement: endorsement, identity: identity, secret: secret, nonce: nonce)
            await tpm.close()
        }
    }

    /// Isolated to the TPM, so that its objects live while the other side thinks.
    private func prove(
        on tpm: isolated TPM,
        endorsement: EndorsementKeyTemplate,
        identity: DeviceIdentityTemplate,
        secret: [UInt8],
        nonce: [UInt8]
    ) async throws {
        let connection = try tpm.connection
        let ek = try connection.createPrimary(endorsement.area, in: .endorsement)
        let enrolment = try connection.createPrimary(identity.enrolmentKey, in: .endorsement)

        // The other side knows the public areas only.
        let (ekArea, enrolmentArea) = (ek.object.publicArea, enrolment.object.publicArea)
        let credential = try await Task {
            var generator = SystemRandomNumberGenerator()
            return try StorageKey(ekArea).makeCredential(
                name: Name(of: enrolmentArea),
                secret: secret,
                using: &generator
            )
        }.value

        let session = try connection.endorsementSession(for: ek.object)
        let answer = try connection.activateCredential(
            credential.idObject,
            secret: credential.secret,
            of: enrolment.object,
            with: ek.object,
            keyAuthorization: .session(session)
        )
        #expect(answer == secret)

        let verifying = try VerifyingKey(enrolmentArea)
        for template in [identity.iak(), identity.idevid()] {
            let key = try connection.createPrimary(template, in: .endorsement)
            let certified = try connection.certifyCreation(
                of: key.object,
                creation: key.creation,
                with: enrolment.object,
                qualifyingData: nonce
            )
            let attest = try TPMSAttest(parsing: certified.attest)
            #expect(attest.attested == .creation(objectName: key.object.name, creationHash: key.creation.hash))
            #expect(attest.extraData == nonce)
            #expect(try verifying.verify(TPMTSignature(parsing: certified.signature), over: certified.attest) == .valid)
        }
    }

    @Test func credentialForAnotherNameIsNotActivated() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let ek = try connection.createPrimary(EndorsementKeyTemplate.eccP256.area, in: .endorsement)
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let (idObject, secret) = try connection.makeCredential(
                    for: ek.object,
                    secret: [1, 2, 3],
                    name: ek.object.name
                )
                let session = try connection.endorsementSession(for: ek.object)
                let error = #expect(throws: TPMError.self) {
                    try connection.activateCredential(
                        idObject,
                        secret: secret,
                        of: key.object,
                        with: ek.object,
                        keyAuthorization: .session(session)
                    )
                }
                #expect(error?.code == .integrity)
            }
        }
    }

    @Test func identityKeyRefusesTheAdminRoleWithoutItsPolicy() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let iak = try connection.createPrimary(DeviceIdentityTemplate.eccP256.iak(), in: .endorsement)
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let error = #expect(throws: TPMError.self) {
                    try connection.certify(iak.object, with: key.object, qualifyingData: [])
                }
                #expect(error?.code?.name == "TPM_RC_AUTH_TYPE")
            }
        }
    }

    @Test func certifyNamesTheObject() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let signer = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let object = try connection.createPrimary(Templates.signingKey, in: .owner)
                let information = try connection.readPublic(object.object)
                let certified = try connection.certify(object.object, with: signer.object, qualifyingData: [9])
                let attest = try? TPMSAttest(parsing: certified.attest)
                #expect(
                    attest?.attested == .certify(name: information.name, qualifiedName: information.qualifiedName)
                )
            }
        }
    }
}
