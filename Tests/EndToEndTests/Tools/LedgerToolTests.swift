import Crypto
import FoundationEssentials
import Ledger
import Messages
import Testing
import VerifierClient

/// A live ledger judged by golang.org/x/mod 0.7.0, which most transparency logs are read with, by curl, and by our own programs.
@Suite(.timeLimit(.minutes(20))) struct LedgerToolTests {
    /// More than a tile of entries, made by an operator who cannot decide.
    private func fill(_ fleet: Fleet, _ count: Int) async throws {
        let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
        let alice = try OperatorIdentity(
            certificate: contents(of: fleet.alice + "/cert.pem"),
            key: contents(of: fleet.alice + "/key.pem")
        )
        let listed = try await fleet.run(.auditor, ["release", "list", "--json"] + fleet.asAlice).json
        let manifest = try #require(
            listed["releases"].list.first?["manifest"].text.flatMap { ContentDigest($0) }
        )
        try await VerifierClient.with(bundle, identity: alice) { client in
            for number in 0..<count {
                let plan = RolloutPlan(percent: number % 100)
                let order = try #require(RolloutOrder(.set, plan: plan, reason: "step \(number)"))
                _ = try await client.rollout(of: manifest, order)
            }
        }
    }

    private func build(in directory: String) async throws -> String {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "SecondOpinion/ledger.go").path
        let program = directory + "/second-opinion"
        let environment = ["GO111MODULE=off", "GOPATH=/usr/share/gocode", "GOCACHE=\(directory)/go-cache"]
        let built = try await Tool(name: "env").run(environment + ["go", "build", "-o", program, source])
        try #require(built.succeeded, "\(built.error)")
        return program
    }

    /// Fetches with curl, as alice.
    private func fetch(_ path: String, _ fleet: Fleet, to file: String) async throws {
        let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
        let identity = ["--cert", fleet.alice + "/cert.pem", "--key", fleet.alice + "/key.pem"]
        let fetched = try await Tool(name: "curl").run(
            ["--silent", "--show-error", "--fail", "--max-time", "120", "--cacert", fleet.directory + "/ca.pem"]
                + identity + ["--output", file, bundle.url + path]
        )
        try #require(fetched.succeeded, "\(fetched.error)")
    }

    /// Whether a stranger is served a checkpoint that enough witnesses have signed.
    private func isWitnessed(_ fleet: Fleet) async throws -> Bool {
        let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
        return try await Tool(name: "curl").run(
            ["--silent", "--fail", "--max-time", "120", "--cacert", fleet.directory + "/ca.pem"]
                + ["--output", "/dev/null", bundle.url + "/ledger/witnessed"]
        ).succeeded
    }

    @Test func aToolThatIsNotOursVerifiesALiveLedger() async throws {
        try await Fleet.with { fleet in
            try await WitnessPlace.with(fleet) { _, witness in try await judged(fleet, witness) }
        }
    }

    /// - Parameter witness: the key of the ledger's witness.
    private func judged(_ fleet: Fleet, _ witness: String) async throws {
        let device = try #require(fleet.devices.first)
        try await expect(0, device.agent("attest"))
        let program = try await build(in: fleet.directory)
        let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
        try write(bundle.tlsRoots.utf8, to: fleet.directory + "/ca.pem")
        let (old, proof, entry) = (
            fleet.directory + "/old", fleet.directory + "/proof", fleet.directory + "/entry"
        )
        try await fetch("/ledger/checkpoint", fleet, to: old)
        try await fill(fleet, 300)
        try await fetch("/v1/ledger/proof/257", fleet, to: proof)
        try await fetch("/v1/ledger/entries/257", fleet, to: entry)
        func judge(key: String, entry: String, witnesses: [String] = []) async throws -> Tool.Ended {
            try await Tool(name: "env").run(
                [program, bundle.url, fleet.directory + "/ca.pem", key, proof, entry, old] + witnesses
            )
        }
        let judged = try await judge(key: bundle.ledgerKey, entry: entry)
        #expect(judged.succeeded, "\(judged.error)")
        #expect(judged.output.contains("entries included, entry 257 proven"), "\(judged.output)")
        for _ in 0..<2400 {
            if try await isWitnessed(fleet) { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        let witnessed = try await judge(key: bundle.ledgerKey, entry: entry, witnesses: [witness])
        #expect(witnessed.succeeded, "\(witnessed.error)")
        #expect(witnessed.output.contains("entries cosigned by 1"), "\(witnessed.output)")

        // It can say no.
        var altered = try contents(of: entry)
        altered[10] ^= 1
        try write(altered, to: entry + "-altered")
        #expect(try await !judge(key: bundle.ledgerKey, entry: entry + "-altered").succeeded)
        let foreign = "other.example+" + bundle.ledgerKey.drop { $0 != "+" }.dropFirst()
        #expect(try await !judge(key: foreign, entry: entry).succeeded)
        // Another key of the same name has not signed; nor is the log its own witness.
        let stranger = try WitnessSigner(name: WitnessPlace.name, privateKey: Curve25519.Signing.PrivateKey())
        let both = [witness, stranger.verifierKey.text]
        let unsigned = try await judge(key: bundle.ledgerKey, entry: entry, witnesses: both)
        #expect(!unsigned.succeeded && unsigned.error.contains("has not signed"), "\(unsigned)")
        let ownWitness = try await judge(key: bundle.ledgerKey, entry: entry, witnesses: [bundle.ledgerKey])
        #expect(!ownWitness.succeeded)
    }

    @Test func aCopyIsMadeFollowedAndChecked() async throws {
        try await Fleet.with([], born: false) { fleet in
            let copy = fleet.directory + "/ledger"
            let trust = ["--trust", fleet.trust]
            func export(_ status: Int32 = 0) async throws -> Program.Ended {
                try await expect(
                    status,
                    Program.auditor.run(["ledger", "export", copy, "--json"] + trust, in: fleet.transcript)
                )
            }
            func verify(_ status: Int32 = 0) async throws -> Program.Ended {
                try await expect(
                    status,
                    Program.auditor.run(["ledger", "verify", "--files", copy, "--json"] + trust, in: fleet.transcript)
                )
            }
            let first = try await export().json
            let begun = try #require(first["entries"].number)
            #expect(first["added"].number == begun)
            // Beside somebody's files it is not begun.
            let mixed = ["ledger", "export", fleet.directory, "--json"] + trust
            try await Program.auditor.run(mixed, in: fleet.transcript).expectFailure(2, "other files are there")
            try await fill(fleet, 300)
            let second = try await export().json
            #expect(second["entries"].number == begun + 300 && second["added"].number == 300)
            let served = try await fleet.run(.auditor, ["ledger", "verify", "--json"] + trust).json
            #expect(try await verify().json == served)

            let tail = try await fleet.run(.auditor, ["ledger", "tail", "--lines", "2", "--json"] + trust).json
            #expect(tail["entries"].list.map { $0["number"].number } == [begun + 298, begun + 299])
            #expect(tail["entries"].list.last?["entry.body.reason"].text == "step 299")
            let told = try await fleet.run(.auditor, ["ledger", "tail"] + trust).output
            #expect(told.split(separator: "\n").count == 10 && told.contains("operator:alice"))

            // Who has the copy needs nobody for a single entry.
            let show = ["ledger", "show", "\(begun + 299)", "--files", copy, "--json"] + trust
            let shown = try await fleet.run(.auditor, show).json
            #expect(shown["entry.body.reason"].text == "step 299")
            // Other entries name it by its digest, which leads to it in the copy and at the verifier.
            let digest = try #require(shown["digest"].text)
            for place in [["--files", copy], []] {
                let named = ["ledger", "show", digest, "--json"] + place + trust
                #expect(try await fleet.run(.auditor, named).json == shown)
            }
            let unknown = ["ledger", "show", String(repeating: "0", count: 64), "--json"] + trust
            try await Program.auditor.run(unknown, in: fleet.transcript).expectFailure(1, "no such entry")
            let beyond = ["ledger", "show", "\(begun + 300)", "--files", copy, "--json"] + trust
            try await Program.auditor.run(beyond, in: fleet.transcript).expectFailure(1, "an entry behind the copy")
            let none = ["ledger", "verify", "--files", fleet.directory, "--json"] + trust
            try await Program.auditor.run(none, in: fleet.transcript).expectFailure(2, "no copy")

            // A byte of an entry in the middle.
            let bundle = copy + "/tile/entries/000"
            var bytes = try contents(of: bundle)
            let place = try #require(bytes.firstRange(of: Array("step 100".utf8))).lowerBound
            bytes[place] = UInt8(ascii: "S")
            try write(bytes, to: bundle)
            #expect(try await verify(1).json["reasons"].texts == ["ledger-not-verified"])
            let altered = ["ledger", "show", "\(begun + 100)", "--files", copy, "--json"] + trust
            try await Program.auditor.run(altered, in: fleet.transcript).expectFailure(1, "an altered entry")
            try await fill(fleet, 1)
            #expect(try await export(1).json["reasons"].texts == ["copy-damaged"])
        }
    }

    /// The keeper goes back to a record of before, and on from there: whoever has a copy sees it.
    @Test func attack71_aCopyCatchesAVerifierThatRewroteItsLedger() async throws {
        try await Fleet.with([], born: false) { fleet in
            let copy = fleet.directory + "/ledger"
            let trust = ["--trust", fleet.trust]
            await fleet.verifier.stop()
            let kept = fleet.directory + "/record-of-before"
            try FileManager.default.copyItem(atPath: fleet.place, toPath: kept)
            try await fleet.verifier.start()
            try await fill(fleet, 5)
            try await fleet.run(.auditor, ["ledger", "export", copy] + trust)

            await fleet.verifier.stop()
            try FileManager.default.removeItem(atPath: fleet.place)
            try FileManager.default.copyItem(atPath: kept, toPath: fleet.place)
            try await fleet.verifier.start()
            func refused(_ words: String) async throws {
                let ended = try await Program.auditor.run(["ledger", "export", copy] + trust, in: fleet.transcript)
                try expect(1, ended)
                #expect(ended.error.contains(words), "\(ended.error)")
            }
            try await refused("it was cut or restored from an old copy")
            try await fill(fleet, 9)
            try await refused("it was forked")
            try await fleet.run(.auditor, ["ledger", "verify", "--files", copy] + trust)
        }
    }
}
