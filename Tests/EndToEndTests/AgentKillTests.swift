import Glibc
import MachineFaults
import Messages
import Programs
import SeededRandom
import Testing

/// birthmark-device is killed anywhere in an update; run again it finishes, and no grant is used twice.
@Suite(.timeLimit(.minutes(20))) struct AgentKillTests {
    /// Where the agent is killed.
    enum Moment: Sendable, CustomStringConvertible {
        /// So long after its start.
        case after(Duration)
        /// When its journal says that it has come so far.
        case at(step: String)
        /// At a write of its journal.
        case writing(Int, MachineFaults.Moment)
        /// By the install command, in this place of it.
        case installing(Place)

        enum Place: Sendable, CaseIterable {
            case first, middle, last
        }

        var description: String {
            switch self {
            case .after(let time): "after \(time)"
            case .at(let step): "at \(step)"
            case .writing(let count, let moment): "\(moment) write \(count)"
            case .installing(let place): "installing: \(place)"
            }
        }
    }

    private static func moments(_ seed: UInt64) -> [Moment] {
        var random = SplitMix64(seed: seed)
        let times = (0..<5).map { _ in Moment.after(.milliseconds(Int.random(in: 5...450, using: &random))) }
        let steps = ["granted", "spent", "installing", "installed"].map { Moment.at(step: $0) }
        let writes = (1...6).map { Moment.writing($0, Bool.random(using: &random) ? .before : .after) }
        let places = Moment.Place.allCases.map { Moment.installing($0) }
        return (times + steps + writes + places).shuffled(using: &random)
    }

    @Test func everyUpdateIsFinishedByTheNextRun() async throws {
        try await Fleet.with(["p256", "p256"]) { fleet in
            // Half of the moments each; both devices at once, so that the times are those of a busy machine too.
            let moments = Self.moments(0x6269_7274_686D_6172)
            let half = moments.count / 2
            try await withThrowingTaskGroup { group in
                group.addTask { try await rounds(moments[..<half], on: fleet.devices[0]) }
                group.addTask { try await rounds(moments[half...], on: fleet.devices[1]) }
                try await group.waitForAll()
            }
            let copy = try await LedgerCopy(fleet.trust)
            for device in fleet.devices {
                for grant in device.grants { try copy.expectHolds(grantAt: grant) }
                #expect(try await fleet.record(of: device)["lifecycle"].text == "trusted")
            }
            try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust])
        }
    }

    private func rounds(_ moments: some Sequence<Moment>, on device: FleetDevice) async throws {
        for (round, moment) in moments.enumerated() {
            let before = device.installs
            try await kill(device, moment)
            try await installerEnds(on: device)
            // The one install whose end nobody knows is done again, under the same grant.
            let isUnknown = device.step == "installing"
            let begun = device.installs - before
            try await finish(device)
            let installs = device.installs - before
            #expect(installs == (isUnknown ? begun + 1 : 1), "\(moment): \(installs) installs, \(begun) before")
            #expect(try contents(of: device.slot) == contents(of: device.package), "\(moment)")
            // Whatever was asked for again, one grant more was spent.
            #expect(try await device.grantsSpent() == Int64(round + 1), "\(moment)")
            try await device.boot(Fleet.released)
            let confirmed = try await device.agent("confirm")
            #expect(confirmed.code == 0, "\(moment): \(confirmed)")
        }
    }

    /// Begins an update and has it killed; a moment that is too late kills nobody.
    private func kill(_ device: FleetDevice, _ moment: Moment) async throws {
        switch moment {
        case .after(let time):
            _ = try await device.update { id in
                try? await Task.sleep(for: time)
                end(id)
            }
        case .at(let step):
            // The journal of the update before may say the same.
            let last = device.journalDigest
            _ = try await device.update { id in
                while isRunning(id), device.step != step || device.journalDigest == last {
                    try? await Task.sleep(for: .microseconds(200))
                }
                end(id)
            }
        case .writing(let count, let moment):
            let cut = try await MachineFaults(in: device.fleet)
                .killing(moment, placing: count, of: "/journal.json")
            _ = try await device.update(environment: cut)
        case .installing(let place):
            let kills = "kill -9 $PPID"
            let command =
                switch place {
                case .first: "\(kills); \(device.installing)"
                case .middle:
                    "echo began >> \(device.marks); head -c 1000 > \(device.slot); \(kills); "
                        + "cat >> \(device.slot); echo ended >> \(device.marks)"
                case .last: "\(device.installing); \(kills)"
                }
            _ = try await device.update(installing: command)
        }
    }

    /// Waits for an installer that outlives its agent, and may not even have begun: it holds the agent's copy of the package locked.
    private func installerEnds(on device: FleetDevice) async throws {
        let spool = device.state + "/spool"
        for name in names(in: spool) {
            let package = unsafe open("\(spool)/\(name)", O_RDONLY | O_CLOEXEC)
            guard package >= 0 else { continue }
            defer {
                flock(package, LOCK_UN)
                close(package)
            }
            while flock(package, LOCK_EX | LOCK_NB) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Runs the same command again until it is done.
    private func finish(_ device: FleetDevice) async throws {
        for _ in 0..<500 {
            let ended = try await device.update()
            if ended.code == 0 { return }
            try #require(ended.code == 3 && ended.error.contains("still at work"), "\(ended)")
        }
        Issue.record("the installer never ends")
    }

    private func end(_ id: pid_t) { if isRunning(id) { _ = Glibc.kill(id, SIGKILL) } }
}

extension FleetDevice {
    fileprivate var journalDigest: ContentDigest? { (try? contents(of: journal)).map { ContentDigest(of: $0) } }
}
