import DeviceAgent
import Messages
import Subprocess
import Testing

@Suite struct RedeemTests {
    /// The spool holds one package: a grant for another release must not cost an install that was cut off the package it goes on with.
    @Test func anotherReleaseWaitsForAnInterruptedInstall() async throws {
        try await Bench.with { bench in
            let content = Array("another system".utf8)
            var payload = bench.payload
            payload.version = label("2.5.0")
            payload.artifact = Artifact(
                name: label("system.img"),
                size: UInt64(content.count),
                sha256: ContentDigest(of: content)
            )
            let package = bench.device.directory + "/other.img"
            try write(content, to: package)
            let other = UpdateOrder(
                package: package,
                release: try await bench.verifier.release(payload),
                installCommand: bench.installing
            )
            // It is granted, and not used: this agent's clock is a day ahead.
            let late = try bench.agent(clock: { now + 86_400 })
            let shut = try await refusal { _ = try await late.update(other, bench.lock()) { _, _ in } }
            try #require(shut.reasons == ["expired"])
            let file = try bench.kept()

            let once = "if [ ! -e \(bench.marks) ]; then echo run >> \(bench.marks); kill -9 $PPID; exit 1; fi; "
            let cut = try await bench.program("update", bench.arguments(installing: once + bench.installing))
            #expect(cut.status == .signaled(9))
            let journal = try bench.journal
            let spooled = try names(in: bench.state + "/spool")
            try #require(journal.update?.step == .installing)
            try #require(spooled.count == 1)

            let error = try await refusal {
                _ = try await bench.agent().redeem(file, other, bench.lock()) { _, _ in }
            }
            #expect(error.kind == .refused)
            #expect(error.reasons == ["install-interrupted"])
            #expect(try bench.journal == journal)
            #expect(try names(in: bench.state + "/spool") == spooled)

            let resumed = try await bench.program("update", ["--resume"])
            #expect(resumed.status == .exited(0), "\(resumed)")
            #expect(bench.installs == 2)
            #expect(try await bench.grantsSpent == 1)
            #expect(try contents(of: bench.target) == contents(of: bench.package))
        }
    }

    /// A command that was wrong is put right by giving another: the one of the run that was cut off would only be wrong again.
    @Test func anInstallThatWasCutOffGoesOnByTheCommandThatIsGivenNow() async throws {
        try await Bench.with { bench in
            let cut = try await bench.program(
                "update",
                bench.arguments(installing: "echo run >> \(bench.marks); kill -9 $PPID; exit 1")
            )
            #expect(cut.status == .signaled(9))
            try #require(try bench.journal.update?.step == .installing)
            let file = try bench.kept()
            let order = bench.order("cat > \(bench.target)")
            let outcome = try await bench.agent().redeem(file, order, bench.lock()) { _, _ in }
            #expect(outcome.resumed)
            #expect(bench.installs == 1)
            #expect(try contents(of: bench.target) == contents(of: bench.package))
            #expect(try await bench.grantsSpent == 1)
        }
    }

    /// Who has no network is not told to ask for another grant over one.
    @Test func aGrantOutOfAFileThatIsGoodNoMoreTakesANewRequest() async throws {
        try await Bench.with { bench in
            let cut = try await bench.program("update", bench.arguments(installing: "kill -9 $PPID; exit 1"))
            #expect(cut.status == .signaled(9))
            // The record of a grant that came as a file, for another request than this.
            var journal = try bench.journal
            var record = try #require(journal.update)
            var request = try DecisionRequest(parsing: record.request.bytes)
            request.purpose = .delayed
            record.request = Blob(try request.bytes)
            journal.update = record
            try write(CanonicalJSON.encode(journal), to: bench.state + "/journal.json")
            let shut = try await bench.program("update", ["--resume"])
            #expect(shut.status == .exited(1), "\(shut)")
            #expect(shut.error.contains("a new grant takes a new request: birthmark-device request"), "\(shut)")
        }
    }
}
