import AttestationResults
import Compression
import Crypto
import Messages
import SoftwareDevice
import Testing
import UpdateTrust
import VerifierClient
import VerifierService

/// The sample relying party: what it makes of a device's attestation result and the verifier's status list.
@Suite(.timeLimit(.minutes(20))) struct StatusListTests {
    private func check(_ result: String, _ more: [String] = [], in fleet: Fleet) async throws -> Program.Ended {
        let arguments = ["status", "check", result, "--json", "--trust", fleet.trust]
        return try await Program.auditor.run(arguments + more, in: fleet.transcript)
    }

    /// What is said once the list says so: for some seconds it may be the one of before.
    private func soon(_ status: String, _ result: String, in fleet: Fleet) async throws -> JSON {
        for _ in 0..<240 {
            let said = try await check(result, in: fleet).json
            if said["status"].text == status { return said }
            try await Task.sleep(for: .milliseconds(500))
        }
        Issue.record("the list does not say \(status)")
        return .null
    }

    @Test func aRelyingPartyFollowsADevice() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let result = fleet.directory + "/result.jwt"
            try await expect(0, device.agent("attest", ["--ear", result]))
            let trusted = try await expect(0, check(result, in: fleet)).json
            #expect(trusted["verdict"].text == "accepted")
            #expect(trusted["status"].text == "VALID")
            #expect(trusted["reasons"].texts == [])

            try await device.boot(Fleet.bornWith, [.kernel])
            try await expect(1, device.agent("attest"))
            #expect(try await soon("SUSPENDED", result, in: fleet)["reasons"].texts == ["status-suspended"])
            try await fleet.act("retire", on: device, because: "sold")
            #expect(try await soon("INVALID", result, in: fleet)["reasons"].texts == ["status-invalid"])
        }
    }

    @Test func everyReasonHasItsWordAndItsExitStatus() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            let (result, list) = (fleet.directory + "/result.jwt", fleet.directory + "/list.jwt")
            try await expect(0, device.agent("attest", ["--ear", result]))
            let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
            let fetched = try await VerifierClient.with(bundle) { client in
                try await client.statusList(limit: StatusListToken.maximumSize)
            }
            try write(fetched, to: list)
            try await expect(0, check(result, ["--list", list], in: fleet))

            // Lists that the verifier itself might have signed, one fault in each.
            let genuine = try StatusListToken.verify(
                String(decoding: fetched, as: UTF8.self),
                keys: bundle.resultKeys ?? []
            ).claims
            let signer = try VerifierMaterials(VerifierDirectory(fleet.place)).resultSigner
            // Of this moment: a list is good for five minutes, and so many commands may take longer.
            func current() -> StatusListClaims {
                var claims = genuine
                (claims.issuedAt, claims.expires) = (now, now + StatusListClaims.lifetime)
                return claims
            }
            let faults: [(String, (inout StatusListClaims) throws -> Void)] = [
                (
                    "list-not-current",
                    {
                        $0.issuedAt -= 1000; $0.expires -= 1000
                    }
                ),
                ("other-list", { $0.subject += "0" }),
                ("index-beyond-list", { $0.compressed = try ZlibStream.compress([]) }),
                (
                    "status-suspended",
                    { $0.compressed = try ZlibStream.compress([UInt8](repeating: 0xAA, count: 1 << 14)) }
                ),
                (
                    "status-unknown",
                    { $0.compressed = try ZlibStream.compress([UInt8](repeating: 0xFF, count: 1 << 14)) }
                ),
            ]
            for (reason, fault) in faults {
                var claims = current()
                try fault(&claims)
                try write(signer.sign(claims).compact.utf8, to: list)
                let ended = try await expect(1, check(result, ["--list", list], in: fleet))
                #expect(try ended.json["reasons"].texts == [reason])
            }
            // A result without a place on a list, one that has expired, and both files where the other belongs.
            let own = try AttestationResult.verify(
                String(decoding: contents(of: result), as: UTF8.self),
                keys: bundle.resultKeys ?? []
            ).claims
            let other = fleet.directory + "/other.jwt"
            for (reason, fault) in [
                ("no-status", { $0.statusList = nil }),
                (
                    "not-current",
                    {
                        $0.issuedAt -= 9000; $0.expires = now - 1
                    }
                ),
            ] as [(String, (inout EARClaims) -> Void)] {
                var claims = own
                fault(&claims)
                try write(signer.sign(claims).compact.utf8, to: other)
                try write(signer.sign(current()).compact.utf8, to: list)
                let ended = try await expect(1, check(other, ["--list", list], in: fleet))
                #expect(try ended.json["reasons"].texts == [reason])
            }
            #expect(try await expect(1, check(list, in: fleet)).json["reasons"].texts == ["header"])
            #expect(
                try await expect(1, check(result, ["--list", result], in: fleet)).json["reasons"].texts == ["header"]
            )

            // Somebody else's signature; then what is none at all, and what is signed and cannot be unpacked.
            let stranger = try ResultSigner(key: .init())
            try write(stranger.sign(genuine).compact.utf8, to: list)
            let unknown = try await expect(1, check(result, ["--list", list], in: fleet))
            #expect(try unknown.json["reasons"].texts == ["unknown-key"])
            try write(fetched.prefix(fetched.count / 2), to: list)
            try await expect(2, check(result, ["--list", list], in: fleet))
            var damaged = current()
            damaged.compressed.removeLast()
            try write(signer.sign(damaged).compact.utf8, to: list)
            try await expect(2, check(result, ["--list", list], in: fleet))
            damaged.compressed = try ZlibStream.compress([UInt8](repeating: 0, count: StatusList.maximumSize + 1))
            try write(signer.sign(damaged).compact.utf8, to: list)
            try await expect(2, check(result, ["--list", list], in: fleet))

            try await expect(2, check(fleet.directory + "/none.jwt", in: fleet))
            await fleet.verifier.stop()
            try await expect(3, check(result, in: fleet))
        }
    }
}
