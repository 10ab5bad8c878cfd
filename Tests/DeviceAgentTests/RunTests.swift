import DeviceAgent
import FoundationEssentials
import Glibc
import Messages
import Subprocess
import Synchronization
import Testing
import UpdateTrust

/// The agent as a service, as a process of its own against a real TPM.
@Suite struct RunTests {
    @Test func itRenewsByItselfAndEndsWhenItIsTold() async throws {
        try await Bench.with(leaseSeconds: 4) { bench in
            let ended = try await bench.running { agent in
                let first = try await agent.next("renewed")
                let second = try await agent.next("renewed", after: first.count)
                let third = try await agent.next("renewed", after: second.count)
                let leases = [first.event, second.event, third.event].map { $0.lease?.expires ?? 0 }
                #expect(leases[0] < leases[1] && leases[1] < leases[2], "\(leases)")
                #expect(first.event.trouble == nil)
                agent.signal(SIGTERM)
                try await agent.next("stopped")
            }
            #expect(ended.status == .exited(0), "\(ended)")
            #expect(ended.error.isEmpty, "\(ended)")
            // One lease, and the directory is free for the next.
            #expect(await bench.verifier.kinds.filter { $0 == "lease" }.count >= 3)
            _ = try bench.lock()
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func asleepItEndsByASignal(_ number: Int32) async throws {
        try await Bench.with { bench in
            let ended = try await bench.running([]) { agent in
                // In words, a line an event.
                _ = try await eventually("a line") { agent.lines.first { $0.hasPrefix("renewed: lease until 20") } }
                agent.signal(number)
                _ = try await eventually("the last line") { agent.lines.first { $0.hasPrefix("stopped: ") } }
            }
            #expect(ended.status == .exited(0), "\(ended)")
        }
    }

    @Test(arguments: [TestVerifier.Trouble.down, .undecided("The store is busy.")])
    func aVerifierThatCannotDecideRenewsNothing(_ trouble: TestVerifier.Trouble) async throws {
        try await Bench.with { bench in
            var before: RunningAgent.Event.Trouble?
            try await bench.running { agent in
                let renewed = try await agent.next("renewed")
                await bench.verifier.setTrouble(trouble)
                agent.signal(SIGHUP)
                let failed = try await agent.next("undecided", after: renewed.count)
                #expect(failed.event.lease == renewed.event.lease)
                before = failed.event.trouble
                #expect(before?.isRefusal == false)
                #expect(failed.event.next != nil)
                try agent.pullThePlug()
            }
            // It says so after its death too, and goes on counting where it was.
            let words = trouble == .down ? "cannot be reached" : "The store is busy."
            let dead = try await bench.program("status")
            #expect(dead.output.contains("not renewed:  since 20"), "\(dead)")
            #expect(dead.output.contains(words), "\(dead)")
            #expect(dead.output.contains("lease:        until 20"), "\(dead)")

            try await bench.running { agent in
                let failed = try await agent.next("undecided")
                #expect(failed.event.trouble?.since == before?.since)
                #expect(failed.event.trouble.map { $0.attempts > before?.attempts ?? 0 } == true)
                let status = try await bench.program("status", ["--json"])
                #expect(status.output.contains(#""renewalTrouble":{"#) && status.output.contains(words), "\(status)")

                await bench.verifier.setTrouble(nil)
                agent.signal(SIGHUP)
                let renewed = try await agent.next("renewed", after: failed.count)
                #expect(renewed.event.trouble == nil)
                let well = try await bench.program("status", ["--json"])
                #expect(!well.output.contains("renewalTrouble"), "\(well)")
            }
        }
    }

    @Test func withoutAVerifierTheLeaseEndsWhenItEnds() async throws {
        try await Bench.with(leaseSeconds: 8) { bench in
            _ = try await bench.running { agent in
                let renewed = try await agent.next("renewed")
                await bench.verifier.setTrouble(.down)
                agent.signal(SIGHUP)
                let failed = try await agent.next("undecided", after: renewed.count)
                let held = try #require(failed.event.lease)
                // Where an attempt takes as long as the lease, it has lapsed before the attempt has failed.
                let lapsed = try await eventually("the lapse, got \(agent.lines)") {
                    let events = try agent.events
                    return events.firstIndex { $0.event == "lapsed" && $0.lease == held }.map {
                        (event: events[$0], count: $0 + 1)
                    }
                }
                #expect(!lapsed.event.leaseHolds)
                #expect(lapsed.event.trouble?.because.contains("cannot be reached") == true)
                #expect(try bench.journal.lease?.expires == held.expires)
                let status = try await bench.program("status")
                #expect(status.output.contains("lease:        ended at "), "\(status)")
                // And it does not give up.
                await bench.verifier.setTrouble(nil)
                agent.signal(SIGHUP)
                let again = try await agent.next("renewed", after: max(lapsed.count, failed.count))
                #expect(again.event.trouble == nil)
            }
        }
    }

    @Test func aFirstContactThatFailsIsSaidToo() async throws {
        try await Bench.with { bench in
            await bench.verifier.setTrouble(.down)
            try await bench.running { agent in
                let failed = try await agent.next("undecided")
                #expect(failed.event.lease == nil)
                let status = try await bench.program("status")
                #expect(status.output.contains("lease:        none"), "\(status)")
                #expect(status.output.contains("not renewed:  since 20"), "\(status)")
                // Whoever renews it, it is renewed; the service may be about it at this moment.
                await bench.verifier.setTrouble(nil)
                let attested = try await bench.whenFree { try await bench.program("attest") }
                #expect(attested.status == .exited(0), "\(attested)")
                #expect(try await !bench.program("status").output.contains("not renewed"))
            }
        }
    }

    @Test func aRefusalIsShownAndAnOperatorEndsIt() async throws {
        try await Bench.with { bench in
            let ended = try await bench.running { agent in
                let renewed = try await agent.next("renewed")
                try await bench.verifier.act(.suspend)
                agent.signal(SIGHUP)
                let refused = try await agent.next("refused", after: renewed.count)
                #expect(refused.event.lease == nil)
                #expect(refused.event.trouble?.reasons == ["suspended"])
                #expect(refused.event.trouble?.isRefusal == true)
                let status = try await bench.program("status", ["--json"])
                #expect(status.output.contains(#""isRefusal":true"#), "\(status)")

                try await bench.verifier.act(.reinstate)
                agent.signal(SIGHUP)
                let again = try await agent.next("renewed", after: refused.count)
                #expect(again.event.leaseHolds && again.event.trouble == nil)
            }
            #expect(ended.status == .exited(0), "\(ended)")
        }
    }

    @Test func aTamperedBootIsRefusedAndStaysSo() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            try await bench.boot("sensor-os-1.7.0")
            let ended = try await bench.running { agent in
                let refused = try await agent.next("refused")
                #expect(refused.event.trouble?.reasons.contains("evidence-refused") == true)
                #expect(refused.event.lease == nil && !refused.event.leaseHolds)
            }
            #expect(ended.status == .exited(0), "\(ended)")
            #expect(try bench.journal.lease == nil)
        }
    }

    @Test func anInstalledUpdateIsConfirmedAfterItsBoot() async throws {
        try await Bench.with { bench in
            _ = try await bench.running { agent in
                try await agent.next("renewed")
                // The others work between.
                let update = try await bench.program("update", bench.updateArguments)
                #expect(update.status == .exited(0), "\(update)")
                // Before the reboot there is nothing to confirm, and nothing wrong.
                let count = try agent.events.count
                agent.signal(SIGHUP)
                let renewed = try await agent.next("renewed", after: count)
                #expect(renewed.event.unconfirmed == nil)
            }
            try await bench.boot(Bench.grownTo)
            try await bench.running { agent in
                let confirmed = try await agent.next("confirmed")
                #expect(confirmed.event.leaseHolds)
                #expect(try bench.journal.update?.step == .confirmed)
                agent.signal(SIGHUP)
                try await agent.next("renewed", after: confirmed.count)
            }
            #expect(await bench.verifier.kinds.filter { $0 == "receipt" }.count == 1)
        }
    }

    @Test func aBootThatFellBackKeepsItsLeaseAndIsSaid() async throws {
        try await Bench.with { bench in
            try await bench.update()
            try await bench.boot(TestDevice.bornRunning)
            try await bench.running { agent in
                let renewed = try await agent.next("renewed")
                #expect(renewed.event.unconfirmed?.contains("boot-not-as-granted") == true)
                #expect(renewed.event.leaseHolds)
            }
            // The next boot may still show what was installed.
            try await bench.boot(Bench.grownTo)
            try await bench.running { agent in try await agent.next("confirmed") }
            #expect(try bench.journal.update?.step == .confirmed)
        }
    }

    @Test func anotherCommandIsWaitedFor() async throws {
        try await Bench.with { bench in
            // Held from before it begins: it is not asked who comes first.
            _ = try bench.lock()
            let lock = unsafe open(bench.state + "/lock", O_RDWR | O_CLOEXEC)
            defer { close(lock) }
            let isHeld = flock(lock, LOCK_EX | LOCK_NB) == 0
            try #require(isHeld)
            _ = try await bench.running { agent in
                let busy = try await agent.next("busy")
                #expect(await bench.verifier.asked == 0)
                flock(lock, LOCK_UN)
                try await agent.next("renewed", after: busy.count)
                // Idle, it holds nothing.
                #expect(try await bench.program("attest").status == .exited(0))
                #expect(try await bench.program("status").status == .exited(0))
            }
        }
    }

    @Test func whatAPersonMustPutRightEndsItWithTwo() async throws {
        try await Bench.with { bench in
            let (notify, directory) = (try NotifySocket(bench.device.directory + "/notify"), bench.device.directory)
            let ended = try await Program.device.run(
                ["run", "--json", "--state", bench.state, "--tcti", bench.device.tcti, "--event-log", "/nowhere"]
                    + ["--trust", directory + "/trust.json"],
                environment: ["NOTIFY_SOCKET": directory + "/notify"]
            )
            #expect(ended.status == .exited(2), "\(ended)")
            #expect(ended.error.contains("event log"))
            #expect(ended.output.contains(#""event":"malformed""#), "\(ended)")
            try await notify.line("STOPPING=1")
            try await notify.line("STATUS=ended: ", containing: "event log")
            #expect(!notify.lines.contains("READY=1"))
        }
    }

    @Test(arguments: [false, true])
    func theServiceManagerIsToldHowItStands(_ isAbstract: Bool) async throws {
        try await Bench.with { bench in
            let unique = UInt64.random(in: 0 ... .max)
            let name = isAbstract ? "@birthmark-test-\(unique)" : bench.device.directory + "/notify"
            let notify = try NotifySocket(name)
            // What a verifier says must not become a message of ours.
            await bench.verifier.setTrouble(.undecided("not now\nMAINPID=1\nREADY=0"))
            let environment = ["NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000000"]
            let ended = try await bench.running(environment: environment) { agent in
                // A device boots when its verifier cannot decide.
                try await notify.line("READY=1")
                try await notify.line("STATUS=not renewed: ", containing: "no lease")
                try await notify.line("WATCHDOG=1")
                await bench.verifier.setTrouble(nil)
                agent.signal(SIGHUP)
                try await notify.line("STATUS=renewed: lease until 20")
                agent.signal(SIGTERM)
                try await notify.line("STOPPING=1")
            }
            #expect(ended.status == .exited(0), "\(ended)")
            let known = ["READY=1", "WATCHDOG=1", "STOPPING=1"]
            #expect(notify.lines.allSatisfy { known.contains($0) || $0.hasPrefix("STATUS=") }, "\(notify.lines)")
        }
    }

    @Test(
        arguments: [
            ["NOTIFY_SOCKET": "/nowhere/notify"], ["NOTIFY_SOCKET": ""], ["NOTIFY_SOCKET": "vsock:2:1"],
            ["NOTIFY_SOCKET": "@" + String(repeating: "x", count: 200)],
            ["NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "soon"], ["WATCHDOG_USEC": "1"],
        ]
    )
    func aServiceManagerThatDoesNotListenChangesNothing(_ environment: [String: String]) async throws {
        try await Bench.with { bench in
            let ended = try await bench.running(environment: environment) { agent in try await agent.next("renewed") }
            #expect(ended.status == .exited(0), "\(ended)")
        }
    }
}

extension Bench {
    /// Runs until no other command works on the state directory.
    fileprivate func whenFree(_ run: () async throws -> Program.Ended) async throws -> Program.Ended {
        var ended = try await run()
        while ended.error.contains("another birthmark-device") { ended = try await run() }
        return ended
    }
}

/// The loop itself, with shorter patience than the program's.
@Suite struct LeaseKeeperTests {
    @Test func aSlowVerifierRenewsNothing() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            let held = try bench.journal.lease
            await bench.verifier.setTrouble(.slow)
            let events = Mutex<[RenewalEvent]>([])
            let keeper = LeaseKeeper(.measured(try bench.agent(exchange: 1))) { event in
                events.withLock { $0.append(event) }
            }
            let service = Task { try await keeper.run() }
            let event = try await eventually("an event") { events.withLock { $0.first } }
            #expect(event.event == .undecided)
            #expect(event.trouble?.because.contains("did not answer in time") == true)
            #expect(event.lease == held)
            service.cancel()
            try await service.value
            #expect(events.withLock { $0.last?.event } == .stopped)
        }
    }

    @Test func anAttemptThatIsBrokenOffSaysNothingOfTheVerifier() async throws {
        try await Bench.with { bench in
            await bench.verifier.setTrouble(.slow)
            let events = Mutex<[RenewalEvent]>([])
            let keeper = LeaseKeeper(.measured(try bench.agent(exchange: 500))) { event in
                events.withLock { $0.append(event) }
            }
            let service = Task { try await keeper.run() }
            _ = try await eventually("a question") { await bench.verifier.kept > 0 ? true : nil }
            #expect(try await refusal { _ = try bench.lock() }.message.contains("another birthmark-device"))
            service.cancel()
            try await service.value
            #expect(events.withLock { $0.map(\.event) } == [.stopped])
            #expect(try StateDirectory(bench.state).renewalTrouble(holding: nil) == nil)
            _ = try bench.lock()
        }
    }

    /// A machine without a clock of its own is given the time some time after it has booted.
    @Test func aMachineThatHasNoTimeYetAsksAgainSoon() async throws {
        try await Bench.with { bench in
            let clock = Mutex<Int64>(0)
            let events = Mutex<[RenewalEvent]>([])
            let keeper = LeaseKeeper(.measured(try bench.agent { clock.withLock { $0 } })) { event in
                events.withLock { $0.append(event) }
            }
            let service = Task { try await keeper.run() }
            let first = try await eventually("an event") { events.withLock { $0.first } }
            // By a clock of 1970 the lease lasts for decades, and so it is asked for again in minutes.
            #expect(first.next.map { $0 < 1000 } == true)
            clock.withLock { $0 = now }
            keeper.attestNow()
            let second = try await eventually("another") { events.withLock { $0.dropFirst().first } }
            #expect(second.event == .renewed && second.leaseHolds)
            service.cancel()
            try await service.value
        }
    }

    /// An operator lowers the tier of a device whose service runs: from then on another key speaks for it.
    @Test func whoSpeaksForTheDeviceMayChangeMeanwhile() async throws {
        try await Bench.with { bench in
            let (state, trust) = (try StateDirectory(bench.state), bench.trust)
            let events = Mutex<[RenewalEvent]>([])
            let reopened = Mutex(0)
            let keeper = LeaseKeeper(
                .measured(try bench.agent()),
                reopening: { () throws(AgentError) -> LeaseHolder in
                    reopened.withLock { $0 += 1 }
                    return .compensated(CompensatedAgent(state: state, trust: trust, wallClock: { now }))
                },
                tell: { event in events.withLock { $0.append(event) } }
            )
            let service = Task { try await keeper.run() }
            let first = try await eventually("an event") { events.withLock { $0.first } }
            #expect(first.event == .renewed)
            let request = try await state.requestKey([], bench.lock())
            let file = LoweredTierFile(
                instance: bench.device.record.instance,
                serial: bench.device.record.serial,
                key: request.key,
                bornWith: BornWith(name: label("os"), version: label("1.0"), securityVersion: 3),
                running: RunningPackage(name: label("os"), version: label("1.0"), securityVersion: 3),
                securityFloor: 3,
                lowered: LoweredMark(
                    by: label("alice"),
                    until: now + 86_400,
                    reason: try #require(Remark("its TPM is broken")),
                    entry: ContentDigest(of: [1])
                )
            )
            try await state.accept(file, bench.lock())
            #expect(try bench.journal.floorTarget == nil, "nobody signs the file, and the TPM's counter rises for good")
            keeper.attestNow()
            _ = try await eventually("another agent") { reopened.withLock { $0 } > 0 ? true : nil }
            service.cancel()
            try await service.value
        }
    }

    @Test(arguments: ["", "{}", "nonsense", #"{"formatVersion":2,"trouble":{}}"#])
    func aNoteThatCannotBeReadSaysNothing(_ text: String) async throws {
        try await Bench.with { bench in
            try await bench.attest()
            try write(Array(text.utf8), to: bench.state + "/renewal.json")
            #expect(try StateDirectory(bench.state).renewalTrouble(holding: nil) == nil)
            let status = try await bench.program("status")
            #expect(status.status == .exited(0), "\(status)")
            // And is written anew.
            await bench.verifier.setTrouble(.down)
            try await bench.running { agent in
                let failed = try await agent.next("undecided")
                #expect(failed.event.trouble?.attempts == 1)
            }
            #expect(try await bench.program("status").output.contains("not renewed"))
        }
    }

    /// The power went between the new lease and the end of the note.
    @Test func aNoteOfATroubleThatIsOverIsNotShown() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            await bench.verifier.setTrouble(.down)
            try await bench.running { agent in try await agent.next("undecided") }
            let note = try contents(of: bench.state + "/renewal.json")
            await bench.verifier.setTrouble(nil)
            try await bench.attest()
            #expect(!exists(bench.state + "/renewal.json"))
            try write(note, to: bench.state + "/renewal.json")
            #expect(try await !bench.program("status").output.contains("not renewed"))
        }
    }
}
