import FoundationEssentials
import SoftwareDevice
import TPMCrypto
import TPMDevice
import TPMWire
import Testing

@Suite struct ErrorTests {
    @Test func errorNamesCommandLayerAndParameter() async throws {
        try await withDevice { device in
            let error = await #expect(throws: TPMError.self) {
                try await device.onTPM { connection throws(TPMError) in
                    var template = Templates.attestationKey
                    // A restricted key cannot both sign and decrypt.
                    template.objectAttributes.insert(.decrypt)
                    _ = try connection.createPrimary(template, in: .endorsement)
                }
            }
            #expect(error?.command == "TPM2_CreatePrimary")
            #expect(error?.response?.layer == .tpm)
            #expect(error?.response?.isFormatOne == true)
            #expect(error?.response?.subject == .parameter(2))
            #expect(error?.description.contains("parameter 2") == true)
            #expect(error?.hint.contains("tpm2_rc_decode 0x") == true)
        }
    }

    @Test func errorNamesSession() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                try connection.hierarchyChangeAuth(of: .owner, to: [1, 2, 3])
                try connection.setAuthorizationValue([3, 2, 1], of: Hierarchy.owner)
                let error = #expect(throws: TPMError.self) {
                    _ = try connection.nvDefineSpace(NVTests.ordinary)
                }
                #expect(error?.code == .badAuth)
                #expect(error?.response?.subject == .session(1))
                try connection.setAuthorizationValue([1, 2, 3], of: Hierarchy.owner)
                _ = try connection.nvDefineSpace(NVTests.ordinary)
            }
        }
    }

    @Test func fullTPMSaysWhatToDo() async throws {
        try await withDevice { device in
            try await device.onTPM { connection throws(TPMError) in
                let one = try connection.createPrimary(Templates.attestationKey, in: .owner)
                let two = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                let three = try connection.createPrimary(Templates.signingKey, in: .owner)
                let error = #expect(throws: TPMError.self) {
                    _ = try connection.createPrimary(Templates.signingKey, in: .endorsement)
                }
                #expect(error?.code == .objectMemory)
                #expect(error?.description.contains("/dev/tpmrm0") == true)
                #expect(try connection.handles(.transient).count == 3)
                _ = (one.object.name, two.object.name, three.object.name)
            }
        }
    }

    @Test func argumentTooLargeIsNotSent() async throws {
        try await withDevice { device in
            let error = await #expect(throws: TPMError.self) {
                try await device.onTPM { connection throws(TPMError) in
                    let key = try connection.createPrimary(Templates.attestationKey, in: .owner)
                    let pcrs = TPMLPCRSelection([])
                    guard let pcrs else { return }
                    _ = try connection.quote(pcrs, with: key.object, qualifyingData: [UInt8](repeating: 0, count: 4000))
                }
            }
            #expect(error?.command == "TPM2_Quote")
            #expect(error?.response == nil)
            guard case .argument = error?.cause else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func deviceThatIsNotThere() async throws {
        let error = await #expect(throws: TPMError.self) { _ = try await openTPM(tcti: "device:/dev/no-such-tpm") }
        let unavailable = try #require(error)
        let text = "\(unavailable) \(unavailable.hint)"
        for part in [
            "device:/dev/no-such-tpm", "as asked for", "/dev/no-such-tpm does not exist", "--tcti", "TPM2TOOLS_TCTI",
        ] {
            #expect(text.contains(part), "\(text)")
        }
    }

    @Test func socketThatIsNotThere() async throws {
        let error = await #expect(throws: TPMError.self) {
            _ = try await openTPM(tcti: "swtpm:path=/tmp/nobody-listens")
        }
        #expect(error?.description.contains("/tmp/nobody-listens does not exist") == true)
    }

    @Test(arguments: ["nonsense", "nonsense:conf", "swtpm:host", ":", "device:"])
    func nonsenseAsTCTI(tcti: String) async throws {
        let error = await #expect(throws: TPMError.self) { _ = try await openTPM(tcti: tcti) }
        guard case .unavailable = try #require(error).cause else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func closedConnectionSaysSo() async throws {
        try await withDevice { device in
            let tpm = try await openTPM(tcti: device.tcti)
            await tpm.close()
            await #expect(throws: TPMError.self) {
                try await tpm.perform { connection throws(TPMError) in _ = try connection.readClock() }
            }
        }
    }

    @Test func powerThatIsGoneIsAnErrorOfTheWayThere() async throws {
        try await withDevice { device in
            let tpm = try await openTPM(tcti: device.tcti)
            try await device.stop(orderly: false)
            let error = await #expect(throws: TPMError.self) {
                try await tpm.perform { connection throws(TPMError) in _ = try connection.readClock() }
            }
            #expect(error?.response?.layer == .tcti)
            await tpm.close()
        }
    }
}
