import Crypto
import FoundationEssentials
import Subprocess
import Testing

/// `birthmark log replay --format ima`, as a person types it.
@Suite("The IMA list, replayed by the program")
struct IMAListProgramTests {
    private func run(_ arguments: String...) async throws -> Program.Ended { try await Program.operator.run(arguments) }

    /// A list of `ima-ng` entries: its bytes, and the value of PCR 10 in the SHA-256 bank after each of them.
    private static func list(_ names: [String]) -> (bytes: [UInt8], values: [String]) {
        func le32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        var bytes: [UInt8] = []
        var value = [UInt8](repeating: 0, count: 32)
        var values: [String] = []
        for name in names {
            let digest = Array(SHA256.hash(data: Array(name.utf8)))
            let data = [Array("sha256:\0".utf8) + digest, Array(name.utf8) + [0]].flatMap { le32($0.count) + $0 }
            bytes += le32(10) + Array(Insecure.SHA1.hash(data: data)) + le32(6) + Array("ima-ng".utf8)
            bytes += le32(data.count) + data
            value = Array(SHA256.hash(data: value + Array(SHA256.hash(data: data))))
            values.append(value.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined())
        }
        return (bytes, values)
    }

    private func withFile(_ bytes: [UInt8], _ body: (String) async throws -> Void) async throws {
        let path = "/tmp/ima-\(UInt64.random(in: 0...UInt64.max)).list"
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    @Test func valuesAndTheTrustedPrefixAreTold() async throws {
        let list = Self.list(["boot_aggregate", "/bin/sh", "/bin/ls", "/bin/added-later"])
        try await withFile(list.bytes) { path in
            let whole = try await run("log", "replay", path, "--format", "ima", "--json")
            #expect(whole.status == .exited(0))
            #expect(whole.output.contains("\"events\":4") && whole.output.contains(list.values[3]))

            let quoted = try await run("log", "replay", path, "--format", "ima", "--quoted", list.values[2], "--json")
            #expect(quoted.status == .exited(0) && quoted.output.contains("\"entries\":3"))

            let foreign = String(repeating: "5a", count: 32)
            let unproven = try await run("log", "replay", path, "--format", "ima", "--quoted", foreign)
            #expect(unproven.status == .exited(1) && unproven.output.contains("nothing of the list is proven"))
        }
    }

    @Test func whatIsNoListIsRefusedWithTheReason() async throws {
        let list = Self.list(["boot_aggregate", "/bin/sh"]).bytes
        for bytes in [[], Array(list.dropLast()), list + [0], Array("no list\n".utf8)] {
            try await withFile(bytes) { path in
                let ended = try await run("log", "replay", path, "--format", "ima")
                #expect(ended.status == .exited(2) && ended.output.isEmpty, "\(bytes.count) bytes")
            }
        }
        let options = try await run("log", "replay", "x", "--bank", "sha256")
        #expect(options.status == .exited(2))
        let missing = try await run("log", "replay", "/nowhere/list", "--format", "ima")
        #expect(missing.status == .exited(2))
    }
}
