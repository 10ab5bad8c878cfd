import Crypto
import FoundationEssentials
import Messages
import SoftwareDevice
import Subprocess
import TPMDevice
import TPMWire
import Testing

/// `birthmark`: what operators, release makers and auditors run.
@Suite struct OperatorProgramTests {
    private func run(_ arguments: String...) async throws -> Program.Ended { try await Program.operator.run(arguments) }

    // MARK: Quotes

    /// A real quote in files, with a nonce and the values of its PCRs.
    private func quoted(_ body: (String) async throws -> Void) async throws {
        try await TestDevice.with { device in
            let selection = try #require(TPMSPCRSelection(bank: .sha256, pcrs: Set(0..<10)))
            let handle = Handle(rawValue: device.record.iak.handle)
            let signed = try await device.software.onTPM { tpm throws(TPMError) -> SignedAttestation? in
                guard let key = try tpm.persistentObject(at: handle) else { return nil }
                return try tpm.quote(TPMLPCRSelection(selection), with: key, qualifyingData: [0xC0, 0xFF, 0xEE])
            }
            let directory = device.directory
            let quote = try #require(signed)
            try write(quote.attest, to: directory + "/attest")
            try write(Self.sized(quote.attest), to: directory + "/attest2b")
            try write(quote.signature, to: directory + "/signature")
            let area = device.record.iak.publicArea.bytes
            try write(area, to: directory + "/key")
            try write(Self.sized(area), to: directory + "/key2b")
            guard case .ecc(_, let point) = try TPMTPublic(parsing: area).parameters else {
                throw Unexpected("no point")
            }
            let pem = try P256.Signing.PublicKey(x963Representation: [4] + point.x + point.y).pemRepresentation
            try write(Array(pem.utf8), to: directory + "/key.pem")
            try write(CanonicalJSON.encode(try await device.readPCRs()), to: directory + "/pcrs")
            try await body(directory)
        }
    }

    private static func sized(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8(bytes.count >> 8), UInt8(truncatingIfNeeded: bytes.count)] + bytes
    }

    @Test func aQuoteIsJudgedInEveryFormOfItsFiles() async throws {
        try await quoted { directory in
            for (key, attest, attributes) in [
                ("key", "attest", "accepted"), ("key2b", "attest2b", "accepted"), ("key.pem", "attest", "unknown"),
            ] {
                let ended = try await run(
                    "quote",
                    "verify",
                    "--key",
                    "\(directory)/\(key)",
                    "--attest",
                    "\(directory)/\(attest)",
                    "--signature",
                    "\(directory)/signature",
                    "--nonce",
                    "C0ffee",
                    "--pcrs",
                    "\(directory)/pcrs",
                    "--json"
                )
                #expect(ended.status == .exited(0), "\(ended)")
                #expect(try ended.json["verdict"] == "accepted")
                #expect(try ended.json["keyAttributes"] == attributes)
                #expect(ended.output.contains(#""reasons":[]"#))
                #expect(ended.output.contains(#""extraData":"c0ffee""#))
            }
        }
    }

    @Test func whatIsWrongWithAQuoteDecidesTheExitStatus() async throws {
        try await quoted { directory in
            let genuine = try contents(of: directory + "/attest")
            try write(genuine + [0], to: directory + "/longer")
            try write(Array(genuine.dropLast(40)), to: directory + "/shorter")
            try write([1, 2, 3], to: directory + "/rubbish")
            let cases: [(key: String, attest: String, signature: String, nonce: String, status: Int32)] = [
                ("key", "attest", "signature", "c0ffef", 1), ("key", "longer", "signature", "c0ffee", 1),
                ("key", "shorter", "signature", "c0ffee", 1), ("key", "attest", "rubbish", "c0ffee", 2),
                ("rubbish", "attest", "signature", "c0ffee", 2), ("nowhere", "attest", "signature", "c0ffee", 2),
                ("key", "attest", "signature", "c0ffe", 2), ("key", "attest", "signature", "nonsense", 2),
            ]
            for one in cases {
                let ended = try await run(
                    "quote",
                    "verify",
                    "--key",
                    "\(directory)/\(one.key)",
                    "--attest",
                    "\(directory)/\(one.attest)",
                    "--signature",
                    "\(directory)/\(one.signature)",
                    "--nonce",
                    one.nonce,
                    "--json"
                )
                #expect(ended.status == .exited(one.status), "\(one) \(ended)")
            }
        }
    }

    // MARK: Logs and releases

    @Test func aLogReplaysToWhatTheTPMHolds() async throws {
        try await TestDevice.with { device in
            let ended = try await run("log", "replay", device.log, "--json")
            let facts = try await run("log", "replay", device.log)
            for fact in [
                "firmware: ", "PK: ", "KEK: ", "db: ", "dbx: ", "authority: db", "boot loader: GRUB", "command line: /",
            ] {
                #expect(facts.output.contains("\n" + fact), "\(fact)")
            }
            #expect(facts.output.contains("(event "))
            #expect(ended.status == .exited(0), "\(ended)")
            struct Report: Decodable {
                var banks: [String: [String: String]]
                var events: Int
                var secureBoot: String
                var warnings: [String]
            }
            let report = try JSONDecoder().decode(Report.self, from: Data(ended.output.utf8))
            #expect(report.secureBoot == "enabled")
            #expect(report.events > 20)
            for (pcr, value) in try await device.readPCRs().values {
                #expect(report.banks["sha256"]?["\(pcr)"] == LowercaseHex.encode(value))
            }
            try write([1, 2, 3], to: device.directory + "/rubbish")
            #expect(try await run("log", "replay", device.directory + "/rubbish").status == .exited(2))
            #expect(try await run("log", "replay", device.directory).status == .exited(2))
            #expect(try await run("log", "replay", device.log, "--format", "ima").status == .exited(2))
        }
    }

    @Test func aReleaseIsMeasuredSignedAndCosigned() async throws {
        try await TestDevice.with { device in
            let directory = device.directory
            let pcrs = directory + "/pcrs"
            try write(CanonicalJSON.encode(try await device.readPCRs()), to: pcrs)
            let measured = try await run("release", "measure", "--log", device.log, "--pcrs", pcrs)
            #expect(measured.status == .exited(0), "\(measured)")
            try write(Array(measured.output.utf8), to: directory + "/boot.json")

            let keys = directory + "/keys.json"
            #expect(try await run("release", "keygen", directory + "/one", "--public", keys).status == .exited(0))
            let second = try await run(
                "release",
                "keygen",
                directory + "/two",
                "--public",
                keys,
                "--threshold",
                "2",
                "--algorithm",
                "ed25519"
            )
            #expect(second.status == .exited(0), "\(second)")
            #expect(try mode(of: directory + "/one") == 0o600)
            #expect(try await run("release", "keygen", directory + "/one").status == .exited(3))

            try write(Array("the package".utf8), to: directory + "/app.img")
            let envelope = directory + "/app.dsse.json"
            let signed = try await run(
                "release",
                "sign",
                "--key",
                directory + "/one",
                "--package",
                directory + "/app.img",
                "--name",
                "app",
                "--version",
                "2.0",
                "--security-version",
                "7",
                "--model",
                "gateway",
                "--model",
                "sensor",
                "--hardware-revision",
                "B",
                "--boot",
                directory + "/boot.json",
                "--out",
                envelope
            )
            #expect(signed.status == .exited(0), "\(signed)")
            let trusted = try SigningKeys(parsing: contents(of: keys))
            let once = try SignedEnvelope(parsing: contents(of: envelope))
            #expect(throws: MessageError.self) { try once.payload(type: Release.payloadType, signedBy: trusted) }
            #expect(
                try await run("release", "cosign", envelope, "--key", directory + "/two", "--out", envelope).status
                    == .exited(0)
            )
            let twice = try SignedEnvelope(parsing: contents(of: envelope))
            let release = try Release(parsing: twice.payload(type: Release.payloadType, signedBy: trusted))
            #expect(release.artifact.sha256 == ContentDigest(of: Array("the package".utf8)))
            #expect(release.models == [label("gateway"), label("sensor")])
            #expect(release.boot?.facts.secureBoot == true)
            let values = try await device.readPCRs().values
            for (pcr, value) in try #require(release.boot).exact.values { #expect(values[pcr] == value) }

            // Another boot's PCRs are not this log's.
            try await device.software.boot(firmware: .named("sensor-os-1.7.0"))
            let other = try contents(of: device.log)
            try write(other, to: directory + "/other.log")
            let mixed = try await run("release", "measure", "--log", directory + "/other.log", "--pcrs", pcrs)
            #expect(mixed.status == .exited(1), "\(mixed)")
        }
    }

    // MARK: Endorsement certificates

    @Test func anEKCertificateIsJudgedAsItComesOutOfNV() async throws {
        try await withDirectory { directory in
            let ca = try LocalCA(directory: directory + "/ca")
            let software = try await SoftwareDevice.make(in: DeviceDirectory(directory + "/tpm"), ca: ca)
            try await software.start()
            let certificate = try await software.onTPM { tpm throws(TPMError) -> [UInt8]? in
                guard let index = try tpm.nvIndex(at: Handle(rawValue: 0x01C0_000A)) else { return nil }
                return try tpm.nvRead(index, count: Int(tpm.nvReadPublic(index).publicArea.dataSize))
            }
            try await software.stop(orderly: false)
            try write(try #require(certificate), to: directory + "/ek")
            let good = try await run("ek", "verify", directory + "/ek", "--roots", directory + "/ca", "--json")
            #expect(good.status == .exited(0), "\(good)")
            #expect(try good.json["verdict"] == "accepted")

            _ = try LocalCA(directory: directory + "/strangers")
            let strange = try await run(
                "ek",
                "verify",
                directory + "/ek",
                "--roots",
                directory + "/strangers",
                "--json"
            )
            #expect(strange.status == .exited(1), "\(strange)")
            let early = try await run(
                "ek",
                "verify",
                directory + "/ek",
                "--roots",
                directory + "/ca",
                "--at",
                "1999-12-31",
                "--json"
            )
            #expect(early.status == .exited(1), "\(early)")
            #expect(early.output.contains("not-yet-valid"))
            let never = try await run(
                "ek",
                "verify",
                directory + "/ek",
                "--roots",
                directory + "/ca",
                "--at",
                "tomorrow"
            )
            #expect(never.status == .exited(2), "\(never)")
            try write([1, 2, 3], to: directory + "/rubbish")
            let rubbish = try await run("ek", "verify", directory + "/rubbish", "--roots", directory + "/ca")
            #expect(rubbish.status == .exited(2), "\(rubbish)")
        }
    }

    // MARK: The ledger

    @Test func theLedgerIsCheckedFromOutside() async throws {
        try await Bench.with { bench in
            try await bench.update()
            let trust = bench.device.directory + "/trust.json"
            let whole = try await run("ledger", "verify", "--trust", trust, "--json")
            #expect(whole.status == .exited(0), "\(whole)")
            #expect(whole.output.contains(#""birth":1"#))
            #expect(whole.output.contains(#""grant":1"#))

            await bench.verifier.rewriteLedger { $0.swapAt(1, 2) }
            #expect(try await run("ledger", "verify", "--trust", trust).status == .exited(1))
            await bench.verifier.rewriteLedger { $0.swapAt(1, 2) }
            await bench.verifier.rewriteLedger { $0.remove(at: 1) }
            #expect(try await run("ledger", "verify", "--trust", trust).status == .exited(1))

            // Somebody else's ledger, honest in itself, is not the one that was promised.
            var other = bench.trust
            other.ledgerKey = try TestVerifier(of: bench.device.record).trust(port: 1).ledgerKey
            try write(EditedJSON.encode(other), to: bench.device.directory + "/other.json")
            let foreign = try await run("ledger", "verify", "--trust", bench.device.directory + "/other.json")
            #expect(foreign.status == .exited(1), "\(foreign)")
        }
    }

    // MARK: The verifier's routes

    @Test(arguments: [
        ["device", "list"], ["device", "show"], ["release", "add", "/nowhere"], ["births", "import", "/nowhere"],
        ["policy", "check", "/nowhere"], ["ledger", "verify"], ["nonsense"], ["quote", "verify"],
    ])
    func wrongUsageEndsWithTwo(_ arguments: [String]) async throws {
        let ended = try await Program.operator.run(arguments)
        #expect(ended.status == .exited(2), "\(ended)")
        #expect(ended.output.isEmpty)
    }

    @Test func aPolicyIsChecked() async throws {
        try await withDirectory { directory in
            let good = #"""
                {"formatVersion": 1, "rules": [{"id": "r", "match": {"environments": "*", "tiers": "*", "models": "*",
                "hardwareRevisions": "*", "packages": "*"}, "moves": {"upgrade": true, "reinstall": true, "downgrade": false},
                "boot": {"requireLog": false, "secureBoot": "any"}, "lease": {"seconds": 60}, "grant": {"seconds": 60}}]}
                """#
            try write(Array(good.utf8), to: directory + "/good.json")
            try write(Array(good.replacing("reinstall", with: "reinstal").utf8), to: directory + "/typo.json")
            #expect(try await run("policy", "check", directory + "/good.json").status == .exited(0))
            let typo = try await run("policy", "check", directory + "/typo.json")
            #expect(typo.status == .exited(2))
            #expect(typo.error.contains("reinstal"))
        }
    }
}
