import DurableFiles
import Endorsement
import FactoryAuthority
import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import TPMDevice
import Testing

/// Known-bad TPM firmware, with lists that name the firmware which really runs.
@Suite struct FirmwareTests {
    private static var shipped: String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return "/\(root)/Provisioning/trust/tpm-advisories.json"
    }

    /// The list that comes with the project, asked about firmware that its sources name.
    @Test func theShippedListKnowsWhatItsSourcesName() throws {
        let list = try #require(try TPMAdvisories.read(Self.shipped))
        func refused(_ manufacturer: String, _ firmware: UInt64, _ kind: TPMAdvisory.KeyKind) -> [String] {
            list.judge(manufacturer: manufacturer, firmware: firmware, keys: [kind])
                .filter { $0.consequence == .refused }.map(\.advisory.id)
        }
        // SLB 9670 with 7.61, before and after its update; SLB 9672.
        #expect(refused("IFX", 0x0007_003D_000A_E100, .rsa) == ["CVE-2017-15361"])
        #expect(refused("IFX", 0x0007_003D_000A_E100, .ecc) == [])
        #expect(refused("IFX", 0x0007_003F_000D_7902, .rsa) == [])
        #expect(refused("IFX", 0x000F_0015_0040_2E00, .ecc) == ["CVE-2025-2884"])
        #expect(refused("IFX", 0x000F_0017_0045_0000, .ecc) == [])
        #expect(refused("STM", 0x0049_0004_44A0_1587, .ecc) == ["CVE-2019-16863"])
        #expect(refused("STM", 0x0049_0014_0000_0000, .ecc) == [])
        #expect(refused("STM", 0x0049_0004_44A0_1587, .rsa) == [])
        #expect(refused("NTC", 0x0007_0002_0001_0000, .ecc) == ["CVE-2020-25082"])
        #expect(refused("NTC", 0x0007_0002_0002_0000, .ecc) == [])
        #expect(refused("INTC", 0x000B_0008_0032_0D47, .ecc) == ["CVE-2019-11090"])
        #expect(refused("INTC", 0x000B_0008_0046_0D47, .ecc) == [])
        for entry in list.advisories {
            #expect(entry.origin.hasPrefix("https://"))
            #expect(try Date(entry.taken + "T00:00:00Z", strategy: .iso8601) < Date())
            // Where the source states no versions nothing is refused.
            #expect(!entry.firmware.isEmpty || entry.verdict == .remark, "\(entry.id)")
        }
    }

    /// A shared list whose disk is not mounted: births wait for it, and do not go on as where nobody keeps one.
    @Test func aListToWhichALinkLeadsNoMoreIsNotNone() async throws {
        try await TestLine.with { line in
            let path = line.station.directory.advisories
            let shared = line.directory + "/shared.json"
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: shared)
            #expect(throws: FileError(.dangling, .read, path)) { try TPMAdvisories.read(path) }
            try await line.withDevice { device in
                await #expect(throws: FileError.self) { try await line.provision(device) }
                try FileManager.default.copyItem(atPath: Self.shipped, toPath: shared)
                #expect(try await line.provision(device).text == "born")
            }
        }
    }

    /// Writes a list that says of the firmware which runs in a device that it breaks keys of a kind.
    private func writeList(
        to path: String,
        of device: SoftwareDevice,
        breaking kind: TPMAdvisory.KeyKind,
        verdict: TPMAdvisory.Verdict = .refuse
    ) async throws {
        let identity = try await device.onTPM { tpm throws(TPMError) in try tpm.identity() }
        let version = TPMFirmwareVersion(identity.firmwareVersion).description
        let list = """
            { "formatVersion": 1, "advisories": [ {
                "id": "CVE-2099-0001", "name": "made up", "manufacturer": "\(identity.manufacturer)",
                "breaks": "its keys are known", "keys": ["\(kind.rawValue)"],
                "firmware": [{ "from": "\(version)", "through": "\(version)" }], "verdict": "\(verdict.rawValue)",
                "origin": "https://example.test/CVE-2099-0001", "taken": "2026-11-28"
            } ] }
            """
        try Data(list.utf8).write(to: URL(filePath: path))
    }

    private func inspect(
        _ device: SoftwareDevice,
        _ line: TestLine,
        _ profile: ProvisioningProfile
    ) async throws
        -> TPMInspection
    {
        let list = try TPMAdvisories.read(line.station.directory.advisories)
        let inspection = try await withTPM(tcti: device.tcti) { tpm in
            try await TPMInspection.of(tpm, profile: profile, advisories: list)
        }
        return inspection
    }

    private func waiving(_ advisory: String) throws -> ProvisioningProfile {
        var profile = try TestLine.profile()
        let reason = try #require(Remark("measured at our own boards: no signature is timed"))
        profile.waivedAdvisories = [AdvisoryWaiver(advisory: TestLine.label(advisory), reason: reason)]
        return profile
    }

    @Test func knownBadFirmwareIsRefusedBeforeAnythingIsWritten() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await writeList(to: line.station.directory.advisories, of: device, breaking: .ecc)
                let before = try await TPMContents.of(device)
                let outcome = try await line.provision(device)
                #expect(outcome.text == "firmware-untrusted")
                guard case .refused(let reasons) = outcome else {
                    Issue.record("not refused")
                    return
                }
                #expect(reasons.first?.description.contains("CVE-2099-0001 (made up)") == true)
                #expect(reasons.first?.hint.contains("https://example.test/CVE-2099-0001") == true)
                #expect(try await TPMContents.of(device) == before)
                let journal = line.station.directory.path + "/journal"
                let written = try FileManager.default.contentsOfDirectory(atPath: journal)
                #expect(written.allSatisfy { $0.hasSuffix("lock") })

                let inspection = try await inspect(device, line, TestLine.profile())
                #expect(inspection.advisories?.map(\.verdict) == ["refused"])
                #expect(inspection.problems.contains { $0.contains("CVE-2099-0001") })
                // A waiver of another advisory is none.
                #expect(
                    try await line.provision(device, profile: waiving("CVE-2099-0002")).text == "firmware-untrusted"
                )
            }
        }
    }

    @Test func aWaiverLetsItPassByNameAndTheRecordSaysSo() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await writeList(to: line.station.directory.advisories, of: device, breaking: .ecc)
                let profile = try waiving("CVE-2099-0001")
                let record = try #require(try await line.provision(device, profile: profile).record)
                #expect(record.waivedAdvisories == profile.waivedAdvisories)
                let inspection = try await inspect(device, line, profile)
                #expect(inspection.advisories?.map(\.verdict) == ["waived"])
                #expect(inspection.problems == [])
            }
        }
    }

    @Test(arguments: [(TPMAdvisory.KeyKind.rsa, TPMAdvisory.Verdict.refuse), (.ecc, .remark)])
    func whatTouchesNoKeyOrIsNoReasonIsARemark(
        _ kind: TPMAdvisory.KeyKind,
        _ verdict: TPMAdvisory.Verdict
    )
        async throws
    {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try await writeList(to: line.station.directory.advisories, of: device, breaking: kind, verdict: verdict)
                let inspection = try await inspect(device, line, TestLine.profile())
                #expect(inspection.advisories?.map(\.verdict) == ["remark"])
                #expect(inspection.problems == [])
                // The waiver that was not needed is not in the record.
                let record = try #require(try await line.provision(device, profile: waiving("CVE-2099-0001")).record)
                #expect(record.waivedAdvisories == nil)
            }
        }
    }

    @Test func aDamagedListStopsBirthsRatherThanLettingThemPass() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                try Data("{\"formatVersion\":1,\"advisories\":[{}]}".utf8)
                    .write(to: URL(filePath: line.station.directory.advisories))
                await #expect(throws: Station.Failure.self) { try await line.provision(device) }
                #expect(try line.births() == [:])
            }
        }
    }

    @Test func theProgramTakesAListAndNamesTheAdvisory() async throws {
        try await TestLine.with { line in
            try await line.withDevice { device in
                let path = line.directory + "/list.json"
                try await writeList(to: path, of: device, breaking: .ecc)
                let directory = line.station.directory.path
                let arguments = ["init", directory, "--name", "line-1", "--json"]
                let without = try await FactoryProcess.run(arguments)
                #expect(try without.json()["advisories"] == nil)
                let made = try await FactoryProcess.run(arguments + ["--advisories", path])
                #expect(made.status == 0, "\(made.errors)")
                #expect(try made.json()["advisories"] as? String == directory + "/tpm-advisories.json")
                let refused = try await FactoryProcess.run(FactoryProcess.provision(line.station, device))
                #expect(refused.status == 1)
                #expect(refused.errors.contains("CVE-2099-0001 (made up)"))
                let inspected = try await FactoryProcess.run([
                    "inspect", "--profile", TestLine.profilePath("p256"), "--tcti", device.tcti, "--station", directory,
                ])
                #expect(inspected.status == 1)
                #expect(inspected.output.contains("CVE-2099-0001 (made up)"))
            }
        }
    }
}
