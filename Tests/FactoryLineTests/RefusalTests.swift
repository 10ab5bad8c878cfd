import Endorsement
import FactoryAuthority
import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

/// Births that must not happen, with two real TPMs where two are needed.
@Suite struct RefusalTests {
    @Test func attack45_sameSerialOtherTPM() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    #expect(try await line.provision(first).text == "born")
                    let births = try line.births()
                    #expect(try await line.provision(second).text == "serial-taken")
                    #expect(try line.births() == births)
                    #expect(try await TPMContents.of(second).persistent == [:])
                    // The journal lost, the birth is still there.
                    try FileManager.default.removeItem(atPath: line.station.directory.path + "/journal")
                    let station = try Station(opening: line.station.directory)
                    #expect(try await line.provision(second, at: station).text == "serial-taken")
                    #expect(try await line.provision(first, at: station).text == "already-born")
                    #expect(try await line.provision(second, TestLine.order("GW-0002"), at: station).text == "born")
                }
            }
        }
    }

    @Test func attack45_sameSerialOtherTPMRacing() async throws {
        for _ in 0..<3 {
            try await TestLine.with { line in
                try await line.withDevice("a") { first in
                    try await line.withDevice("b") { second in
                        async let one = line.provision(first).text
                        async let other = line.provision(second).text
                        let outcomes = Set(try await [one, other])
                        #expect(outcomes == ["born", "serial-taken"])
                        #expect(try line.births().count == 1)
                    }
                }
            }
        }
    }

    @Test func aSerialNumberGoesBackWhenItsBoardWasNeverCertified() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    try line.distrustVendor()
                    #expect(try await line.provision(first).text == "issuer-unknown")
                    try line.trustVendor()
                    #expect(try await line.provision(second).text == "born")
                    #expect(try await line.provision(first).text == "serial-taken")
                    #expect(try await line.provision(first, TestLine.order("GW-0002")).text == "born")
                }
            }
        }
    }

    @Test func attack52_duplicateBirthOfSameEK() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                #expect(try await line.provision(device).text == "born")
                let births = try line.births()
                #expect(try await line.provision(device, TestLine.order("GW-0002")).text == "born-as-another")
                // At a station that knows nothing of it, the TPM itself tells.
                let other = try line.otherStation()
                #expect(try await line.provision(device, at: other).text == "born-elsewhere")
                #expect(try await line.provision(device, TestLine.order("GW-0002"), at: other).text == "born-elsewhere")
                #expect(try line.births() == births)
                #expect(try line.births(at: other) == [:])
            }
        }
    }

    /// Two processes at one TPM at the same moment: one birth; the other is told that somebody is there, or finds it done.
    @Test func twoProcessesAtOneTPM() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                @Sendable func attempt() async -> String {
                    do { return try await line.provision(device).text } catch { return "\(type(of: error))" }
                }
                async let one = attempt()
                async let other = attempt()
                let outcomes = await [one, other]
                #expect(outcomes.contains("born"))
                #expect(outcomes.contains { ["BirthInterruption", "already-born"].contains($0) })
                #expect(try line.births().count == 1)
                let again = try await line.provision(device)
                #expect(again.text == "already-born")
            }
        }
    }

    @Test func aBirthIsNeverChanged() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let born = try await line.provision(device)
                #expect(born.text == "born")
                let elsewhere = TestLine.order(environment: "lab")
                #expect(try await line.provision(device, elsewhere).text == "order-differs")
                #expect(try await line.provision(device, TestLine.order(securityVersion: 4)).text == "order-differs")
            }
        }
    }

    @Test func anUntrustedEndorsementKeyLeavesNothingBehind() async throws {
        try await TestLine.with { line in
            try line.distrustVendor()
            try await line.withDevice { device in
                let before = try await TPMContents.of(device)
                let outcome = try await line.provision(device)
                #expect(outcome.text == "issuer-unknown")
                guard case .refused(let reasons) = outcome else {
                    Issue.record("not refused")
                    return
                }
                #expect(reasons.first?.hint.contains("ek-roots") == true)
                #expect(try await TPMContents.of(device) == before)
                try line.trustVendor()
                #expect(try await line.provision(device).text == "born")
            }
        }
    }

    /// Puts something else into the index of the endorsement key's certificate, as who has the board may.
    private func replaceCertificate(of device: SoftwareDevice, by content: [UInt8]) async throws {
        try await device.onTPM { tpm throws(TPMError) in
            let index = Handle(rawValue: 0x01C0_000A)
            guard let own = try tpm.nvIndex(at: index) else {
                Issue.record("there is no certificate in the TPM")
                return
            }
            try tpm.nvUndefineSpace(own, by: .platform)
            let area = TPMSNVPublic(
                nvIndex: index,
                nameAlg: .sha256,
                attributes: [.ppWrite, .ppRead, .ownerRead, .authRead, .noDA, .platformCreate],
                dataSize: UInt16(clamping: content.count)
            )
            try tpm.nvWrite(content, to: tpm.nvDefineSpace(area, by: .platform), as: .platform)
        }
    }

    @Test func attack33_ekCertificateOfAnotherTPM() async throws {
        try await TestLine.with { line in
            try await line.withDevice("a") { first in
                try await line.withDevice("b") { second in
                    let index = Handle(rawValue: 0x01C0_000A)
                    let stolen = try #require(try await TPMContents.of(second).nv[index])
                    try await replaceCertificate(of: first, by: stolen)
                    #expect(try await line.provision(first).text == "key-differs")
                    #expect(try await TPMContents.of(first).persistent == [:])
                }
            }
        }
    }

    @Test func attack34_caCertificateInPlaceOfTheEndorsement() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let path = line.directory + "/ca/" + LocalCA.intermediateFile
                let authority = try #require(try TrustDirectory.readFile(path).first)
                try await replaceCertificate(of: device, by: authority.bytes)
                #expect(try await line.provision(device).text.contains("is-authority"))
                #expect(try await TPMContents.of(device).persistent == [:])
            }
        }
    }

    /// The day of birth is judged, not the day of the judgement: before its certificate no key is endorsed.
    @Test func attack35_noBirthBeforeTheCertificate() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                // A station whose word counts in all these years.
                let century = try line.otherStation("century", at: 946_684_800, days: Station.maximumDays)
                let early = try await line.provision(device, at: century, now: 946_684_800)
                #expect(early.text.contains("not-yet-valid"))
                #expect(try await TPMContents.of(device).persistent == [:])
                let born = try await line.provision(device, at: century)
                #expect(born.text == "born")
                // Found again in any year: what was born stays born.
                #expect(try await line.provision(device, at: century, now: 4_070_908_800).text == "already-born")
            }
        }
    }

    @Test func softwareIsNotPassedOffAsHardware() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let hardware = try await line.provision(device, TestLine.order(tier: .tpm))
                #expect(hardware.text == "tier-overstated")
                #expect(try await line.provision(device, TestLine.order(tier: .vtpm)).text == "born")
            }
        }
    }

    @Test func otherPeoplesHandlesAndIndicesAreNotTaken() async throws {
        try await TestLine.with { line in
            let profile = try TestLine.profile()
            let template = DeviceIdentityTemplate.eccP256.idevid()
            try await line.withDevice("a") { device in
                try await device.onTPM { tpm throws(TPMError) in
                    let key = try tpm.createPrimary(template, in: .owner)
                    _ = try tpm.persist(key.object, at: profile.keys.iakHandle.handle)
                }
                let before = try await TPMContents.of(device)
                #expect(try await line.provision(device).text == "handle-taken")
                let after = try await TPMContents.of(device)
                #expect(
                    after.persistent[profile.keys.iakHandle.handle] == before.persistent[profile.keys.iakHandle.handle]
                )
            }
            for index in [profile.nv.iakCertificate, profile.nv.securityFloor, profile.nv.birthTag] {
                try await line.withDevice("b\(index)") { device in
                    try await device.onTPM { tpm throws(TPMError) in
                        let area = TPMSNVPublic(
                            nvIndex: index.handle,
                            nameAlg: .sha256,
                            attributes: [.ownerWrite, .ownerRead, .authRead, .authWrite],
                            dataSize: 8
                        )
                        try tpm.nvWrite([1, 2, 3, 4, 5, 6, 7, 8], to: tpm.nvDefineSpace(area))
                    }
                    #expect(try await line.provision(device, TestLine.order("GW-\(index)")).text == "index-taken")
                    #expect(try await TPMContents.of(device).nv[index.handle] == [1, 2, 3, 4, 5, 6, 7, 8])
                }
            }
        }
    }

    @Test func securityVersionsAreCountedNotInvented() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let order = TestLine.order(securityVersion: 1_700_000_000)
                #expect(try await line.provision(device, order).text == "security-version-too-high")
                let record = try #require(try await line.provision(device, TestLine.order(securityVersion: 40)).record)
                let floor = record.counters.securityFloor
                let value = try #require(try await TPMContents.of(device).nv[Handle(rawValue: floor.index)])
                #expect(value.reduce(0) { $0 << 8 | UInt64($1) } - floor.base == 40)
            }
        }
    }

    @Test func aMissingBankIsNamed() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let text = String(decoding: try TestLine.profileBytes(), as: UTF8.self)
                    .replacingOccurrences(of: "\"bank\": \"sha256\"", with: "\"bank\": \"sha512\"")
                let profile = try ProvisioningProfile(parsing: Array(text.utf8))
                await #expect(throws: BirthInterruption.self) { _ = try await line.provision(device, profile: profile) }
                #expect(try line.births() == [:])
            }
        }
    }

    @Test func aDamagedJournalIsNotGuessedAt() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                struct Cut: Error {}
                await #expect(throws: Cut.self) {
                    _ = try await line.provision(device) { if $0 == .storeCertificates { throw Cut() } }
                }
                let journal = line.station.directory.path + "/journal/"
                let name = try #require(
                    try FileManager.default.contentsOfDirectory(atPath: journal)
                        .first { $0.hasPrefix("tpm-") && $0.hasSuffix(".json") }
                )
                try Data("{}".utf8).write(to: URL(filePath: journal + name))
                await #expect(throws: Station.Failure.self) { _ = try await line.provision(device) }
                #expect(try line.births() == [:])
            }
        }
    }
}
