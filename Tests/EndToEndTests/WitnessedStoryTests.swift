import FoundationEssentials
import Ledger
import Messages
import Testing

/// A ledger with a witness elsewhere, told by the programs: an update, an outage, and an operator who puts back last week's record.
@Suite(.timeLimit(.minutes(20))) struct WitnessedStoryTests {
    private func verify(_ fleet: Fleet, _ kept: String) async throws -> Program.Ended {
        try await Program.auditor.run(
            ["ledger", "verify", "--trust", fleet.trust, "--keep", kept, "--json"],
            in: fleet.transcript
        )
    }

    @Test func attack71_deviceWitnessAndAuditorEachCatchARestoredRecord() async throws {
        try await Fleet.with { fleet in
            try await WitnessPlace.with(fleet) { witness, _ in try await story(fleet, witness) }
        }
    }

    private func story(_ fleet: Fleet, _ witness: WitnessPlace) async throws {
        let device = fleet.devices[0]
        try await expect(0, device.agent("attest"))

        // An outage: leases go on, and nothing is given out.
        await witness.process.kill()
        try await expect(0, device.agent("attest"))
        try await expect(3, device.update())
        #expect(device.times("began") == 0)
        try await witness.process.start()
        var installed = try await device.update()
        for _ in 0..<20 where installed.code == 3 { installed = try await device.update() }
        try expect(0, installed)
        let grant = try #require(device.grants.last)
        let proof = try LogProof(parsing: Array(GrantFile(parsing: contents(of: grant)).delivery.proof.utf8))
        #expect(proof.checkpoint.note.signatures.map(\.name).contains("witness.example/w1"))

        let copy = fleet.directory + "/ledger"
        try await fleet.run(.auditor, ["ledger", "export", copy, "--trust", fleet.trust])
        let older = try contents(of: copy + "/witnessed")

        // The record as it is now is put aside.
        let kept = fleet.directory + "/seen.checkpoint"
        await fleet.verifier.stop()
        let (database, backup) = (fleet.place + "/verifier.sqlite", fleet.directory + "/backup.sqlite")
        try FileManager.default.copyItem(atPath: database, toPath: backup)
        try await fleet.verifier.start()
        try await device.boot(Fleet.released)
        try await expect(0, device.agent("confirm"))
        let sound = try await fleet.run(.auditor, ["ledger", "verify", "--trust", fleet.trust, "--json"])
        let entries = try #require(try sound.json["entries"].number)
        for _ in 0..<2400 {
            let witnessed = try await expect(0, verify(fleet, kept)).json["witnessed"].number
            if witnessed == entries { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(try await expect(0, verify(fleet, kept)).json["kept"].number == entries)

        // Who is shown what witnesses had signed earlier does not forget what he has seen since.
        try await fleet.run(.auditor, ["ledger", "export", copy, "--trust", fleet.trust])
        try write(older, to: copy + "/witnessed")
        let shown = ["ledger", "verify", "--files", copy, "--trust", fleet.trust, "--keep", kept]
        try await expect(0, Program.auditor.run(shown, in: fleet.transcript))
        let seen = try SignedCheckpoint(parsing: contents(of: kept)).claimed
        #expect(Int64(seen.size) == entries)

        // It is put back, by somebody who knows what this machine remembers, and goes on from there: another history.
        await fleet.verifier.stop()
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
        try FileManager.default.copyItem(atPath: backup, toPath: database)
        try FileManager.default.removeItem(atPath: fleet.place + "/last-checkpoint")
        try await fleet.verifier.start()
        let shorter = try await expect(1, verify(fleet, kept))
        #expect(shorter.error.contains("it was cut or restored"), "\(shorter)")
        for _ in 0..<6 {
            try await fleet.act("suspend", on: device, because: "lost")
            try await fleet.act("reinstate", on: device, because: "found")
        }
        let forked = try await expect(1, verify(fleet, kept))
        #expect(forked.error.contains("forked") || forked.error.contains("cut"), "\(forked)")
        var log = ""
        for _ in 0..<2400 where !log.contains("critical") {
            log = String(decoding: try contents(of: fleet.verifier.log), as: UTF8.self)
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(log.contains("critical") && log.contains("has not signed the ledger"), "the witness has noticed")
    }
}
