import Crypto
import DurableFiles
import Endorsement
import FactoryAuthority
import FactoryLine
import Foundation
import MachineFaults
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// What outlives TPM2_Clear, and how the rest comes back.
@Suite struct RestoreTests {
    private func clear(_ device: SoftwareDevice, by authority: Hierarchy = .lockout) async throws {
        try await device.onTPM { tpm throws(TPMError) in try tpm.clear(by: authority) }
    }

    private static func platformProfile() throws -> ProvisioningProfile {
        var profile = try TestLine.profile()
        profile.nvAuthority = .platform
        return profile
    }

    private func restoration(_ line: TestLine, _ number: UInt32 = 1) throws -> Restoration {
        let birth = try #require(try line.births()["GW-0001.json"])
        let record = try BirthRecord(parsing: SignedEnvelope(parsing: birth).payload.bytes)
        let path = line.station.directory.restoration(number, of: record.instance)
        let envelope = try SignedEnvelope(parsing: [UInt8](Data(contentsOf: URL(filePath: path))))
        return try Restoration(
            parsing: envelope.payload(type: Restoration.payloadType, signedBy: line.station.listed.key)
        )
    }

    private func counter(_ contents: TPMContents, _ counter: BornCounter) throws -> UInt64 {
        let value = try #require(contents.nv[Handle(rawValue: counter.index)]).reduce(0) { $0 << 8 | UInt64($1) }
        return value - counter.base
    }

    /// The same keys at the same handles, and certificates byte for byte.
    private func expectIdentity(_ record: BirthRecord, in contents: TPMContents, _ profile: ProvisioningProfile) {
        for key in [record.ek, record.iak, record.idevid] {
            #expect(contents.persistent[Handle(rawValue: key.handle)]?.contents == key.name.bytes)
        }
        #expect(contents.nv[profile.nv.iakCertificate.handle] == record.iak.certificate?.bytes)
        #expect(contents.nv[profile.nv.idevidCertificate.handle] == record.idevid.certificate?.bytes)
        #expect(contents.loaded == [])
    }

    @Test func aClearedDeviceIsTheSameAgainWithTheVerifiersFloor() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let profile = try TestLine.profile()
                let record = try #require(try await line.provision(device).record)
                let births = try line.births()
                // In the field the floor rose to 5, and two grants were spent.
                try await device.onTPM { tpm throws(TPMError) in
                    for handle in [profile.nv.securityFloor, profile.nv.grants] {
                        guard let index = try tpm.nvIndex(at: handle.handle) else {
                            Issue.record("a counter is missing")
                            return
                        }
                        for _ in 0..<2 { try tpm.nvIncrement(index) }
                    }
                }
                let old = try await TPMContents.of(device)
                try await clear(device)

                // What needs no verifier comes back, and what does is said.
                let partly = try await line.provision(device)
                #expect(partly.text == "security-floor-unknown")
                guard case .refused(let reasons) = partly else {
                    Issue.record("not refused")
                    return
                }
                #expect(reasons.first?.hint.contains("--security-floor") == true)
                let half = try await TPMContents.of(device)
                expectIdentity(record, in: half, profile)
                #expect(half.nv[profile.nv.birthTag.handle] == nil && half.nv[profile.nv.grants.handle] == nil)

                #expect(try await line.provision(device, securityFloor: 2).text == "security-floor-too-low")
                #expect(try await line.provision(device, securityFloor: 5).text == "restored")
                let whole = try await TPMContents.of(device)
                expectIdentity(record, in: whole, profile)
                let statement = try restoration(line)
                #expect(statement.instance == record.instance && statement.number == 1)
                #expect(statement.securityFloor == 5)
                #expect(statement.birth == ContentDigest(of: try CanonicalJSON.encode(record)))
                #expect(try counter(whole, statement.counters.securityFloor) == 5)
                #expect(try counter(whole, statement.counters.grants) == 0)
                // Whoever has not heard of it reads a higher floor from the old base, never a lower one.
                #expect(try counter(whole, record.counters.securityFloor) >= 5)
                #expect(statement.counters.grants.base > record.counters.grants.base)
                let tag = try BirthTag(parsing: try #require(whole.nv[profile.nv.birthTag.handle]))
                #expect(tag.counters == statement.counters && tag.instance == record.instance)
                #expect(whole.attributes == old.attributes)

                #expect(try await line.provision(device).text == "already-born")
                #expect(try line.births() == births)
                #expect(try await TPMContents.of(device) == whole)

                // The verifier refused that floor as too low: told of a higher one, the station counts up to it.
                #expect(try await line.provision(device, securityFloor: 5).text == "already-born")
                #expect(try await line.provision(device, securityFloor: 7).text == "restored")
                let raised = try restoration(line, 2)
                #expect(raised.securityFloor == 7 && raised.counters == statement.counters)
                #expect(try await counter(TPMContents.of(device), raised.counters.securityFloor) == 7)
                #expect(try await line.provision(device, securityFloor: 7).text == "already-born")

                // And once more.
                try await clear(device)
                #expect(try await line.provision(device, securityFloor: 8).text == "restored")
                let last = try restoration(line, 3)
                #expect(last.securityFloor == 8 && last.number == 3)
                #expect(try await counter(TPMContents.of(device), last.counters.securityFloor) == 8)
                #expect(try await line.provision(device).text == "already-born")

                // All of it leaves with the birth, in its order.
                let bundle = try line.station.export(.new, now: TestLine.now).bundle
                #expect(bundle.births.count == 1)
                let numbers = try (bundle.restorations ?? []).map { envelope in
                    try Restoration(
                        parsing: envelope.payload(type: Restoration.payloadType, signedBy: line.station.listed.key)
                    ).number
                }
                #expect(numbers == [1, 2, 3])
            }
        }
    }

    @Test func whatThePlatformDefinedOutlivesAClear() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let profile = try Self.platformProfile()
                let record = try #require(try await line.provision(device, profile: profile).record)
                let before = try await TPMContents.of(device)
                for handle in [profile.nv.iakCertificate, profile.nv.birthTag, profile.nv.grants] {
                    let attributes = TPMANV(rawValue: try #require(before.attributes[handle.handle]))
                    #expect(attributes.isSuperset(of: [.platformCreate, .authRead]))
                }
                try await clear(device)
                let cleared = try await TPMContents.of(device)
                #expect(cleared.persistent == [:])
                #expect(cleared.nv == before.nv)
                // The firmware has closed the platform: nothing of it is needed.
                try await device.onTPM { tpm throws(TPMError) in
                    try tpm.hierarchyChangeAuth(of: .platform, to: [1])
                }
                let outcome = try await line.provision(device, profile: profile)
                #expect(outcome.text == "restored")
                guard case .restored(_, let parts) = outcome else {
                    Issue.record("not restored")
                    return
                }
                #expect(parts == ["endorsement key", "attestation key", "identity key"])
                #expect(try await TPMContents.of(device) == before)
                expectIdentity(record, in: before, profile)
                #expect(try await line.provision(device, profile: profile).text == "already-born")
            }
        }
    }

    @Test func aClosedPlatformIsSaidAndBirthGoesOnWhenItIsOpen() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let profile = try Self.platformProfile()
                try await device.onTPM { tpm throws(TPMError) in
                    try tpm.hierarchyChangeAuth(of: .platform, to: [1])
                }
                await #expect(throws: BirthInterruption.self) { try await line.provision(device, profile: profile) }
                #expect(try line.births() == [:])
                // Platform authorization is empty again after a reset (Part 1, section 13.4).
                try await device.powerCycle()
                #expect(try await line.provision(device, profile: profile).text == "born")
            }
        }
    }

    @Test func ownedHierarchiesGetNewValuesAndANewEscrow() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let key = P256.KeyAgreement.PrivateKey()
                try line.station.keep(escrowKey: key.publicKey)
                let profile = try TestLine.profile("p256-owned")
                #expect(try await line.provision(device, profile: profile).text == "born")
                func values() throws -> AuthorizationValues {
                    let path = line.station.directory.path + "/escrows/GW-0001.json"
                    return try Escrow(parsing: [UInt8](Data(contentsOf: URL(filePath: path)))).open(with: key)
                }
                let old = try values()
                try await clear(device, by: .platform)
                #expect(try await line.provision(device, profile: profile, securityFloor: 3).text == "restored")
                let new = try values()
                #expect(new.owner != old.owner && new.lockout != old.lockout)
                let attributes = try await device.onTPM { tpm throws(TPMError) in try tpm.permanentAttributes() }
                #expect(attributes.isSuperset(of: [.ownerAuthSet, .endorsementAuthSet, .lockoutAuthSet]))
                #expect(try await line.provision(device, profile: profile).text == "already-born")
                #expect(try values() == new)

                // The verifier refused that floor as too low: a counter rises without any of the values.
                #expect(try await line.provision(device, profile: profile, securityFloor: 5).text == "restored")
                #expect(try restoration(line, 2).securityFloor == 5)
                #expect(try values() == new)
                #expect(try await line.provision(device, profile: profile).text == "already-born")
            }
        }
    }

    /// Killed when the new values were drawn and not in escrow yet: what is in escrow is of before the clear.
    @Test func valuesThatAKilledRestorationHasDrawnReplaceTheEscrowOfBefore() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let key = P256.KeyAgreement.PrivateKey()
                try line.station.keep(escrowKey: key.publicKey)
                let profile = try TestLine.profile("p256-owned")
                let record = try #require(try await line.provision(device, profile: profile).record)
                func values() throws -> AuthorizationValues {
                    let path = line.station.directory.path + "/escrows/GW-0001.json"
                    return try Escrow(parsing: [UInt8](Data(contentsOf: URL(filePath: path)))).open(with: key)
                }
                var drawn = try values()
                drawn.owner = HexBytes([UInt8](repeating: 7, count: 32))
                let tpm = ContentDigest(of: record.ek.publicArea.bytes)
                let file = line.station.directory.path + "/journal/tpm-\(tpm).auth"
                try AtomicFile.write(try CanonicalJSON.encode(drawn), to: file)
                try await clear(device, by: .platform)
                #expect(try await line.provision(device, profile: profile, securityFloor: 3).text == "restored")
                #expect(!FileManager.default.fileExists(atPath: file))
                #expect(try values() == drawn)
            }
        }
    }

    /// A power cut while the values of a signed birth were erased: what is left of their file no backup could mend.
    @Test func valuesOfWhichOnlyZerosAreLeftAreGone() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try line.station.keep(escrowKey: P256.KeyAgreement.PrivateKey().publicKey)
                let profile = try TestLine.profile("p256-owned")
                let record = try #require(try await line.provision(device, profile: profile).record)
                let tpm = ContentDigest(of: record.ek.publicArea.bytes)
                let file = line.station.directory.path + "/journal/tpm-\(tpm).auth"
                try AtomicFile.write([UInt8](repeating: 0, count: 300), to: file)
                try await clear(device, by: .platform)
                #expect(try await line.provision(device, profile: profile, securityFloor: 3).text == "restored")
                #expect(!FileManager.default.fileExists(atPath: file))
            }
        }
    }

    @Test func whatSomebodyChangedIsNotRestored() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let record = try #require(try await line.provision(device).record)
                try await clear(device)
                try await device.onTPM { tpm throws(TPMError) in
                    let key = try tpm.createPrimary(DeviceIdentityTemplate.eccP256.idevid(), in: .owner)
                    _ = try tpm.persist(key.object, at: Handle(rawValue: record.iak.handle))
                }
                let before = try await TPMContents.of(device)
                #expect(try await line.provision(device, securityFloor: 3).text == "changed-since-birth")
                #expect(try await TPMContents.of(device) == before)
            }
        }
    }

    /// What is there may be the kernel's alone, and a power cut after the next attempt must not take it.
    @Test func whatAKilledRunHasPutDownIsDurableBeforeItIsReliedOn() async throws {
        try await TestLine.with { line in
            let directory = line.station.directory.path
            let file = line.directory + "/moments"
            _ = try await FactoryProcess.run(
                ["export", directory, "--out", line.directory + "/births.json"],
                environment: MachineFaults(in: line.directory).noting(in: file)
            )
            let moments = try NotedMoments(readingFrom: file).moments
            for place in ["journal", "births", "births/logs", "reworks", "bundles", "restorations"] {
                #expect(moments.contains("after fsync \(directory)/\(place)"), "\(place)")
            }
        }
    }

    /// SIGKILL at moments of a restoration: the next attempt ends with the one identity and counters that agree.
    @Test func aRestorationKilledAnywhereIsFinished() async throws {
        try await TestLine.with { line in
            let points = try await MachineFaults(in: line.directory)
            let profile = try TestLine.profile()
            func arguments(_ device: SoftwareDevice, _ serial: String) -> [String] {
                FactoryProcess.provision(line.station, device, serial: serial) + ["--security-floor", "4", "--json"]
            }
            let file = line.directory + "/moments"
            try await line.withDevice("whole") { device in
                #expect(try await FactoryProcess.run(arguments(device, "GW-0")).status == 0)
                try await clear(device)
                let ended = try await FactoryProcess.run(
                    arguments(device, "GW-0"),
                    environment: points.noting(in: file)
                )
                #expect(try ended.json()["verdict"] as? String == "restored", "\(ended.errors)")
            }
            let moments = try NotedMoments(readingFrom: file).moments
            #expect(moments.count > 100)
            // From the first new counter to the tag every moment; of the rest a sample.
            let stated = try #require(moments.lastIndex { $0.contains("/restorations/") })
            let dense = stated - 30...stated + 6
            let numbers = (1...moments.count).filter { $0 % 13 == 1 || dense.contains($0 - 1) }
            for number in numbers {
                try await line.withDevice("killed-\(number)") { device in
                    let arguments = arguments(device, "GW-\(number)")
                    #expect(try await FactoryProcess.run(arguments).status == 0)
                    try await clear(device)
                    let cut = try await FactoryProcess.run(arguments, environment: points.killing(at: number))
                    #expect(cut.killed)
                    let resumed = try await FactoryProcess.run(arguments)
                    #expect(resumed.status == 0, "moment \(number): \(resumed.errors)")
                    let again = try await FactoryProcess.run(arguments)
                    #expect(try again.json()["verdict"] as? String == "already-born", "moment \(number)")
                    let contents = try await TPMContents.of(device)
                    let tag = try BirthTag(parsing: try #require(contents.nv[profile.nv.birthTag.handle]))
                    #expect(try counter(contents, tag.counters.securityFloor) == 4, "moment \(number)")
                    #expect(contents.loaded == [])
                }
            }
        }
    }
}
