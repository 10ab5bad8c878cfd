import Crypto
import FoundationEssentials
import SoftwareDevice
import Subprocess
import SwiftASN1
import SystemPackage
import TPMCrypto
import TPMDevice
import TPMWire
import Testing
import X509

/// `birthmark ek verify` from outside, with the endorsement key and certificate of a real TPM.
@Suite struct EKVerifyTests {
    /// A TPM's certificate and key in files, and the directory that trusts its maker.
    private struct Made {
        var directory: String
        var certificate: [UInt8]
        var area: [UInt8]
        var roots: String { directory + "/roots" }

        func verify(_ file: String, _ arguments: String...) async throws -> Program.Ended {
            try await Program.operator.run(["ek", "verify", directory + "/" + file] + arguments)
        }
    }

    private func made(_ body: (Made) async throws -> Void) async throws {
        try await withDirectory { directory in
            let ca = try LocalCA(directory: directory + "/ca")
            let software = try await SoftwareDevice.make(in: DeviceDirectory(directory + "/tpm"), ca: ca)
            try await software.start()
            let found = try await software.onTPM { tpm throws(TPMError) -> ([UInt8], [UInt8])? in
                guard let index = try tpm.nvIndex(at: Handle(rawValue: 0x01C0_000A)) else { return nil }
                let certificate = try tpm.nvRead(index, count: Int(tpm.nvReadPublic(index).publicArea.dataSize))
                let key = try tpm.createPrimary(EndorsementKeyTemplate.eccP256.area, in: .endorsement)
                return (certificate, key.object.publicArea.bytes)
            }
            try await software.stop(orderly: false)
            let (certificate, area) = try #require(found)
            let made = Made(directory: directory, certificate: certificate, area: area)
            try FileManager.default.createDirectory(atPath: made.roots, withIntermediateDirectories: false)
            for name in ["root.pem", "intermediate.pem"] {
                try FileManager.default.copyItem(atPath: "\(directory)/ca/\(name)", toPath: "\(made.roots)/\(name)")
            }
            try write(certificate, to: directory + "/ek.der")
            try write(area, to: directory + "/ek.pub")
            try await body(made)
        }
    }

    private static func sized(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
    }

    @Test func everyFormOfTheFilesIsRead() async throws {
        try await made { made in
            let (der, directory) = (made.certificate, made.directory)
            let pem =
                "notes\n-----BEGIN CERTIFICATE-----\n\(Data(der).base64EncodedString())\n-----END CERTIFICATE-----\n"
            // TCG_PCCLIENT_STORED_CERT, and an index longer than what is in it.
            let header = [0x10, 0x01, 0x00] + Self.sized([0x10, 0x02] + der)
            for (form, bytes, workarounds) in [
                ("der", der, #""workarounds":[]"#), ("pem", Array(pem.utf8), #""workarounds":[]"#),
                ("header", header, #""workarounds":["nvHeader"]"#),
                ("padded", der + [UInt8](repeating: 0xFF, count: 77), #""workarounds":["nvPadding"]"#),
            ] {
                try write(bytes, to: directory + "/" + form)
                for key in [made.area, Self.sized(made.area)] {
                    try write(key, to: directory + "/key")
                    let ended = try await made.verify(
                        form,
                        "--roots",
                        made.roots,
                        "--key",
                        directory + "/key",
                        "--json"
                    )
                    #expect(ended.status == .exited(0), "\(ended)")
                    #expect(try ended.json["verdict"] == "accepted")
                    #expect(ended.output.contains(workarounds) && ended.output.contains(#""keyChecked":true"#))
                }
            }
            // An intermediate that came with the TPM need not be trusted.
            try FileManager.default.moveItem(atPath: made.roots + "/intermediate.pem", toPath: directory + "/chain.pem")
            let alone = try await made.verify("ek.der", "--roots", made.roots)
            #expect(alone.status == .exited(1), "\(alone)")
            let chained = try await made.verify("ek.der", "--roots", made.roots, "--chain", directory + "/chain.pem")
            #expect(chained.status == .exited(0), "\(chained)")
        }
    }

    /// The check, what was seen, and what it stops, for people and for scripts.
    @Test func aRefusalSaysWhatWasSeenAndWhatItStops() async throws {
        try await made { made in
            let other = P256.Signing.PrivateKey().publicKey.rawRepresentation
            var area = try TPMTPublic(parsing: made.area)
            guard case .ecc(let detail, _) = area.parameters else { throw Unexpected("no point") }
            let point = TPMSECCPoint(x: Array(other.prefix(32)), y: Array(other.suffix(32)))
            area.parameters = .ecc(detail, unique: point)
            try write(area.bytes, to: made.directory + "/other.pub")
            let arguments = ["--roots", made.roots, "--key", made.directory + "/other.pub", "--at", "2001-02-03"]
            let said = try await made.verify("ek.der", arguments[0], arguments[1], arguments[2], arguments[3])
            #expect(said.status == .exited(1), "\(said)")
            #expect(said.output.hasPrefix("refused\n  key-differs: "))
            #expect(said.output.contains("    stops a certificate borrowed from another TPM ("))

            let told = try await Program.operator.run(
                ["ek", "verify", made.directory + "/ek.der"] + arguments + ["--json"]
            )
            #expect(told.status == .exited(1), "\(told)")
            struct Report: Decodable {
                struct Finding: Decodable { var code, rule, sentence, stops: String }
                var verdict: String
                var reasons: [String]
                var findings: [Finding]
            }
            let report = try JSONDecoder().decode(Report.self, from: Data(told.output.utf8))
            #expect(report.verdict == "refused")
            #expect(report.reasons.first == "key-differs" && report.reasons.contains("not-yet-valid"))
            #expect(report.findings.map(\.code) == report.reasons)
            #expect(report.findings.allSatisfy { !$0.rule.isEmpty && !$0.sentence.isEmpty && !$0.stops.isEmpty })
        }
    }

    @Test func aKeyWithoutCertificateNeedsTheOwnersList() async throws {
        try await made { made in
            let digest = SHA256.hash(data: made.area).map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            let list = made.directory + "/list"
            try write(Array("# bench\n\(digest) # the one on the shelf\n".utf8), to: list)
            try write(Self.sized(made.area), to: made.directory + "/ek2b.pub")
            for file in ["ek.pub", "ek2b.pub"] {
                let taken = try await made.verify(file, "--allow-list", list, "--json")
                #expect(taken.status == .exited(0), "\(taken)")
                #expect(try taken.json["publicArea"] == digest)
                #expect(try taken.json["basis"] == "allow-list")
            }
            try write(Array("# nobody\n".utf8), to: list)
            let refused = try await made.verify("ek.pub", "--allow-list", list)
            #expect(refused.status == .exited(1), "\(refused)")
            #expect(refused.output.contains("not-allowed: ") && refused.output.contains(digest))
            // A listed key that signs is no endorsement key.
            var area = try TPMTPublic(parsing: made.area)
            area.objectAttributes.insert(.sign)
            try write(area.bytes, to: made.directory + "/signing.pub")
            let signing = SHA256.hash(data: area.bytes).map { byte in
                String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
            }.joined()
            try write(Array(signing.utf8), to: list)
            let unsuitable = try await made.verify("signing.pub", "--allow-list", list)
            #expect(unsuitable.status == .exited(1), "\(unsuitable)")
            #expect(unsuitable.output.contains("key-usage-unsuitable"))

            // Neither is a certificate a key, nor half a digest a line; and it is one or the other.
            #expect(try await made.verify("ek.der", "--allow-list", list).status == .exited(2))
            try write(Array("abcd\n".utf8), to: list)
            #expect(try await made.verify("ek.pub", "--allow-list", list).status == .exited(2))
            #expect(try await made.verify("ek.pub").status == .exited(2))
            #expect(try await made.verify("ek.pub", "--allow-list", list, "--roots", made.roots).status == .exited(2))
        }
    }

    @Test func datesAreReadStrictly() async throws {
        try await made { made in
            for date in ["2026-02-30", "2026-13-01", "tomorrow", "2026-11-23T15:04", "2026-11-23 15:04:05Z", ""] {
                let ended = try await made.verify("ek.der", "--roots", made.roots, "--at", date)
                #expect(ended.status == .exited(2), "\(date): \(ended)")
            }
            let last = try await made.verify("ek.der", "--roots", made.roots, "--at", "9999-12-31T23:59:59Z", "--json")
            #expect(last.status == .exited(1) || last.status == .exited(0), "\(last)")
            #expect(last.output.contains(#""at":253402300799"#))
        }
    }

    /// Lists that OpenSSL made for the maker's two CAs.
    @Test func revocationListsOfTheMakerCount() async throws {
        try await made { made in
            let serial = try Certificate(derEncoded: made.certificate).serialNumber.bytes
                .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined().uppercased()
            for authority in ["root", "intermediate"] {
                try await list(of: authority, revoking: nil, in: made)
                let missing = try await made.verify("ek.der", "--roots", made.roots, "--require-crl")
                #expect(missing.status == .exited(1), "\(missing)")
                #expect(missing.output.contains("revocation-list-missing: "))
            }
            let lists = ["--crl", made.directory + "/root.crl", "--crl", made.directory + "/intermediate.crl"]
            let arguments = ["ek", "verify", made.directory + "/ek.der", "--roots", made.roots, "--require-crl"]
            let clear = try await Program.operator.run(arguments + lists)
            #expect(clear.status == .exited(0), "\(clear)")
            #expect(clear.output.contains("revocation lists: 2"))
            let stale = try await Program.operator.run(arguments + lists + ["--at", "2900-01-01"])
            #expect(stale.output.contains("revocation-list-expired: "), "\(stale)")

            try await list(of: "intermediate", revoking: serial, in: made)
            let revoked = try await Program.operator.run(arguments + lists + ["--json"])
            #expect(revoked.status == .exited(1), "\(revoked)")
            #expect(revoked.output.contains(#""reasons":["revoked"]"#))
            // In the directory it counts without being asked for.
            try FileManager.default.moveItem(
                atPath: made.directory + "/intermediate.crl",
                toPath: made.roots + "/intermediate.crl"
            )
            let found = try await made.verify("ek.der", "--roots", made.roots)
            #expect(found.status == .exited(1) && found.output.contains("revoked: "), "\(found)")
        }
    }

    private func list(of authority: String, revoking serial: String?, in made: Made) async throws {
        let entry = serial.map { "R\t491231235959Z\t250101000000Z,keyCompromise\t\($0)\tunknown\t/CN=TPM\n" }
        try write(Array((entry ?? "").utf8), to: made.directory + "/index.txt")
        try write(Array("01\n".utf8), to: made.directory + "/number")
        let configuration = """
            [ca]
            default_ca = maker
            [maker]
            database = \(made.directory)/index.txt
            crlnumber = \(made.directory)/number
            default_md = sha256
            default_crl_days = 30
            crl_extensions = lists
            [lists]
            authorityKeyIdentifier = keyid
            """
        try write(Array(configuration.utf8), to: made.directory + "/ca.cnf")
        let result = try await Subprocess.run(
            .path("/usr/bin/openssl"),
            arguments: [
                "ca", "-gencrl", "-config", made.directory + "/ca.cnf",
                "-cert", "\(made.directory)/ca/\(authority).pem",
                "-keyfile", "\(made.directory)/ca/\(authority)-key.pem",
                "-out", "\(made.directory)/\(authority).crl",
            ],
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        #expect(result.terminationStatus == .exited(0), "\(result.standardError)")
    }
}
