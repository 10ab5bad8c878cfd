import FoundationEssentials
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct SessionTests {
    /// Everything of the TPM that a leak would use up.
    private static func occupied(_ connection: TPMConnection) throws(TPMError) -> [Int] {
        [
            try connection.handles(.transient).count, try connection.handles(.hmacSession).count,
            try connection.handles(.policySession).count,
        ]
    }

    /// Takes a session and a handle, which costs a TPM next to nothing, and fails with both in hand when it is told to.
    private static func take(
        _ connection: TPMConnection,
        _ key: TPMTPublic,
        quoting pcrs: TPMLPCRSelection?
    ) throws(TPMError) {
        let policy = try connection.startSession(.policy)
        let object = try connection.loadExternal(key, in: .owner)
        guard let pcrs else { return }
        _ = try connection.quote(pcrs, with: object, qualifyingData: [], authorization: .session(policy))
    }

    /// Ten thousand cycles: a thousand on each of ten TPMs at once.
    ///
    /// What takes the time on a busy machine is waiting for answers, so most cycles make do with few of them; in every twentieth an object is
    /// loaded under a salted session and used.
    @Test(arguments: 1...10) func attack84_sessionAndHandleLeak(device number: Int) async throws {
        try await withDevice { device in
            let pcrs = try selection(.sha256, [0, 7])
            try await device.onTPM { connection throws(TPMError) in
                let srk = try connection.createPrimary(Templates.storageKey, in: .owner)
                let created = try connection.create(Templates.attestationKey, under: srk.object)
                let before = try Self.occupied(connection)
                for cycle in 0..<1_000 {
                    if cycle.isMultiple(of: 2) {
                        try Self.take(connection, created.publicArea, quoting: nil)
                    } else {
                        #expect(throws: TPMError.self) {
                            try Self.take(connection, created.publicArea, quoting: pcrs)
                        }
                    }
                    guard cycle.isMultiple(of: 20) else { continue }
                    let session = try connection.startSession(saltedTo: srk.object)
                    let key = try connection.load(
                        created.publicArea,
                        created.privateArea,
                        under: srk.object,
                        authorization: .session(session)
                    )
                    if cycle.isMultiple(of: 40) {
                        _ = try connection.quote(pcrs, with: key, qualifyingData: [1], authorization: .session(session))
                    } else {
                        // A step that fails half-way must not keep what the steps before it took.
                        #expect(throws: TPMError.self) {
                            let policy = try connection.startSession(.policy)
                            let other = try connection.load(created.publicArea, created.privateArea, under: srk.object)
                            _ = try connection.quote(
                                pcrs,
                                with: other,
                                qualifyingData: [],
                                authorization: .session(policy)
                            )
                        }
                    }
                }
                #expect(try Self.occupied(connection) == before, "TPM \(number)")
            }
            // The next client finds nothing left behind by the one that closed.
            let after = try await device.onTPM { connection throws(TPMError) in try Self.occupied(connection) }
            #expect(after == [0, 0, 0], "TPM \(number)")
        }
    }

    @Test(arguments: EndorsementKeyTemplate.allCases)
    func sessionSaltedToAnEndorsementKeyEncrypts(template: EndorsementKeyTemplate) async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let ek = try connection.createPrimary(template.area, in: .endorsement)
                let session = try connection.startSession(saltedTo: ek.object)
                #expect(session.encrypts)
                let index = try connection.nvDefineSpace(NVTests.counter, authorization: .session(session))
                try connection.nvIncrement(index, authorization: .session(session))
                #expect(try session.attributes == [.continueSession])
                #expect(try connection.nvReadCounter(index, authorization: .session(session)) > 0)
                #expect(try session.attributes == [.continueSession, .encrypt])
                let key = try connection.createPrimary(
                    Templates.signingKey,
                    in: .owner,
                    authorization: .session(session)
                )
                #expect(try session.attributes == [.continueSession, .encrypt, .decrypt])
                _ = try connection.sign(
                    [UInt8](repeating: 1, count: 32),
                    with: key.object,
                    authorization: .session(session)
                )
                #expect(try session.attributes == [.continueSession, .decrypt])
            }
        }
    }

    /// What a probe on the bus sees: the pcap TCTI writes down every byte to and from the TPM.
    @Test func secretsDoNotCrossTheBusInTheClear() async throws {
        try await withDevice { device in
            // Its own name for the file; another one would have to go through the environment of the whole process,
            // which nobody may change while other tests start processes.
            let capture = FileManager.default.currentDirectoryPath + "/tpm2_log.pcap"
            defer { try? FileManager.default.removeItem(atPath: capture) }
            // Of a run that was killed: the TCTI would go on behind it.
            try? FileManager.default.removeItem(atPath: capture)
            let secret = [UInt8]("the secret of this test, 32 byte".utf8)
            let auth = [UInt8]("an authorization value".utf8)
            let tpm = try await openTPM(tcti: "pcap:" + device.tcti)
            let sees = { (needle: [UInt8]) in
                try Data(contentsOf: URL(filePath: capture)).firstRange(of: Data(needle)) != nil
            }
            let activate = { @Sendable (connection: TPMConnection, protected: Bool) throws(TPMError) in
                let ek = try connection.createPrimary(EndorsementKeyTemplate.eccP384.area, in: .endorsement)
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                var generator = SystemRandomNumberGenerator()
                guard
                    let credential = try? StorageKey(ek.object.publicArea).makeCredential(
                        name: key.object.name,
                        secret: secret,
                        using: &generator
                    )
                else { return }
                // The P-384 key allows its own empty authorization, so the secret can be asked for in the clear.
                let session = protected ? try connection.endorsementSession(for: ek.object) : nil
                let activated = try connection.activateCredential(
                    credential.idObject,
                    secret: credential.secret,
                    of: key.object,
                    with: ek.object,
                    keyAuthorization: session.map { .session($0) } ?? .password
                )
                #expect(activated == secret)
            }
            try await tpm.perform { connection throws(TPMError) in
                try activate(connection, true)
                let srk = try connection.createPrimary(Templates.storageKey, in: .owner)
                let session = try connection.startSession(saltedTo: srk.object)
                let sealed = TPMSSensitiveCreate(userAuth: auth)
                _ = try connection.create(
                    Templates.signingKey,
                    under: srk.object,
                    sensitive: sealed,
                    authorization: .session(session)
                )
                _ = try connection.nvDefineSpace(NVTests.ordinary, value: auth, authorization: .session(session))
                try connection.hierarchyChangeAuth(of: .owner, to: auth, authorization: .session(session))
            }
            #expect(try !sees(secret))
            #expect(try !sees(auth))
            try await tpm.perform { connection throws(TPMError) in try activate(connection, false) }
            #expect(try sees(secret), "the capture must be able to see it, or it proves nothing")
            await tpm.close()
        }
    }

    @Test func aPolicySessionThatHasAuthorisedIsEmptyAndCanBeFilledAgain() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let ek = try connection.createPrimary(EndorsementKeyTemplate.eccP256.area, in: .endorsement)
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let policy = try connection.startSession(.policy)
                #expect(!policy.encrypts)
                for _ in 0..<2 {
                    let (idObject, secret) = try connection.makeCredential(
                        for: ek.object,
                        secret: [1, 2, 3],
                        name: key.object.name
                    )
                    try connection.policySecret(policy, of: .endorsement)
                    let activated = try connection.activateCredential(
                        idObject,
                        secret: secret,
                        of: key.object,
                        with: ek.object,
                        keyAuthorization: .session(policy)
                    )
                    #expect(activated == [1, 2, 3])
                    #expect(try policy.attributes == [.continueSession])
                }
            }
        }
    }

    @Test func hmacSessionProvesAValueWithoutSendingIt() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let value = [UInt8]("index value".utf8)
                let index = try connection.nvDefineSpace(NVTests.counter, value: value)
                let session = try connection.startSession(.hmac)
                try connection.nvIncrement(index, authorization: .session(session))
                #expect(try connection.nvReadCounter(index, authorization: .session(session)) > 0)
                try connection.setAuthorizationValue([0], of: index)
                let error = #expect(throws: TPMError.self) {
                    try connection.nvIncrement(index, authorization: .session(session))
                }
                #expect(error?.response?.subject == .session(1))
            }
        }
    }

    @Test func commandsAndTheirTimeAreCounted() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let before = connection.usage
                _ = try connection.readClock()
                do {
                    let key = try connection.createPrimary(Templates.signingKey, in: .null)
                    _ = key.object.name
                }
                #expect(connection.usage.commands - before.commands == 3, "clock, create, flush")
                #expect(connection.usage.time > before.time)
            }
        }
    }
}
