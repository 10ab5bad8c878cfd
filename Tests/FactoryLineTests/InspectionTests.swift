import Endorsement
import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// What `inspect` says of real TPMs, and that it changes none.
@Suite struct InspectionTests {
    private func inspect(_ device: SoftwareDevice, _ profile: ProvisioningProfile? = nil) async throws -> TPMInspection
    {
        let before = try await TPMContents.of(device)
        let inspection = try await withTPM(tcti: device.tcti) { tpm in
            try await TPMInspection.of(tpm, profile: profile ?? TestLine.profile())
        }
        #expect(try await TPMContents.of(device) == before)
        return inspection
    }

    private func keep(_ template: TPMTPublic, at handle: UInt32, in device: SoftwareDevice) async throws {
        try await device.onTPM { tpm throws(TPMError) in
            let key = try tpm.createPrimary(template, in: .endorsement)
            _ = try tpm.persist(key.object, at: Handle(rawValue: handle))
        }
    }

    /// The other unique.y makes another key: it is named, and it never passes.
    @Test(arguments: [DeviceIdentityTemplate.UniqueY.empty, .repeated])
    func attack36_keptKeyOfTheOtherUniqueY(_ kept: DeviceIdentityTemplate.UniqueY) async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let other = kept == .empty ? "repeated" : "empty"
                let text = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
                let profile = try ProvisioningProfile(
                    parsing: Array(text.replacing("\"empty\"", with: "\"\(other)\"").utf8)
                )
                try await keep(DeviceIdentityTemplate.eccP256.iak(uniqueY: kept), at: 0x8102_0001, in: device)
                let inspection = try await inspect(device, profile)
                #expect(
                    inspection.problems == [
                        "0x81020001 holds this: H-2 attestation key, unique.y \(kept.rawValue); "
                            + "the profile says: H-2 attestation key, unique.y \(other)"
                    ]
                )
                #expect(try await line.provision(device, profile: profile).text == "handle-taken")
            }
        }
    }

    @Test func aKeyOfAnotherTemplateOrRoleIsNamed() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await keep(DeviceIdentityTemplate.eccP384.iak(), at: 0x8102_0001, in: device)
                try await keep(DeviceIdentityTemplate.eccP256.iak(), at: 0x8102_0000, in: device)
                let inspection = try await inspect(device)
                #expect(inspection.iak?.template == "H-3 attestation key, unique.y empty")
                #expect(inspection.idevid?.template == "H-2 attestation key, unique.y empty")
                #expect(inspection.problems.count == 2)
            }
            // A key of the right form that no template of the TCG's makes.
            try await line.withDevice("b") { device in
                var template = DeviceIdentityTemplate.eccP256.iak()
                if case .ecc(let detail, _) = template.parameters {
                    template.parameters = .ecc(detail, unique: TPMSECCPoint(x: [1], y: []))
                }
                try await keep(template, at: 0x8102_0001, in: device)
                let problem = try #require(try await inspect(device).problems.first)
                #expect(problem.contains("which none of the TCG's templates makes"))
            }
        }
    }

    @Test func otherPublishedPlacesAreFoundAndNamed() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let record = try #require(try await line.provision(device).record)
                let certificate = try #require(record.idevid.certificate).bytes
                try await keep(DeviceIdentityTemplate.eccP256.iak(), at: 0x8108_0000, in: device)
                try await device.onTPM { tpm throws(TPMError) in
                    let area = TPMSNVPublic(
                        nvIndex: Handle(rawValue: 0x01C9_0000),
                        nameAlg: .sha256,
                        attributes: [.ownerWrite, .ownerRead, .authRead, .noDA],
                        dataSize: UInt16(clamping: certificate.count)
                    )
                    try tpm.nvWrite(certificate, to: tpm.nvDefineSpace(area), as: .owner)
                }
                let inspection = try await inspect(device)
                let places = Dictionary(uniqueKeysWithValues: inspection.elsewhere.map { ($0.handle, $0.what) })
                #expect(
                    places["0x81080000"]
                        == "H-2 attestation key, unique.y empty, the same as the profile's; "
                        + "place of: attestation key in other layouts"
                )
                #expect(
                    places["0x01C90000"]
                        == "certificate of a key of the profile; place of: identity key's certificate in other layouts"
                )
                #expect(inspection.problems == [])
            }
        }
    }

    @Test func whatOutlivesAClearIsSaidAndIsSo() async throws {
        try await TestLine.with { line in
            for owner in [NVOwner.owner, .platform] {
                try await line.withDevice(owner.rawValue) { device in
                    var profile = try TestLine.profile()
                    profile.nvAuthority = owner
                    let order = TestLine.order("GW-\(owner.rawValue)")
                    #expect(try await line.provision(device, order, profile: profile).text == "born")
                    let born = try await inspect(device, profile)
                    #expect(born.born?.complete == true && born.problems == [] && born.differences == [])
                    #expect(born.indices.count == 5)
                    #expect(born.indices.allSatisfy { $0.isThere && $0.definedBy == owner.rawValue })
                    #expect(born.indices.filter(\.isLocked).count == 3)
                    #expect(born.indices.compactMap(\.count).count == 2)
                    try await device.onTPM { tpm throws(TPMError) in try tpm.clear() }
                    let cleared = try await inspect(device, profile)
                    for (before, after) in zip(born.indices, cleared.indices) {
                        #expect(after.isThere == before.survivesClear, "\(before.handle)")
                    }
                    #expect(cleared.iak == nil && cleared.endorsementKey.name == born.endorsementKey.name)
                    #expect(cleared.differences.contains { $0.contains("cleared") } == (owner == .platform))
                    // The other profile's engineer is told whose the indices are.
                    var other = profile
                    other.nvAuthority = owner == .owner ? .platform : .owner
                    let differences = try await inspect(device, other).differences
                    #expect(differences.contains { $0.contains("was defined by the platform") } == (owner == .platform))
                }
            }
        }
    }

    @Test func ownershipAndLockoutAreShown() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let fresh = try await inspect(device)
                #expect(fresh.ownership.set == [] && fresh.ownership.failures == 0)
                try await device.onTPM { tpm throws(TPMError) in
                    try tpm.setDictionaryAttackParameters(
                        DictionaryAttackParameters(maximumTries: 7, recoveryTime: 8, lockoutRecovery: 9)
                    )
                    try tpm.hierarchyChangeAuth(of: .lockout, to: [1])
                    try tpm.hierarchyChangeAuth(of: .owner, to: [1])
                }
                let owned = try await inspect(device)
                #expect(owned.ownership.set == ["owner", "lockout"])
                #expect(owned.ownership.maxTries == 7 && owned.ownership.recoveryTime == 8)
                #expect(owned.ownership.lockoutRecovery == 9)
                #expect(owned.problems == ["somebody has set another authorization value of owner"])
                let wanting = try await inspect(device, TestLine.profile("p256-owned"))
                #expect(wanting.problems == ["somebody has set another authorization value of owner and lockout"])
            }
        }
    }

    @Test func theProgramSaysItInWords() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                #expect(try await FactoryProcess.run(FactoryProcess.provision(line.station, device)).status == 0)
                let profile = ["inspect", "--profile", TestLine.profilePath("p256"), "--tcti", device.tcti]
                let text = try await FactoryProcess.run(profile).output
                for line in [
                    "attestation key kept at 0x81020001, certified by ",
                    "                H-2 attestation key, unique.y empty",
                    "0x01C90100      attestation key's certificate, locked, defined by the owner",
                    "authorization   none set", "born            as GW-0001, instance ",
                    "after a clear   the same keys can be made again; NV is lost: 0x01C90100",
                    "firmware        not judged",
                ] {
                    #expect(text.contains(line), "\(line) is not in\n\(text)")
                }
                let json = try await FactoryProcess.run(profile + ["--json"]).json()
                #expect((json["indices"] as? [Any])?.count == 5)
            }
        }
    }
}
