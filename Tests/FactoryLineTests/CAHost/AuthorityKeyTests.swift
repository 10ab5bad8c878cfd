import DurableFiles
import Foundation
import SoftwareDevice
import TPMDevice
import TPMWire
import Testing

/// A CA whose key is in a token, in a TPM, or in a file under a passphrase: births are the same, and the key stays there.
@Suite(.timeLimit(.minutes(20))) struct AuthorityKeyTests {
    /// One birth by a station that is its own CA, and OpenSSL's opinion of it.
    private func birth(
        _ line: TestLine,
        _ options: [String],
        unlock: [String] = [],
        environment: [String: String] = [:]
    ) async throws {
        let station = line.directory + "/keyed"
        let made = try await FactoryProcess.run(
            ["init", station, "--name", "line-9"] + options + unlock,
            environment: environment
        )
        #expect(made.status == 0, "\(made.errors)")
        for file in ["root.pem", "intermediate.pem"] {
            try FileManager.default.copyItem(
                atPath: "\(line.directory)/ca/\(file)",
                toPath: "\(station)/ek-roots/\(file)"
            )
        }
        try await line.withDevice { device in
            let born = try await FactoryProcess.run(
                FactoryProcess.provision(at: station, device) + unlock,
                environment: environment
            )
            #expect(born.status == 0, "\(born.errors)")
            // The iak's certificate out of the TPM.
            let contents = try await TPMContents.of(device)
            let der = line.directory + "/iak.der"
            try Data(try #require(contents.nv[.init(rawValue: 0x01C9_0100)])).write(to: URL(filePath: der))
            let verified = try OpenSSL.run([
                "verify", "-CAfile", station + "/ca/root.pem", "-untrusted", station + "/ca/ca.pem", der,
            ])
            #expect(verified.status == 0, "\(verified.text)")
        }
    }

    @Test func aKeyInAToken() async throws {
        try await TestLine.with { line in
            let module = "/usr/lib/softhsm/libsofthsm2.so"
            try FileManager.default.createDirectory(
                atPath: line.directory + "/tokens",
                withIntermediateDirectories: false
            )
            let config = line.directory + "/softhsm2.conf"
            try Data("directories.tokendir = \(line.directory)/tokens\nobjectstore.backend = file\n".utf8)
                .write(to: URL(filePath: config))
            let pin = line.directory + "/pin"
            try AtomicFile.write(Array("123456\n".utf8), to: pin)
            let environment = ["SOFTHSM2_CONF": config]
            let token = Process()
            token.executableURL = URL(filePath: "/usr/bin/softhsm2-util")
            token.arguments = ["--init-token", "--free", "--label", "factory", "--pin", "123456", "--so-pin", "654321"]
            token.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            token.standardInput = FileHandle.nullDevice
            token.standardOutput = FileHandle.nullDevice
            token.standardError = FileHandle.nullDevice
            try token.run()
            token.waitUntilExit()
            #expect(token.terminationStatus == 0)

            func uri(_ object: String) -> String {
                "pkcs11:token=factory;object=\(object)?module-path=\(module)&pin-source=\(pin)"
            }
            let places = ["--root-key", uri("root"), "--issuing-key", uri("issuing")]
            try await birth(line, places, environment: environment)
            #expect(try FileManager.default.contentsOfDirectory(atPath: line.directory + "/keyed/ca/keys").isEmpty)

            // A wrong PIN, a missing token and a URI with the PIN in it: told apart, and nothing of the PIN is told.
            let station = line.directory + "/keyed"
            try await line.withDevice("b") { device in
                let arguments = FactoryProcess.provision(at: station, device, serial: "GW-2")
                try AtomicFile.write(Array("999999\n".utf8), to: pin)
                let wrong = try await FactoryProcess.run(arguments, environment: environment)
                // Not 3, upon which a service is started again, until the token has locked itself.
                #expect(wrong.status == 2)
                #expect(wrong.errors.contains("logging in") && !wrong.errors.contains("999999"), "\(wrong.errors)")
                try AtomicFile.write(Array("123456\n".utf8), to: pin, mode: 0o640)
                let exposed = try await FactoryProcess.run(arguments, environment: environment)
                #expect(exposed.status == 3 && exposed.errors.contains("chmod 600 \(pin)"), "\(exposed.errors)")
                try AtomicFile.write(Array("123456\n".utf8), to: pin)
                let absent = try await FactoryProcess.run(arguments, environment: ["SOFTHSM2_CONF": "/dev/null"])
                #expect(absent.status == 3)
                #expect(absent.errors.contains("hint: "), "\(absent.errors)")
                #expect(try await TPMContents.of(device).persistent.isEmpty)
            }
            let open = try await FactoryProcess.run([
                "init", line.directory + "/open", "--name", "x", "--issuing-key",
                "pkcs11:token=factory;object=x?module-path=\(module)&pin-value=123456",
            ])
            #expect(open.status == 3)
            #expect(!open.errors.contains("123456"), "\(open.errors)")
        }
    }

    @Test func aKeyInATPM() async throws {
        try await TestLine.with { line in
            try await line.withDevice("authority") { authority in
                let places = [
                    "--root-key", "tpm:0x81008001,\(authority.tcti)", "--issuing-key",
                    "tpm:0x81008002,\(authority.tcti)",
                ]
                try await birth(line, places)
                #expect(try FileManager.default.contentsOfDirectory(atPath: line.directory + "/keyed/ca/keys").isEmpty)
                let kept = try await TPMContents.of(authority)
                #expect(Set(kept.persistent.keys.map(\.rawValue)).isSuperset(of: [0x8100_8001, 0x8100_8002]))
                #expect(kept.loaded.isEmpty)
            }
        }
    }

    @Test func aKeyUnderAPassphrase() async throws {
        try await TestLine.with { line in
            let file = line.directory + "/passphrase"
            try AtomicFile.write(Array("correct horse\n".utf8), to: file)
            try await birth(line, [], unlock: ["--passphrase-file", file])
            let station = line.directory + "/keyed"
            let key = station + "/ca/keys/ca.key"
            let pem = try String(contentsOfFile: key, encoding: .utf8)
            #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----"))
            #expect(try OpenSSL.run(["pkey", "-in", key, "-passin", "file:\(file)", "-noout"]).status == 0)
            #expect(try OpenSSL.run(["pkey", "-in", key, "-passin", "pass:wrong", "-noout"]).status != 0)
            try await line.withDevice("b") { device in
                let arguments = FactoryProcess.provision(at: station, device, serial: "GW-2")
                let without = try await FactoryProcess.run(arguments)
                #expect(without.status == 3)
                #expect(without.errors.contains("--passphrase-file"), "\(without.errors)")
                try AtomicFile.write(Array("correct horse\n".utf8), to: file, mode: 0o604)
                let exposed = try await FactoryProcess.run(arguments + ["--passphrase-file", file])
                #expect(exposed.status == 3 && exposed.errors.contains("chmod 600 \(file)"), "\(exposed.errors)")
                try AtomicFile.write(Array("wrong horse\n".utf8), to: file)
                let wrong = try await FactoryProcess.run(arguments + ["--passphrase-file", file])
                #expect(wrong.status == 3)
                #expect(!wrong.errors.contains("horse"), "\(wrong.errors)")
            }
            // Births leave without the CA.
            let exported = try await FactoryProcess.run(["export", station, "--out", line.directory + "/b.json"])
            #expect(exported.status == 0, "\(exported.errors)")
        }
    }
}
