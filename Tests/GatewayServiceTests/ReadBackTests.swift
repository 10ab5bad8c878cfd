import DeviceAgent
import FoundationEssentials
import Logging
import Messages
import Testing

@testable import GatewayService

/// Images that are read out of children by a command.
@Suite struct ReadBackTests {
    private let child = InstanceID(iakName: [UInt8](repeating: 7, count: 34))

    private func readBacks(_ command: String, seconds: Int64 = 60) throws -> ReadBacks {
        ReadBacks(
            ReadBack(command: command, seconds: seconds),
            port: try #require(Label("lan")),
            logger: Logger(label: "test")
        )
    }

    private func settled(_ readBacks: ReadBacks) async throws {
        while case .reading? = await readBacks.state(of: child) { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test func whatTheCommandWritesIsTheImage() async throws {
        let readBacks = try readBacks(
            "head -c 3000000 /dev/zero; printf \"$BIRTHMARK_CHILD$BIRTHMARK_PORT$BIRTHMARK_ADDRESS\""
        )
        await readBacks.begin(child, at: Label("192.168.7.20"))
        try await settled(readBacks)
        let image = [UInt8](repeating: 0, count: 3_000_000) + Array("\(child)lan192.168.7.20".utf8)
        #expect(await readBacks.take(child) == ContentDigest(of: image))
        #expect(await readBacks.take(child) == nil, "it is for one confirmation")
    }

    @Test(arguments: ["printf image; exit 3", "printf image; kill -9 $$", "printf image; sleep 600"])
    func whatACommandHasWrittenThatFailedIsNoImage(_ command: String) async throws {
        let readBacks = try readBacks(command, seconds: 1)
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child) == nil)
        guard case .failed? = await readBacks.state(of: child) else {
            Issue.record("it did not fail")
            return
        }
    }

    @Test func oneThatFailedIsReadAgain() async throws {
        let flag = FileManager.default.temporaryDirectory.path + "/read-back-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: flag) }
        let readBacks = try readBacks("[ -e '\(flag)' ] && printf image || { : > '\(flag)'; exit 1; }")
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child) == nil)
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child) == ContentDigest(of: Array("image".utf8)))
    }
}
