import FoundationEssentials
import Testing

/// Every file that a command is given, spoiled in every way: status 2, words that help, and nothing changed.
@Suite(.timeLimit(.minutes(20))) struct BadFileTests {
    @Test func aFileThatIsNotTheOneThatWasMeantEndsWithTwo() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            let (asked, updated) = (fleet.devices[0], fleet.devices[1])
            try await expect(0, asked.agent("attest"))
            try await expect(0, updated.update())
            let files = try FileCommands(fleet, grant: #require(updated.grants.first))
            // One TPM and one agent's directory take one command at a time.
            let lanes = [
                files.device(asked) + files.factory(asked), files.verifier() + files.operators(), files.judging(),
            ]
            let kept = [fleet.line, fleet.place, asked.state, updated.state, fleet.releaseKey, fleet.releaseKeys]
            let isAlive = { (path: String) in path.contains("verifier.sqlite") || path.hasSuffix("last-checkpoint") }
            let before = try Snapshot(kept, except: isAlive)
            try await withThrowingTaskGroup { group in
                for lane in lanes {
                    group.addTask {
                        for command in lane { try await spoil(command, in: files.scrap, fleet.transcript) }
                    }
                }
                try await group.waitForAll()
            }
            let changes = try before.changes(to: Snapshot(kept, except: isAlive))
            #expect(changes == [])
            #expect(names(in: files.scrap).filter { $0.hasPrefix("made") } == [])
            // And everything still works.
            try await expect(0, asked.update())
            #expect(try await fleet.record(of: asked)["lifecycle"].text == "trusted")
        }
    }

    @Test func anOperatorsFilesThatDoNotFitEndWithTwo() async throws {
        try await Fleet.with([], born: false) { fleet in
            try await fleet.run(.verifier, ["operator", fleet.place, "bob", "--role", "auditor"])
            let genuine = try ["cert.pem", "key.pem"].map { ($0, try contents(of: "\(fleet.alice)/\($0)")) }
            let person = fleet.directory + "/person"
            for (spoiled, bytes) in genuine {
                let others = try contents(of: "\(fleet.place)/operators/bob/\(spoiled)")
                let other = try #require(genuine.first { $0.0 != spoiled }).1
                let ways = try [Spoiled.empty, .cut, .garbage].map { try $0.bytes(of: bytes) } + [others, other]
                for (number, way) in ways.enumerated() {
                    try? FileManager.default.removeItem(atPath: person)
                    try makeDirectory(person)
                    for (name, content) in genuine {
                        try write(name == spoiled ? way : content, to: "\(person)/\(name)")
                        try setMode(0o600, of: "\(person)/\(name)")
                    }
                    let arguments = ["device", "list", "--json", "--trust", fleet.trust, "--operator", person]
                    let ended = try await Program.auditor.run(arguments, in: fleet.transcript)
                    ended.expectFailure(2, "\(spoiled), \(number)")
                }
            }
        }
    }

    private func spoil(_ command: FileCommand, in scrap: String, _ transcript: Transcript) async throws {
        let what = "\(command.program.rawValue) \(command.arguments.prefix(3).joined(separator: " "))"
        if let control = command.control {
            let ended = try await command.run(with: command.genuine, in: transcript)
            #expect(ended.code == control, "\(what): \(ended)")
        }
        for kind in command.kinds {
            let path = try kind.make(of: command.genuine, in: scrap)
            let ended = try await command.run(with: path, in: transcript)
            ended.expectFailure(command.otherwise[kind] ?? 2, "\(what), \(kind)")
        }
    }
}
