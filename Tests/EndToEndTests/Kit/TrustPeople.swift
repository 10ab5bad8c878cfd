import FoundationEssentials
import Messages
import Testing
import UpdateTrust

/// The people whose word makes a verifier's next trust bundle: two of two have to sign.
struct TrustPeople: Sendable {
    /// Where their keys and drafts are.
    let directory: String
    /// The verifier's directory.
    let place: String
    /// The operators' trust bundle.
    let trust: String
    let asAlice: [String]
    let transcript: Transcript

    private var keys: [String] { ["ann", "bob"].map { "\(directory)/\($0).key" } }
    /// The public halves.
    var set: String { directory + "/trust-keys.json" }

    /// Makes the keys.
    func begin() async throws {
        try await run(.auditor, ["release", "keygen", keys[0], "--public", set])
        try await run(.auditor, ["release", "keygen", keys[1], "--public", set, "--threshold", "2"])
    }

    /// Drafts, signs and publishes what follows the operators' bundle, and brings that up to it.
    @discardableResult
    func publish(_ changes: [String]) async throws -> JSON {
        let (draft, next) = (directory + "/draft.json", directory + "/next.dsse.json")
        let held = ["--trust", trust]
        try await run(.auditor, ["trust", "draft", "--out", draft] + held + changes)
        let signed = try await run(
            .auditor,
            ["trust", "sign", draft, "--key", keys[0], "--out", next, "--json"] + held
        )
        #expect(try signed.json["reason"].text == "trust-not-signed-before")
        let early = try await Program.auditor.run(["trust", "publish", next] + asAlice, in: transcript)
        #expect(early.code == 1, "\(early)")
        try await run(.auditor, ["trust", "sign", next, "--key", keys[1], "--out", next] + held)
        let published = try await run(.auditor, ["trust", "publish", next, "--json"] + asAlice)
        try await run(.auditor, ["trust", "follow", trust])
        return try published.json
    }

    /// Makes the verifier's next key, has it published beside the current one, and puts it in that one's place.
    ///
    /// The verifier signs with it once it is started again.
    /// - Returns: the name of the one before.
    func rotate(_ kind: String) async throws -> String {
        let held = try TrustBundle(parsing: contents(of: trust))
        let made = try await run(.verifier, ["key", "new", kind, place, "--json"]).json
        let early = try await Program.verifier.run(["key", "use", kind, place], in: transcript)
        #expect(early.code == 1, "\(early)")
        let published = try await publish(["--add", try #require(made["file"].text)])
        let name = try #require(made["name"].text)
        #expect(published["added"].texts == ["\(kind):\(name)"])
        #expect(try TrustBundle(parsing: contents(of: place + "/trust.json")).number == held.number + 1)
        try await run(.verifier, ["key", "use", kind, place])
        return try #require(held.keyNames.first { $0.hasPrefix("\(kind):") })
    }

    @discardableResult
    private func run(_ program: Program, _ arguments: [String]) async throws -> Program.Ended {
        try await expect(0, program.run(arguments, in: transcript))
    }
}

extension Fleet {
    var people: TrustPeople {
        TrustPeople(directory: directory, place: place, trust: trust, asAlice: asAlice, transcript: transcript)
    }
}

extension Sensors {
    var people: TrustPeople {
        TrustPeople(directory: directory, place: place, trust: trust, asAlice: asAlice, transcript: transcript)
    }
}
