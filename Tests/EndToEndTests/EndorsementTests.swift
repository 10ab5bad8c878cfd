import FoundationEssentials
import Messages
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// Endorsement keys whose way to a root is unusual: intermediates that only the TPM has, and keys without a certificate.
@Suite(.timeLimit(.minutes(20))) struct EndorsementTests {
    /// A verifier of the fleet's factory, with these options.
    private func importing(
        _ name: String,
        _ options: [String],
        _ fleet: Fleet
    ) async throws -> (outcome: Program.Ended, place: String) {
        let place = "\(fleet.directory)/\(name)"
        try await fleet.run(
            .verifier,
            ["init", place, "--listen", "127.0.0.1:0", "--birth-keys", fleet.line + "/birth-keys.json"]
                + ["--factory-roots", fleet.line + "/factory-roots.pem"] + options
        )
        try await fleet.run(.verifier, ["operator", place, "carol", "--role", "factory"])
        let verifier = VerifierProcess(place, fleet.transcript)
        try await verifier.start()
        var bundle = try TrustBundle(parsing: contents(of: place + "/trust.json"))
        bundle.url = "https://localhost:\(try #require(await verifier.port))"
        try write(EditedJSON.encode(bundle), to: place + "-trust.json")
        let ended = try await Program.auditor.run(
            ["births", "import", fleet.births, "--json", "--trust", place + "-trust.json"]
                + ["--operator", place + "/operators/carol"],
            in: fleet.transcript
        )
        await verifier.stop()
        return (ended, place)
    }

    private func outcomes(_ ended: Program.Ended) throws -> [String] {
        try ended.json["births"].list.compactMap { $0["outcome"].text }
    }

    @Test func intermediatesOutOfTheTPMTravelWithTheBirth() async throws {
        try await Fleet.with(["p256"], born: false) { fleet in
            let device = fleet.devices[0]
            let pem = try String(contentsOfFile: fleet.authority + "/intermediate.pem", encoding: .utf8)
            let base64 = pem.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("-----") }.joined()
            let intermediate = [UInt8](try #require(Data(base64Encoded: base64)))
            let tpm = try await openTPM(tcti: device.tcti)
            try await tpm.perform { connection throws(TPMError) in
                let area = TPMSNVPublic(
                    nvIndex: Handle(rawValue: 0x01C0_0100),
                    nameAlg: .sha256,
                    attributes: [.ppWrite, .ppRead, .ownerRead, .authRead, .noDA, .platformCreate],
                    dataSize: UInt16(clamping: intermediate.count)
                )
                try connection.nvWrite(
                    intermediate,
                    to: try connection.nvDefineSpace(area, by: .platform),
                    as: .platform
                )
            }
            await tpm.close()
            // Neither the station nor the verifier knows more than the vendor's root.
            try FileManager.default.removeItem(atPath: fleet.line + "/ek-roots/intermediate.pem")
            try await expect(0, device.provision(on: fleet.line))
            try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births])
            let record = try BirthRecord(
                parsing: BirthBundle(parsing: contents(of: fleet.births)).births[0].payload.bytes
            )
            #expect(record.endorsementIntermediates == [Blob(intermediate)])
            let rooted = try await importing("rooted", ["--ek-roots", fleet.authority + "/root.pem"], fleet)
            #expect(try outcomes(expect(0, rooted.outcome)) == ["imported"])
            // What came with the birth is no root.
            let rootless = try await importing(
                "rootless",
                ["--ek-roots", fleet.authority + "/intermediate.pem"],
                fleet
            )
            #expect(try expect(1, rootless.outcome).json["reasons"].texts == ["birth-not-believed"])
            let check = try await fleet.run(.verifier, ["check", rootless.place])
            #expect(check.output.contains("no root"), "\(check)")
        }
    }

    @Test func directoriesOfRootsAreTaken() async throws {
        try await Fleet.with(["p256"]) { fleet in
            let roots = fleet.directory + "/roots"
            try makeDirectory(roots)
            for name in ["root", "intermediate"] {
                try write(contents(of: "\(fleet.authority)/\(name).pem"), to: "\(roots)/\(name).pem")
            }
            let factories = fleet.directory + "/factories"
            try makeDirectory(factories)
            try write(contents(of: fleet.line + "/factory-roots.pem"), to: factories + "/line.pem")
            let other = fleet.directory + "/another-vendor"
            _ = try LocalCA(directory: other)
            // Two files of one name are two files.
            let options = ["--ek-roots", roots, "--ek-roots", other + "/root.pem", "--ek-roots", roots + "/root.pem"]
            let taken = try await importing("taken", options + ["--factory-roots", factories], fleet)
            #expect(try outcomes(expect(0, taken.outcome)) == ["imported"])
            let again = ["init", taken.place] + options
            try await fleet.run(.verifier, again)
            #expect(names(in: taken.place + "/ek-roots").count == 3)

            let empty = fleet.directory + "/empty"
            try makeDirectory(empty)
            for option in ["--ek-roots", "--factory-roots"] {
                let refused = try await Program.verifier.run(
                    ["init", fleet.directory + "/never", option, empty, "--json"],
                    in: fleet.transcript
                )
                refused.expectFailure(2, option)
            }
            #expect(!exists(fleet.directory + "/never"))
        }
    }

    @Test func anEndorsementKeyWithoutACertificateMustBeOnTheList() async throws {
        try await Fleet.with([], born: false) { fleet in
            let software = try await SoftwareDevice.make(
                in: DeviceDirectory(fleet.directory + "/bare"),
                ca: LocalCA(directory: fleet.authority),
                endorsementKeys: []
            )
            try await software.boot(firmware: .named(Fleet.bornWith))
            let device = FleetDevice(
                serial: "GW-0009",
                profile: "p256",
                software: software,
                directory: fleet.directory + "/bare",
                fleet: fleet.directory,
                transcript: fleet.transcript
            )
            let profile = ["--profile", "Provisioning/profiles/p256.json", "--tcti", device.tcti, "--json"]
            let inspected = try await fleet.run(.factory, ["inspect"] + profile).json
            let digest = try #require(inspected["endorsementKey.publicAreaSHA256"].text)
            let list = fleet.directory + "/allowed.txt"
            try write(Array("\(digest)  # compared by two people\n".utf8), to: list)
            try await expect(1, device.provision(on: fleet.line))
            try write(contents(of: list), to: fleet.line + "/ek-allowed.txt")
            try await expect(0, device.provision(on: fleet.line))
            try await fleet.run(.factory, ["export", fleet.line, "--out", fleet.births])
            try await software.stop(orderly: false)

            let roots = ["--ek-roots", fleet.authority + "/root.pem"]
            let wanting = try await importing("wanting", roots, fleet)
            #expect(try expect(1, wanting.outcome).json["reasons"].texts == ["birth-not-believed"])
            #expect(wanting.outcome.output.contains("allow list"), "\(wanting.outcome)")
            let wrong = fleet.directory + "/wrong.txt"
            try write(Array((String(repeating: "00", count: 32) + "\n").utf8), to: wrong)
            let other = try await importing("other", ["--ek-allow-list", wrong], fleet)
            #expect(try expect(1, other.outcome).json["reasons"].texts == ["birth-not-believed"])
            let listed = try await importing("listed", roots + ["--ek-allow-list", list], fleet)
            #expect(try outcomes(expect(0, listed.outcome)) == ["imported"])
            let check = try await fleet.run(.verifier, ["check", listed.place])
            #expect(check.output.contains("1 endorsement key is believed without a certificate"), "\(check)")
        }
    }
}
