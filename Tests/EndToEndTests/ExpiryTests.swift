import FoundationEssentials
import Messages
import StoreSQLite
import Testing
import VerifierService

/// Certificates whose time is over: said plainly, with the command that helps, and that command helps.
@Suite(.timeLimit(.minutes(20))) struct ExpiryTests {
    private static let day: Int64 = 86_400

    @Test func aVerifierWithAnExpiredCertificateDoesNotServe() async throws {
        try await Fleet.with([], born: false) { fleet in
            let place = fleet.directory + "/old"
            let directory = VerifierDirectory(place)
            var options = DirectorySetup.Options()
            options.listen = "127.0.0.1:0"
            try DirectorySetup(directory, options, now: now - 1000 * Self.day).run(
                defaultPolicy: contents(of: "Provisioning/policies/default.json"),
                storeExists: { _ in exists(place + "/verifier.sqlite") },
                makeStore: { _ in try SQLiteStore.create(at: place + "/verifier.sqlite").close() }
            )
            let served = try await Program.verifier.run(["serve", place], in: fleet.transcript)
            try expect(3, served)
            #expect(served.error.contains("expired"))
            let hint = "rm \(place)/tls.pem && birthmark-verifier init \(place)"
            #expect(served.error.contains(hint), "\(served)")
            let checked = try await Program.verifier.run(["check", place, "--json"], in: fleet.transcript)
            try expect(1, checked)
            #expect(checked.output.contains(hint))

            try FileManager.default.removeItem(atPath: place + "/tls.pem")
            try await fleet.run(.verifier, ["init", place])
            try await fleet.run(.verifier, ["check", place])
            let verifier = VerifierProcess(place, fleet.transcript)
            try await verifier.start()
            await verifier.stop()
        }
    }

    @Test func anExpiredOperatorIsTurnedAway() async throws {
        try await Fleet.with([], born: false) { fleet in
            let directory = VerifierDirectory(fleet.place)
            let old = try OperatorAuthority.issue(
                label("bob"),
                roles: [.auditor, .operator],
                days: 1,
                in: directory,
                now: now - 3 * Self.day
            )
            let asBob = ["--trust", fleet.trust, "--operator", old]
            let ended = try await Program.auditor.run(["device", "list", "--json"] + asBob, in: fleet.transcript)
            ended.expectFailure(3, "device list")
            #expect(ended.error.contains("expired"), "\(ended)")
            try await fleet.run(.auditor, ["device", "list"] + fleet.asAlice)
        }
    }
}
