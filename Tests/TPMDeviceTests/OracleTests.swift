import Crypto
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// What TPMCrypto computes, held against the TPM that computes it too.
@Suite struct OracleTests {
    static let templates: [TPMTPublic] =
        EndorsementKeyTemplate.allCases.map(\.area)
        + DeviceIdentityTemplate.allCases.flatMap { template in
            [template.iak(), template.iak(uniqueY: .repeated), template.idevid(), template.enrolmentKey]
        }

    @Test func namesOfEveryTemplate() async throws {
        try await withDevice { device in
            for template in Self.templates {
                let information = try await device.onTPM { connection throws(TPMError) in
                    try connection.readPublic(connection.createPrimary(template, in: .endorsement).object)
                }
                #expect(try Name(of: information.publicArea) == information.name)
                #expect(
                    try information.name.qualified(under: Name(handle: .endorsement)) == information.qualifiedName
                )
            }
        }
    }

    @Test func namesBelowAParentAndOfNV() async throws {
        try await withDevice { device in
            let (parent, child, index) = try await device.onTPM { connection throws(TPMError) in
                let parent = try connection.createPrimary(Templates.storageKey, in: .owner)
                let created = try connection.create(Templates.signingKey, under: parent.object)
                let child = try connection.load(created.publicArea, created.privateArea, under: parent.object)
                let index = try connection.nvDefineSpace(NVTests.ordinary)
                return (
                    try connection.readPublic(parent.object), try connection.readPublic(child),
                    try connection.nvReadPublic(index)
                )
            }
            #expect(try Name(of: child.publicArea) == child.name)
            #expect(try child.name.qualified(under: parent.qualifiedName) == child.qualifiedName)
            #expect(try Name(of: index.publicArea) == index.name)
        }
    }

    @Test(arguments: EndorsementKeyTemplate.allCases)
    func credentialsOfSoftwareAndOfTheTPMAreActivatedAlike(template: EndorsementKeyTemplate) async throws {
        try await withDevice { device in
            let secret = [UInt8]("a secret of 32 bytes, not 31 here".utf8.prefix(32))
            try await device.onTPM { connection throws(TPMError) in
                let ek = try connection.createPrimary(template.area, in: .endorsement)
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                var generator = SystemRandomNumberGenerator()
                let storage = try? StorageKey(ek.object.publicArea)
                let software = try? storage?.makeCredential(name: key.object.name, secret: secret, using: &generator)
                guard let software else {
                    Issue.record("no credential")
                    return
                }
                let tpm = try connection.makeCredential(for: ek.object, secret: secret, name: key.object.name)
                for (idObject, encrypted) in [(software.idObject, software.secret), tpm] {
                    let session = try connection.endorsementSession(for: ek.object)
                    let activated = try connection.activateCredential(
                        idObject,
                        secret: encrypted,
                        of: key.object,
                        with: ek.object,
                        keyAuthorization: .session(session)
                    )
                    #expect(activated == secret)
                }
            }
        }
    }

    /// The one-round-trip variant: a key that the verifier made, imported under the EK, certifies by HMAC.
    @Test(arguments: [EndorsementKeyTemplate.rsa2048, .eccP256])
    func duplicateOfSoftwareIsImportedAndCertifies(template: EndorsementKeyTemplate) async throws {
        try await withDevice { device in
            let key = [UInt8](repeating: 0x5A, count: 32)
            let seed = [UInt8](repeating: 0xC3, count: 32)
            let unique = Array(SHA256.hash(data: seed + key))
            let area = TPMTPublic(
                nameAlg: .sha256,
                objectAttributes: [.userWithAuth, .restricted, .sign],
                parameters: .keyedHash(.hmac(.sha256), unique: unique)
            )
            let sensitive = TPMTSensitive(sensitiveType: .keyedHash, seedValue: seed, sensitive: key)
            let name = try Name(of: area)
            let tpm = try await openTPM(tcti: device.tcti)
            let ekArea = try await tpm.perform { connection throws(TPMError) in
                try connection.createPrimary(template.area, in: .endorsement).object.publicArea
            }
            var generator = SystemRandomNumberGenerator()
            let duplicate = try StorageKey(ekArea).duplicate(sensitive, name: name, using: &generator)
            let certified = try await tpm.perform { connection throws(TPMError) in
                let ek = try connection.createPrimary(template.area, in: .endorsement)
                let importing = try connection.endorsementSession(for: ek.object)
                let privateArea = try connection.importObject(
                    area,
                    duplicate: duplicate.duplicate,
                    seed: duplicate.seed,
                    under: ek.object,
                    authorization: .session(importing)
                )
                let loading = try connection.endorsementSession(for: ek.object)
                let hmac = try connection.load(
                    area,
                    privateArea,
                    under: ek.object,
                    authorization: .session(loading)
                )
                let iak = try connection.createPrimary(DeviceIdentityTemplate.eccP256.iak(), in: .endorsement)
                return try connection.certifyCreation(
                    of: iak.object,
                    creation: iak.creation,
                    with: hmac,
                    qualifyingData: []
                )
            }
            await tpm.close()
            // The HMAC of a TPM is over the digest of what it signs.
            let code = HMAC<SHA256>.authenticationCode(
                for: Array(SHA256.hash(data: certified.attest)),
                using: SymmetricKey(data: key)
            )
            let expected = try #require(TPMTHA(hashAlg: .sha256, digest: Array(code)))
            #expect(try TPMTSignature(parsing: certified.signature) == .hmac(expected))
        }
    }

    @Test(arguments: [
        (TPMTAsymScheme.rsapss(.sha256), AlgorithmID.sha256), (.rsassa(.sha256), .sha256), (.rsapss(.sha384), .sha384),
    ])
    func signaturesOfUnrestrictedRSA(scheme: TPMTAsymScheme, hash: AlgorithmID) async throws {
        try await withDevice { device in
            let message = [UInt8]("signed by a TPM".utf8)
            let (area, signature) = try await device.onTPM { connection throws(TPMError) in
                let key = try connection.createPrimary(DeviceIdentityTemplate.rsa2048.idevid(), in: .endorsement)
                return (
                    key.object.publicArea,
                    try connection.sign(LogReplay.hash(message, hash), with: key.object, scheme: scheme)
                )
            }
            let key = try VerifyingKey(area)
            #expect(key.verify(signature, over: message) == .valid)
            #expect(key.verify(signature, over: message + [0]) != .valid)
        }
    }

    @Test(arguments: [HashAlgorithm.sha256, .sha384])
    func policyDigestsOfTrialSessions(hash: HashAlgorithm) async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let session = try connection.startSession(.trial, hash: hash.id)
                var expected = PolicyDigest(hash)
                try connection.policySecret(session, of: .endorsement)
                expected.secret(entity: Name(handle: .endorsement))
                #expect(try connection.policyGetDigest(session) == expected.value)
                let branches = [expected.value, [UInt8](repeating: 1, count: hash.digestSize)]
                try connection.policyOR(session, branches: branches)
                expected.or(branches)
                #expect(try connection.policyGetDigest(session) == expected.value)

                let index = try connection.nvDefineSpace(NVTests.ordinary)
                try connection.nvWrite([UInt8](repeating: 0, count: 34), to: index)
                let inNV = try connection.startSession(.trial, hash: hash.id)
                try connection.policyAuthorizeNV(inNV, index: index)
                var authorized = PolicyDigest(hash)
                authorized.authorizeNV(index: try connection.nvReadPublic(index).name)
                #expect(try connection.policyGetDigest(inNV) == authorized.value)
            }
        }
    }
}
