import Crypto
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct CommandTests {
    @Test func identityAndLimits() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let identity = try connection.identity()
                #expect(identity.manufacturer == "IBM")
                #expect(identity.manufacturerID == 0x4942_4D00)
                #expect(identity.vendorString == "SW TPM")
                #expect(try connection.nvBufferMaximum() == 1024)
                #expect(
                    try connection.pcrBanks().selections.filter { !$0.pcrs.isEmpty }.map(\.hash) == [
                        .sha1, .sha256, .sha384,
                    ]
                )
            }
        }
    }

    @Test func extendAndReadEveryPCROfEveryBank() async throws {
        try await withDevice { device in
            let all = try [AlgorithmID.sha1, .sha256, .sha384].map { bank in
                try #require(TPMSPCRSelection(bank: bank, pcrs: Set(0..<24)))
            }
            let selection = try #require(TPMLPCRSelection(all))
            try await device.onTPM { connection throws(TPMError) in
                let before = try connection.pcrRead(selection)
                #expect(before.banks.mapValues(\.count) == [.sha1: 24, .sha256: 24, .sha384: 24])
                let digests = [AlgorithmID.sha1, .sha256, .sha384].compactMap { bank in
                    TPMTHA(hashAlg: bank, digest: LogReplay.hash([1], bank))
                }
                try connection.pcrExtend(16, with: digests)
                let after = try connection.pcrRead(selection)
                for digest in digests {
                    let expected = LogReplay.hash(
                        [UInt8](repeating: 0, count: digest.digest.count) + digest.digest,
                        digest.hashAlg
                    )
                    #expect(after.banks[digest.hashAlg]?[16] == expected)
                    #expect(after.banks[digest.hashAlg]?[15] == before.banks[digest.hashAlg]?[15])
                }
                try connection.pcrReset(16)
                #expect(try connection.pcrRead(selection).banks == before.banks)
                #expect(throws: TPMError.self) { try connection.pcrReset(0) }
                #expect(throws: TPMError.self) { try connection.pcrExtend(32, with: digests) }
                #expect(throws: TPMError.self) { try connection.pcrExtend(-1, with: digests) }
            }
        }
    }

    @Test func banksThatTheTPMLacksAreAbsent() async throws {
        try await withDevice { device in
            let pcrs = try selection(.sha512, [0, 1])
            let values = try await device.onTPM { connection throws(TPMError) in try connection.pcrRead(pcrs) }
            #expect(values.banks.isEmpty)
        }
    }

    @Test func samePrimaryForEverAndPersistentOverReboots() async throws {
        try await withDevice { device in
            let handle = Handle(rawValue: 0x8102_0001)
            let template = DeviceIdentityTemplate.eccP256.iak()
            let name = try await device.onTPM { connection throws(TPMError) in
                let iak = try connection.createPrimary(template, in: .endorsement)
                let persistent = try connection.persist(iak.object, at: handle)
                #expect(try persistent.name == iak.object.name)
                let error = #expect(throws: TPMError.self) { _ = try connection.persist(iak.object, at: handle) }
                #expect(error?.code == .nvDefined)
                return iak.object.name
            }
            try await device.powerCycle()
            try await device.onTPM { connection throws(TPMError) in
                #expect(try connection.createPrimary(template, in: .endorsement).object.name == name)
                guard let persistent = try connection.persistentObject(at: handle) else {
                    Issue.record("nothing at \(handle)")
                    return
                }
                #expect(try persistent.name == name)
                #expect(try connection.readPublic(persistent).name == name)
                try connection.evict(persistent)
                #expect(try connection.handles(.persistent) == [])
                if case .some = try connection.persistentObject(at: handle) { Issue.record("an object after it went") }
            }
        }
    }

    @Test func clearTakesOwnersAndKeepsEndorsementKeys() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let owner = try connection.createPrimary(Templates.storageKey, in: .owner).object.name
                let endorsement = try connection.createPrimary(Templates.storageKey, in: .endorsement).object.name
                try connection.clear()
                #expect(try connection.createPrimary(Templates.storageKey, in: .owner).object.name != owner)
                #expect(try connection.createPrimary(Templates.storageKey, in: .endorsement).object.name == endorsement)
                #expect(try connection.readClock().clockInfo.resetCount == 0)
            }
        }
    }

    @Test func restrictedKeySignsOnlyWhatTheTPMHashed() async throws {
        try await withDevice { device in
            let message = [UInt8]("harmless".utf8)
            let forged: [UInt8] = [0xFF, 0x54, 0x43, 0x47] + [UInt8](repeating: 0, count: 60)
            let (area, signature) = try await device.onTPM { connection throws(TPMError) in
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let hashed = try connection.hash(message, algorithm: .sha256, ticketFor: .endorsement)
                let bare = #expect(throws: TPMError.self) { _ = try connection.sign(hashed.digest, with: key.object) }
                #expect(bare?.code == .ticket)
                let generated = try connection.hash(forged, algorithm: .sha256, ticketFor: .endorsement)
                let claimed = #expect(throws: TPMError.self) {
                    _ = try connection.sign(generated.digest, with: key.object, ticket: generated.ticket)
                }
                #expect(claimed?.code == .ticket)
                return (
                    key.object.publicArea,
                    try connection.sign(hashed.digest, with: key.object, ticket: hashed.ticket)
                )
            }
            #expect(try VerifyingKey(area).verify(signature, over: message) == .valid)
        }
    }

    @Test func creationDataCarryWhatWasAsked() async throws {
        try await withDevice { device in
            let pcrs = try selection(.sha256, [1, 2])
            let outside = [UInt8](repeating: 3, count: 32)
            let creation = try await device.onTPM { connection throws(TPMError) in
                try connection.createPrimary(
                    Templates.signingKey,
                    in: .owner,
                    outsideInfo: outside,
                    creationPCRs: pcrs
                ).creation
            }
            let data = try TPMSCreationData(parsing: creation.data)
            #expect(data.outsideInfo == outside)
            #expect(data.pcrSelect == pcrs)
            #expect(data.parentName == Name(handle: .owner))
            #expect(creation.hash == Array(SHA256.hash(data: creation.data)))
            #expect(creation.ticket.hierarchy == .owner)
        }
    }

    @Test func externalKeysAreLoaded() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let area = try connection.createPrimary(Templates.signingKey, in: .owner).object.publicArea
                let loaded = try connection.loadExternal(area, in: .owner)
                #expect(try loaded.name == connection.readPublic(loaded).name)
            }
        }
    }

    @Test func randomBytesBeyondOneDigest() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                #expect(try connection.random(count: 0) == [])
                let one = try connection.random(count: 200)
                #expect(one.count == 200)
                #expect(try connection.random(count: 200) != one)
                #expect(throws: TPMError.self) { _ = try connection.random(count: -1) }
            }
        }
    }
}
