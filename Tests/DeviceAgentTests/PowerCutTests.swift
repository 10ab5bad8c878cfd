import DeviceAgent
import Messages
import Subprocess
import Testing
import UpdateTrust

/// The real program is killed at every write of its journal, and inside the install command; run again, it finishes.
@Suite struct PowerCutTests {
    /// Journal writes of one update: requested, lease, granted, spent, installing, installed.
    static let ofUpdate = 1...6
    /// Journal writes of one confirmation: lease, confirmed, floor reached.
    static let ofConfirm = 1...3

    @Test(arguments: Fault.all([.killBefore, .killAfter, .diskFull], writes: ofUpdate))
    func anUpdateIsFinishedByTheNextRun(_ fault: Fault) async throws {
        try await Bench.with { bench in
            let environment = try await fault.environment(in: bench.device.directory)
            let first = try await bench.program("update", bench.updateArguments, environment: environment)
            switch fault.kind {
            case .killBefore, .killAfter: try #require(first.status == .signaled(9), "\(first)")
            case .diskFull:
                try #require(first.status == .exited(3), "\(first)")
                #expect(first.error.contains("no space"))
            }
            let second = try await bench.program("update", bench.updateArguments)
            #expect(second.status == .exited(0), "\(second)")
            #expect(try contents(of: bench.target) == contents(of: bench.package))
            #expect(try bench.journal.update?.step == .installed)
            // Whatever was asked for twice, one grant was spent.
            #expect(try await bench.grantsSpent == 1)
            // Only an install whose end is not known is done again.
            let mayRepeat = fault.write == 6 && fault.kind != .killAfter
            #expect(bench.installs == (mayRepeat ? 2 : 1))

            try await bench.boot(Bench.grownTo)
            #expect(try await bench.program("confirm").status == .exited(0))
        }
    }

    @Test(arguments: Fault.all([.killBefore, .killAfter, .diskFull], writes: ofConfirm))
    func aConfirmationIsFinishedByTheNextRun(_ fault: Fault) async throws {
        try await Bench.with { bench in
            try await bench.update()
            try await bench.boot(Bench.grownTo)
            let environment = try await fault.environment(in: bench.device.directory)
            let first = try await bench.program("confirm", environment: environment)
            #expect(first.status == (fault.kind == .diskFull ? .exited(3) : .signaled(9)), "\(first)")
            let second = try await bench.program("confirm")
            #expect(second.status == .exited(0), "\(second)")
            #expect(try bench.journal.running?.version == label("2.4.0"))
            #expect(try bench.journal.floorTarget == nil)
            #expect(try await bench.device.spent(bench.device.record.counters.securityFloor) == 4)
            #expect(await bench.verifier.kinds.filter { $0 == "receipt" }.count == 1)
        }
    }

    @Test func aSecondAgentWaitsForTheFirst() async throws {
        try await Bench.with { bench in
            let (begun, go) = (bench.device.directory + "/begun", bench.device.directory + "/go")
            let command = "touch \(begun); while [ ! -e \(go) ]; do sleep 0.01; done; cat > \(bench.target)"
            async let first = bench.program("update", bench.arguments(installing: command))
            while !exists(begun) { try await Task.sleep(for: .milliseconds(5)) }
            let second = try await bench.program("attest")
            #expect(second.status == .exited(3), "\(second)")
            #expect(second.error.contains("another birthmark-device"))
            // Looking is always possible, and the TPM is free while the installer works.
            let status = try await bench.program("status", ["--json"])
            #expect(status.status == .exited(0))
            #expect(status.output.contains(#""step":"installing""#))
            #expect(status.output.contains(#""grantsSpent":1"#))
            try write([], to: go)
            let ended = try await first
            #expect(ended.status == .exited(0), "\(ended)")
        }
    }

    /// The power is cut right after the TPM counted and before the journal says so: nobody knows for whom it counted.
    @Test func aGrantSpentInAnotherBootIsNotUsed() async throws {
        try await Bench.with { bench in
            let fault = try await Fault(kind: .killBefore, write: 4).environment(in: bench.device.directory)
            _ = try await bench.program("update", bench.updateArguments, environment: fault)
            #expect(try await bench.grantsSpent == 1)
            try await bench.boot(TestDevice.bornRunning)
            #expect(try await bench.program("update", ["--resume"]).status == .exited(1))
            #expect(bench.installs == 0)
            #expect(try await bench.program("update", bench.updateArguments).status == .exited(0))
            #expect(bench.installs == 1)
            #expect(try await bench.grantsSpent == 2)
        }
    }

    @Test func attack67_journalOutOfABackup() async throws {
        try await Bench.with { bench in
            let fault = try await Fault(kind: .killAfter, write: 3).environment(in: bench.device.directory)
            _ = try await bench.program("update", bench.updateArguments, environment: fault)
            let backup = try contents(of: bench.state + "/journal.json")
            #expect(try bench.journal.update?.step == .granted)
            try await bench.update()
            try await bench.boot(Bench.grownTo)
            try await bench.confirm()

            try write(backup, to: bench.state + "/journal.json")
            #expect(try await bench.gate(bench.kept()).reasons.contains(.alreadySpent))
            let ended = try await bench.program("update", ["--resume"])
            #expect(ended.status == .exited(3), "\(ended)")
            #expect(ended.error.contains("copy of the package is gone"))
            #expect(bench.installs == 1)
        }
    }

    @Test func anInstallerThatTakesTheAgentWithItIsRunAgain() async throws {
        try await Bench.with { bench in
            let once = "if [ ! -e \(bench.marks) ]; then echo run >> \(bench.marks); kill -9 $PPID; exit 1; fi; "
            let command = once + bench.installing
            let first = try await bench.program("update", bench.arguments(installing: command))
            #expect(first.status == .signaled(9))
            #expect(try bench.journal.update?.step == .installing)
            let second = try await bench.program("update", ["--resume"])
            #expect(second.status == .exited(0), "\(second)")
            #expect(bench.installs == 2)
            #expect(try await bench.grantsSpent == 1)
            #expect(try contents(of: bench.target) == contents(of: bench.package))
        }
    }

    @Test func anInstallerThatOutlivesTheAgentIsWaitedFor() async throws {
        try await Bench.with { bench in
            let go = bench.device.directory + "/go"
            let command = """
                kill -9 $PPID; echo run >> \(bench.marks); while [ ! -e \(go) ]; do sleep 0.01; done; cat > \(bench.target)
                """
            let first = try await bench.program("update", bench.arguments(installing: command))
            #expect(first.status == .signaled(9))
            let second = try await bench.program("update", ["--resume"])
            #expect(second.status == .exited(3), "\(second)")
            #expect(second.error.contains("still at work"))
            try write([], to: go)
            // The installer ends by itself; the next run finds its lock gone and makes sure of the outcome.
            var third = try await bench.program("update", ["--resume", "--json"])
            while third.error.contains("still at work") {
                third = try await bench.program("update", ["--resume", "--json"])
            }
            // The command kills its agent each time, so the outcome stays unknown until it is another one.
            #expect(third.status == .signaled(9))
            let last = try await bench.finishing { try await bench.program("update", bench.updateArguments) }
            #expect(last.status == .exited(0), "\(last)")
            #expect(try await bench.grantsSpent == 1)
        }
    }

}

extension Bench {
    /// Runs until no installer of an earlier run is at work any more.
    func finishing(_ run: () async throws -> Program.Ended) async throws -> Program.Ended {
        var ended = try await run()
        while ended.error.contains("still at work") { ended = try await run() }
        return ended
    }
}
