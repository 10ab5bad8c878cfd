import AttestationResults
import Messages
import SeededRandom
import Testing

@testable import UpdateTrust

/// Random lives of a device that is off line most of the time: sticks go to and fro, late, doubled, in any order, or not at all.
@Suite struct DelayedHistoryTests {
    /// What an auditor knows of delayed grants who reads nothing but the ledger.
    private struct History {
        var statuses: [String: PendingGrant.Status] = [:]
        var running: ContentDigest?
        var floor: UInt64 = 0
        private var leases: [Label: String] = [:]
        private var counters: [String: UInt64] = [:]

        mutating func replay(_ entries: some Sequence<WrittenEntry>) {
            for written in entries { apply(written.entry.body) }
        }

        private mutating func apply(_ body: LedgerEntry.Body) {
            switch body {
            case .birth(let birth): floor = birth.bornWith.securityVersion
            case .grant(let grant):
                guard let bounds = grant.bounds else { return }
                #expect(statuses[grant.jti] == nil)
                (statuses[grant.jti], leases[grant.lease]) = (.issued, grant.jti)
                counters[grant.jti] = bounds.counter.value
            case .lease(let lease):
                guard lease.event == .ended, let jti = leases[lease.id] else { return }
                if statuses[jti] == .issued { statuses[jti] = .ended }
            case .receipt(let receipt):
                let counter = counters[receipt.jti] ?? .max
                for (jti, status) in statuses where status != .passed && (counters[jti] ?? 0) <= counter {
                    statuses[jti] = .passed
                }
                statuses[receipt.jti] = nil
                floor = receipt.securityFloor
                if receipt.late == nil { running = receipt.package.manifest }
            default: break
            }
        }
    }

    private struct Life {
        var world: World
        var history = History()
        var replayed = 0
        /// Requests that were made, and lie on some stick.
        var sticks: [CarriedRequest] = []
        /// Grants that have come to the device, by the counter's value that each spends.
        var held: [UInt64: (jti: String, version: String)] = [:]
        var receipts: [DecisionInput] = []
        var taken = Set<String>()
    }

    private static func life() throws -> Life {
        let moves = #"{"upgrade":true,"reinstall":true,"downgrade":true}"#
        var world = try World(policy: Sample.policy(moves: moves, delayed: DelayedTests.rule))
        world.known = try [("1.1.0", 3), ("1.2.0", 4), ("1.3.0", 4), ("1.4.0", 5)].map {
            try Sample.known(Sample.release($0.0, securityVersion: UInt64($0.1)))
        }
        return Life(world: world)
    }

    private func step(_ life: inout Life, _ dice: inout SplitMix64) throws -> String {
        life.world.now += Int64.random(in: 0...2000, using: &dice)
        switch Int.random(in: 0..<16, using: &dice) {
        case 0...2:
            guard let known = life.world.known.randomElement(using: &dice) else { return "" }
            life.sticks.append(try life.world.carried(known))
            return "request"
        case 3...6:
            guard let stick = life.sticks.randomElement(using: &dice) else { return "" }
            // A stick can be brought again, and is lost now and then.
            if dice.next() % 4 == 0 { life.sticks.removeAll() }
            guard case .granted(let grant, _) = try life.world.bring(stick).outcome else { return "refused" }
            let claims = grant.terms.claims
            life.held[claims.bounds.counter.value] = (claims.jti, claims.package.version.text)
            return "granted"
        case 7...9:
            guard let next = life.held.removeValue(forKey: life.world.device.counters.grants) else { return "" }
            life.world.device.counters.grants += 1
            try life.world.device.reboot(into: next.version)
            life.receipts.append(try life.world.receipt(next.jti))
            return "installed"
        case 10...12:
            guard let receipt = life.receipts.randomElement(using: &dice) else { return "" }
            let jti = receipt.request.request.grant ?? ""
            switch try life.world.take(receipt) {
            case .taken: #expect(life.taken.insert(jti).inserted, "a receipt counts once")
            case .known, .refused: break
            case .notAuthentic, .undecided: return "undecided"
            }
            return "receipt"
        case 13:
            if dice.next() % 4 == 0 { try life.world.ask(.attest) }
            return "attest"
        case 14:
            if dice.next() % 8 == 0 { try life.world.act(.suspend) }
            return "suspend"
        default:
            if life.world.state.lifecycle == .suspended { try life.world.act(.reinstate) }
            return "reinstate"
        }
    }

    private func check(_ life: Life, before: InstanceState) {
        let state = life.world.state
        let delayed = state.delayed ?? []
        #expect(delayed.count <= DelayedGrant.maximumCount)
        for held in delayed {
            #expect(life.history.statuses[held.grant.jti] == held.grant.status, "the ledger explains each")
        }
        let device = life.world.device
        let clock = ClockReading(clock: device.clock, resetCount: device.resetCount, restartCount: 0, safe: true)
        let usable = state.usableDelayed(at: clock, counter: device.counters.grants).map(\.bounds.counter.value)
        #expect(Set(usable).count == usable.count, "no value of the counter is given twice to who may still use it")
        if [.suspended, .retired].contains(state.lifecycle) {
            #expect(delayed.allSatisfy { $0.grant.status != .issued }, "nothing is handed out for the suspended")
        }
        #expect(state.securityFloor == life.history.floor && state.securityFloor >= before.securityFloor)
        #expect(state.running.manifest == life.history.running)
    }

    @Test(arguments: 1...20) func randomLivesOffLineKeepTheInvariants(seed: Int) throws {
        var dice = SplitMix64(seed: UInt64(seed))
        var life = try Self.life()
        life.history.replay(life.world.log.entries)
        life.replayed = life.world.log.entries.count
        var seen = Set<String>()
        for _ in 0..<400 {
            let before = life.world.state
            seen.insert(try step(&life, &dice))
            life.history.replay(life.world.log.entries[life.replayed...])
            life.replayed = life.world.log.entries.count
            check(life, before: before)
        }
        try life.world.act(.retire)
        let end = life.world.state
        for stick in life.sticks { _ = try life.world.bring(stick) }
        for receipt in life.receipts { _ = try life.world.take(receipt) }
        #expect(life.world.state.asRetired(end), "retired is final")
        #expect(seen.isSuperset(of: ["request", "granted", "refused", "installed", "receipt"]), "\(seen)")
        #expect(!life.taken.isEmpty)
    }
}
