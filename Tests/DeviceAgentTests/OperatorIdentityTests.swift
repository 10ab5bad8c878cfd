import Crypto
import DurableFiles
import Messages
import NIOSSL
import Subprocess
import Testing

/// `birthmark` with an operator's certificate, at somebody who answers as a verifier does, or not quite so.
@Suite struct OperatorIdentityTests {
    /// Writes an operator's certificate and key.
    private func write(_ identity: TLSIdentity, to directory: String) throws {
        try AtomicFile.write(Array(identity.certificatePEM.utf8), to: directory + "/cert.pem")
        try AtomicFile.write(Array(identity.keyPEM.utf8), to: directory + "/key.pem")
    }

    /// Writes the trust bundle of who believes a server that this identity is its verifier.
    private func trust(_ identity: TLSIdentity, at port: Int, in directory: String) throws {
        let bundle = TrustBundle(
            verifier: "v",
            url: "https://localhost:\(port)",
            tlsRoots: identity.rootPEM,
            grantKeys: [StatementKey(P256.Signing.PrivateKey().publicKey)],
            ledgerKey: "",
            releaseKeys: nil
        )
        try AtomicFile.write(EditedJSON.encode(bundle), to: directory + "/trust.json")
    }

    @Test func operatorsShowTheirCertificate() async throws {
        try await withDirectory { directory in
            let identity = try TLSIdentity()
            try write(identity, to: directory)
            let configure: @Sendable (inout TLSConfiguration) -> Void = { configuration in
                configuration.certificateVerification = .noHostnameVerification
                let roots = (try? NIOSSLCertificate.fromPEMBytes(Array(identity.rootPEM.utf8))) ?? []
                configuration.trustRoots = .certificates(roots)
            }
            try await TLSServer.with(
                identity,
                configure: configure,
                answer: { asked in
                    asked.path == "/v1/instances"
                        ? try .message(InstanceList(instances: []))
                        : try .problem(Problem(.forbidden, title: "Not your role.", status: 403))
                }
            ) { server in
                try trust(identity, at: server.port, in: directory)
                let options = ["--trust", directory + "/trust.json", "--operator", directory]
                let list = try await Program.operator.run(["device", "list", "--json"] + options)
                #expect(list.status == .exited(0), "\(list)")
                #expect(list.output == "{\"instances\":[]}\n")
                let byEnvironment = try await Program.operator.run(
                    ["device", "list", "--json"],
                    environment: ["BIRTHMARK_TRUST": directory + "/trust.json", "BIRTHMARK_OPERATOR": directory]
                )
                #expect(byEnvironment.status == .exited(0), "\(byEnvironment)")
                let forbidden = try await Program.operator.run(
                    ["device", "suspend", "SN-1", "--reason", "a reason"] + options
                )
                #expect(forbidden.status == .exited(1), "\(forbidden)")
                let twoLines = try await Program.operator.run(
                    ["device", "suspend", "SN-1", "--reason", "one\ntwo"] + options
                )
                #expect(twoLines.status == .exited(2), "\(twoLines)")
            }
        }
    }

    /// Who stands in for a verifier, or carries its answers, writes what is shown to people: words and no more.
    @Test func attack73_answersThatCouldSteerATerminal() async throws {
        let hostile = "\u{1B}]0;mine\u{07}\u{9B}2J\u{202E}\r\nREADY=1"
        try await withDirectory { directory in
            let identity = try TLSIdentity()
            try write(identity, to: directory)
            let keys = KeyList(keys: [KnownKey(.grant, hostile, name: hostile, .inUse)])
            let problem = Problem(.refused, title: hostile, status: 403, reasons: [hostile], instance: hostile)
            try await TLSServer.with(
                identity,
                answer: { asked in asked.path == "/v1/keys" ? try .message(keys) : try .problem(problem) }
            ) { server in
                try trust(identity, at: server.port, in: directory)
                let options = ["--trust", directory + "/trust.json", "--operator", directory]
                for command in [["key", "list"], ["device", "list"]] {
                    let ended = try await Program.operator.run(command + options)
                    let shown = ended.output + ended.error
                    #expect(shown.contains("mine"), "\(ended)")
                    let steers = shown.unicodeScalars.contains { scalar in
                        scalar != "\n" && [.control, .format].contains(scalar.properties.generalCategory)
                    }
                    #expect(!steers, "\(ended)")
                }
                let refused = try await Program.operator.run(["device", "list"] + options)
                #expect(refused.status == .exited(1), "\(refused)")
                #expect(!refused.error.contains("\nREADY=1"), "\(refused)")
            }
        }
    }
}
