import Testing

/// A policy is changed by the people who answer for it, by the commands that they use.
@Suite(.timeLimit(.minutes(60))) struct PolicyStoryTests {
    @Test func aPolicyIsSignedForAndStays() async throws {
        try await Fleet.with([], born: false) { fleet in
            let (own, edited) = (fleet.place + "/policy.json", fleet.directory + "/edited.json")
            let before = try contents(of: own)
            let after = before + [UInt8(ascii: "\n")]
            try write(after, to: edited)
            let command = ["policy", "put", edited, "--reason", "nights only, ticket 12"] + fleet.asAlice
            let put = try await fleet.run(.auditor, command + ["--json"]).json
            #expect(put["entry"].number != nil && put["digest"].text != put["replaces"].text)
            #expect(try contents(of: own) == after)
            let again = try await fleet.run(.auditor, command).output
            #expect(again.contains("it was in force already"))
            let shown = try await fleet.run(.auditor, ["key", "list"] + fleet.asAlice).output
            #expect(shown.contains("grant") && shown.contains("in use"))

            // What is no policy is refused here, before anybody is asked.
            try write("{".utf8, to: edited)
            try await Program.auditor.run(command + ["--json"], in: fleet.transcript)
                .expectFailure(2, "put")

            // An old file is older than the act; what is in it otherwise can be put back.
            try write(before, to: own)
            try await fleet.restart()
            #expect(try contents(of: own) == after)
            try write("{".utf8, to: own)
            let restored = try await fleet.run(.verifier, ["restore-policy", fleet.place, "--json"]).json
            #expect(restored["digest"].text == put["digest"].text)
            #expect(try contents(of: own) == after)
        }
    }
}
