import Messages
import SeededRandom
import Synchronization
import Testing
import UpdateTrust

/// birthmark-verifier is killed while devices update; what it has answered stays true.
@Suite(.timeLimit(.minutes(20))) struct VerifierKillTests {
    private static let cycles = 3
    private static let kills = 6

    @Test func nothingAnsweredIsLost() async throws {
        try await Fleet.with(["p256", "p256", "p256", "p256"]) { fleet in
            let answers = Answers()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await withThrowingTaskGroup { devices in
                        for device in fleet.devices {
                            devices.addTask { try await updates(of: device, answers) }
                        }
                        try await devices.waitForAll()
                    }
                    answers.finish()
                }
                group.addTask {
                    var random = SplitMix64(seed: 0x6C65_6467_6572)
                    for _ in 0..<Self.kills where !answers.areComplete {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 100...900, using: &random)))
                        await fleet.verifier.kill()
                        try await fleet.verifier.start()
                    }
                }
                try await group.waitForAll()
            }
            await fleet.verifier.kill()
            #expect(try await fleet.run(.verifier, ["check", fleet.place, "--json"]).json["sound"] == .truth(true))
            try await fleet.verifier.start()
            try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust])
            try await expectAll(answers, of: fleet)
        }
    }

    /// Every lease that a device was told of, and every grant that it holds, stands on the ledger.
    private func expectAll(_ answers: Answers, of fleet: Fleet) async throws {
        let copy = try await LedgerCopy(fleet.trust)
        var leases: Set<String> = []
        var receipts: Set<String> = []
        for entry in try copy.statements() {
            switch entry.body {
            case .lease(let lease): leases.insert("\(lease.id) \(lease.expires)")
            case .receipt(let receipt): receipts.insert(receipt.jti)
            default: break
            }
        }
        let answered = answers.all
        #expect(answered.confirmed.count == Self.cycles * fleet.devices.count)
        #expect(answered.leases.subtracting(leases) == [])
        #expect(answered.confirmed.subtracting(receipts) == [])
        for device in fleet.devices {
            #expect(device.grants.count >= Self.cycles)
            for grant in device.grants { try copy.expectHolds(grantAt: grant) }
            #expect(try await device.grantsSpent() == Int64(Self.cycles))
            #expect(device.installs == Self.cycles)
            let record = try await fleet.record(of: device)
            #expect(record["lifecycle"].text == "trusted")
            #expect(record["running.version"].text == "2.5.0")
        }
    }

    private func updates(of device: FleetDevice, _ answers: Answers) async throws {
        for _ in 0..<Self.cycles {
            answers.note(lease: try await untilAnswered { try await device.agent("attest") })
            _ = try await untilAnswered { try await device.update() }
            try await device.boot(Fleet.released)
            let confirmed = try await untilAnswered { try await device.agent("confirm") }
            answers.note(lease: confirmed)
            answers.note(confirmed: confirmed)
        }
    }

    /// A verifier that is away is no refusal: the same command again, as the hint says.
    private func untilAnswered(_ run: () async throws -> Program.Ended) async throws -> JSON {
        for _ in 0..<2400 {
            let ended = try await run()
            if ended.code == 0 { return try ended.json }
            try expect(3, ended)
            try #require(ended.error.contains("hint: "))
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("nobody answers")
        throw CancellationError()
    }
}

/// What devices were told.
private final class Answers: Sendable {
    struct Told {
        var leases: Set<String> = []
        var confirmed: Set<String> = []
        var isComplete = false
    }

    private let told = Mutex(Told())

    var all: Told { told.withLock { $0 } }
    var areComplete: Bool { told.withLock(\.isComplete) }

    func finish() { told.withLock { $0.isComplete = true } }

    func note(lease answer: JSON) {
        guard let id = answer["lease.id"].text, let expires = answer["lease.expires"].number else { return }
        told.withLock { _ = $0.leases.insert("\(id) \(expires)") }
    }

    func note(confirmed answer: JSON) {
        guard let grant = answer["grant"].text else { return }
        told.withLock { _ = $0.confirmed.insert(grant) }
    }
}
