import Messages
import Testing

/// A witness elsewhere, in a process of its own, that a fleet's verifier asks.
struct WitnessPlace {
    let fleet: Fleet
    let process: VerifierProcess

    static let name = "witness.example/w1"

    /// Has one at work while `body` runs.
    /// - Parameter body: is given the witness and its key.
    static func with(
        _ fleet: Fleet,
        _ body: (WitnessPlace, _ vkey: String) async throws -> Void
    ) async throws {
        let witness = WitnessPlace(fleet)
        let outcome: Result<Void, any Error>
        do {
            try await body(witness, witness.begin())
            outcome = .success(())
        } catch { outcome = .failure(error) }
        await witness.process.stop()
        try outcome.get()
    }

    private var place: String { fleet.directory + "/witness" }

    private init(_ fleet: Fleet) {
        self.fleet = fleet
        process = VerifierProcess(
            fleet.directory + "/witness",
            fleet.transcript,
            of: .auditor,
            ["ledger", "witness", "serve"]
        )
    }

    /// Sets it up, and names it in the verifier's configuration.
    private func begin() async throws -> String {
        let bundle = try TrustBundle(parsing: contents(of: fleet.trust))
        let made = try await fleet.run(
            .auditor,
            ["ledger", "witness", "init", place, "--name", Self.name, "--log", bundle.ledgerKey, "--json"]
        )
        let vkey = try #require(try made.json["vkey"].text)
        try await process.start()
        let file = fleet.place + "/config.json"
        let text = String(decoding: try contents(of: file), as: UTF8.self)
        let port = try #require(await process.port)
        let known = #"{"vkey":"\#(vkey)","url":"https://localhost:\#(port)","tlsRoots":"\#(place)/roots.pem"}"#
        let settings = #""witnesses":{"required":1,"seconds":20,"known":[\#(known)]},"#
        let start = try #require(text.firstIndex(of: "{"))
        try write((text[...start] + settings + text[text.index(after: start)...]).utf8, to: file)
        await fleet.verifier.stop()
        try await fleet.run(.verifier, ["init", fleet.place])
        try await fleet.verifier.start()
        var renewed = try TrustBundle(parsing: contents(of: fleet.place + "/trust.json"))
        #expect(renewed.ledgerWitnesses?.required == 1)
        renewed.url = bundle.url
        try write(EditedJSON.encode(renewed), to: fleet.trust)
        return vkey
    }
}
