import Testing

/// The search for secrets at the end of every test of this target finds something to look for.
@Suite(.timeLimit(.minutes(20))) struct PrivacyTests {
    @Test func everyPrivateKeyIsFoundClosedAndUntold() async throws {
        try await Fleet.with { fleet in
            let device = fleet.devices[0]
            try await expect(0, device.update())
            let secrets = Secrets(below: fleet.directory)
            let found = Set(secrets.files.map { $0.dropFirst(fleet.directory.count + 1) })
            let expected: Set<Substring> = [
                "release.key", "line/ca/keys/root.key", "line/ca/keys/ca.key", "line/keys/station.key",
                "verifier/operators/alice/key.pem",
                "verifier/keys/grant.key", "verifier/keys/results.key", "verifier/keys/ledger.key",
                "verifier/keys/challenge.key",
                "verifier/keys/tls.key", "verifier/keys/operator-ca.key", "d1/agent/installation.key",
            ]
            #expect(found == expected)
            #expect(secrets.exposed.isEmpty)
            #expect(secrets.spellings.count == 4 * expected.count)
            #expect(secrets.spellings.allSatisfy { $0.text.count >= 43 })
            // What is not a key may be seen: the search does not cry over everything.
            let trust = try String(decoding: contents(of: fleet.trust), as: UTF8.self)
            #expect(!secrets.spellings.contains { trust.contains($0.text) })
            for file in ["trust.json", "agent/journal.json", "agent/lock"] {
                let path = file == "trust.json" ? "\(device.state)/\(file)" : "\(device.directory)/\(file)"
                #expect(tree(path).first?.mode == 0o600, "\(path)")
            }
        }
    }

    /// Somebody else's eyes on a key are noticed by those who would use it.
    @Test func aKeyThatOthersCanReadIsNotUsed() async throws {
        try await Fleet.with { fleet in
            await fleet.verifier.stop()
            for name in ["grant", "ledger"] {
                let key = fleet.place + "/keys/\(name).key"
                try setMode(0o644, of: key)
                let check = try await Program.verifier.run(["check", fleet.place, "--json"], in: fleet.transcript)
                try expect(1, check)
                #expect(check.output.contains("chmod 600"))
                let serve = try await Program.verifier.run(["serve", fleet.place], in: fleet.transcript)
                try expect(3, serve)
                #expect(serve.error.contains("hint: make it private"))
                try setMode(0o600, of: key)
            }

            let device = fleet.devices[0]
            try await expect(3, device.agent("attest"))
            try setMode(0o755, of: device.state)
            #expect(try await expect(3, device.agent("attest")).error.contains("chmod go="))
            try setMode(0o700, of: device.state)
            let installation = device.state + "/installation.key"
            try setMode(0o604, of: installation)
            let exposed = try await expect(3, device.agent("attest"))
            #expect(exposed.error.contains("chmod 600 \(installation)"), "\(exposed)")
            try setMode(0o600, of: installation)
        }
    }

    /// The same of the keys of people who operate and release, and of those of a station and its CA.
    @Test func aPersonsKeyThatOthersCanReadIsNotUsed() async throws {
        try await Fleet.with([], born: false) { fleet in
            let signing =
                ["release", "sign", "--package", fleet.package, "--name", "a", "--version", "1", "--boot", fleet.boot]
                + ["--security-version", "1", "--model", "m", "--hardware-revision", "B"]
            let ways: [(key: String, program: Program, arguments: [String])] = [
                (
                    fleet.releaseKey, .auditor,
                    signing + ["--key", fleet.releaseKey, "--out", fleet.directory + "/a.dsse.json"]
                ),
                (fleet.alice + "/key.pem", .auditor, ["device", "list"] + fleet.asAlice),
                (fleet.line + "/keys/station.key", .factory, ["init", fleet.line, "--name", "line-1"]),
                (fleet.line + "/ca/keys/ca.key", .factory, ["ca", "crl", fleet.line + "/ca"]),
            ]
            for (key, program, arguments) in ways {
                for mode in [0o640, 0o604] {
                    try setMode(mode, of: key)
                    let refused = try await expect(3, program.run(arguments, in: fleet.transcript))
                    #expect(refused.error.contains("hint: make it private: chmod 600 \(key)"), "\(refused)")
                }
                try setMode(0o600, of: key)
                try await expect(0, program.run(arguments, in: fleet.transcript))
            }
        }
    }
}
