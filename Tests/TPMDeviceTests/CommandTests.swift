import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

@Suite struct CommandTests {
    @Test func quoteBindsQualifyingData() async throws {
        try await withDevice { device in
            let bound = [UInt8](repeating: 0xA5, count: 32)
            let pcrs = try selection(.sha256, [0, 7, 23])
            let quote = try await onTPM(of: device) { connection throws(TPMError) in
                let key = try connection.createPrimary(Templates.attestationKey, in: .endorsement)
                return try connection.quote(pcrs, with: key.object, qualifyingData: bound)
            }
            let attest = try TPMSAttest(parsing: quote.attest)
            #expect(attest.extraData == bound)
            #expect(attest.quote?.pcrSelect == pcrs)
            #expect(try TPMTSignature(parsing: quote.signature).sigAlg == .ecdsa)
        }
    }
}
