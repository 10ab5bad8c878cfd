import FactoryLine
import Foundation
import Messages
import SoftwareDevice
import Synchronization
import TPMDevice
import Testing

/// Each command of a birth is argued for in Benchmarks/birth-commands.json, and none is sent that is not.
@Suite struct BirthCommandsTests {
    private struct Row: Codable, Hashable {
        var step: String
        var command: String
        var count: Int
        /// Whether the key that works is P-256 whatever the profile says.
        var isP256: Bool?
        var why: String
        var needlessWhen: String?
    }

    private struct Table: Codable {
        var formatVersion: Int
        var commands: [Row]
    }

    /// Step and command, as both the table and the birth have them.
    private struct Place: Hashable, CustomStringConvertible {
        var step: String
        var command: String

        var description: String { "\(step): \(command)" }
    }

    private static func table() throws -> [Row] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: "/\(root)/Benchmarks/birth-commands.json")))
        return try EditedJSON.decode(Table.self, from: bytes, limit: 1 << 20).commands
    }

    /// What a birth with an event log, on a TPM that keeps nothing yet, sends in each step.
    private func sent(profile: String, _ kind: EndorsementKey) async throws -> [Place: Int] {
        try await TestLine.with { line in
            try await line.withDevice(endorsementKeys: [kind]) { device in
                let log = try await device.boot(firmware: .named("gateway-os-2.4.0"), reset: false)
                let tpm = try await openTPM(tcti: device.tcti)
                let begun = Mutex<[(step: String, usage: TPMConnection.Usage)]>([])
                let outcome = try await line.station.provision(
                    TestLine.order(),
                    profile: TestLine.profile(profile),
                    on: tpm,
                    eventLog: log,
                    now: TestLine.now
                ) { step in
                    let usage = try await tpm.perform { connection throws(TPMError) in connection.usage }
                    begun.withLock { $0.append((step.rawValue, usage)) }
                }
                let last = try await tpm.perform { connection throws(TPMError) in connection.usage }
                await tpm.close()
                #expect(outcome.text == "born")
                let steps = begun.withLock(\.self)
                let ends = steps.dropFirst().map(\.usage) + [last]
                var counts: [Place: Int] = [:]
                for (step, end) in zip(steps, ends) {
                    for (command, spent) in end.byCommand {
                        let count = spent.commands - (step.usage.byCommand[command]?.commands ?? 0)
                        if count > 0 { counts[Place(step: step.step, command: command), default: 0] += count }
                    }
                }
                return counts
            }
        }
    }

    @Test(arguments: [("p256", EndorsementKey.p256), ("p384", .p256), ("rsa2048", .rsa2048)])
    func everyCommandIsArguedFor(profile: String, kind: EndorsementKey) async throws {
        let sent = try await sent(profile: profile, kind)
        let argued = try Self.table().reduce(into: [Place: Int]()) { counts, row in
            counts[Place(step: row.step, command: row.command), default: 0] += row.count
        }
        for place in Set(sent.keys).union(argued.keys).sorted(by: { "\($0)" < "\($1)" }) {
            #expect(sent[place] == argued[place], "\(place)")
        }
    }
}
