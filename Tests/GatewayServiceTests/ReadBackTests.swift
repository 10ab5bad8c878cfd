import DeviceAgent
import FoundationEssentials
import Logging
import Messages
import Testing

@testable import GatewayService

/// Images that are read out of children by a command.
@Suite struct ReadBackTests {
    private let child = InstanceID(iakName: [UInt8](repeating: 7, count: 34))

    private func readBacks(
        _ command: String,
        seconds: Int64 = 60,
        validity: Duration = .seconds(600)
    ) throws -> ReadBacks {
        ReadBacks(
            ReadBack(command: command, seconds: seconds),
            port: try #require(Label("lan")),
            logger: Logger(label: "test"),
            validity: validity
        )
    }

    private func settled(_ readBacks: ReadBacks, _ other: InstanceID? = nil, at address: Label? = nil) async throws {
        while case .reading? = await readBacks.state(of: other ?? child, at: address) {
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    @Test func whatTheCommandWritesIsTheImage() async throws {
        let readBacks = try readBacks(
            "head -c 3000000 /dev/zero; printf \"$BIRTHMARK_CHILD$BIRTHMARK_PORT$BIRTHMARK_ADDRESS\""
        )
        let address = Label("192.168.7.20")
        await readBacks.begin(child, at: address)
        try await settled(readBacks, at: address)
        let image = [UInt8](repeating: 0, count: 3_000_000) + Array("\(child)lan192.168.7.20".utf8)
        #expect(await readBacks.take(child, at: address) == ContentDigest(of: image))
        #expect(await readBacks.take(child, at: address) == nil, "it is for one confirmation")
    }

    /// Anybody on the local side can say that he is the child: what is read where he is must not count against the child, nor for it.
    @Test func attack74_imageReadElsewhereIsNotTheChilds() async throws {
        let readBacks = try readBacks("printf \"$BIRTHMARK_ADDRESS\"")
        let (own, neighbours) = (Label("192.168.7.20"), Label("192.168.7.66"))
        await readBacks.begin(child, at: neighbours)
        try await settled(readBacks, at: neighbours)
        #expect(await readBacks.take(child, at: own) == nil)
        await readBacks.begin(child, at: own)
        try await settled(readBacks, at: own)
        #expect(await readBacks.take(child, at: own) == ContentDigest(of: Array("192.168.7.20".utf8)))
        #expect(await readBacks.take(child, at: neighbours) == ContentDigest(of: Array("192.168.7.66".utf8)))
    }

    /// Who asks has shown nothing yet: one who says that he is everybody leaves room for the others.
    @Test func attack74_aNeighbourWhoSaysThatHeIsEveryChild() async throws {
        let readBacks = try readBacks("printf image")
        let (own, neighbours) = (Label("192.168.7.20"), Label("192.168.7.66"))
        func somebody(_ number: Int) -> InstanceID { InstanceID(iakName: [UInt8(clamping: number), 1, 2]) }
        for number in 0..<ReadBacks.maximumPerAddress {
            #expect(await readBacks.begin(somebody(number), at: neighbours))
        }
        // He is told, and goes on without an image no more than a child of a large fleet would.
        #expect(await !readBacks.begin(somebody(ReadBacks.maximumPerAddress), at: neighbours))
        #expect(await readBacks.state(of: somebody(0), at: neighbours) != nil)
        #expect(await readBacks.state(of: somebody(ReadBacks.maximumPerAddress), at: neighbours) == nil)
        await readBacks.begin(child, at: own)
        try await settled(readBacks, at: own)
        #expect(await readBacks.take(child, at: own) == ContentDigest(of: Array("image".utf8)))
    }

    @Test(arguments: [
        "printf image; exit 3", "printf image; kill -9 $$", "printf image; sleep 600", "no-such-program | cat", "",
    ])
    func whatACommandHasWrittenThatFailedIsNoImage(_ command: String) async throws {
        let readBacks = try readBacks(command, seconds: 1)
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child, at: nil) == nil)
        guard case .failed? = await readBacks.state(of: child, at: nil) else {
            Issue.record("it did not fail")
            return
        }
    }

    /// A child asks again and again while it waits: however long that takes, it is read once.
    @Test func oneThatTakesLongIsNotBegunASecondTime() async throws {
        let place = FileManager.default.temporaryDirectory.path + "/read-back-\(UInt64.random(in: 0 ... .max))"
        let (marks, gate) = (place + ".marks", place + ".gate")
        defer { for path in [marks, gate] { try? FileManager.default.removeItem(atPath: path) } }
        let readBacks = try readBacks(
            "echo run >> '\(marks)'; while [ ! -e '\(gate)' ]; do sleep 0.05; done; printf image",
            validity: .zero
        )
        await readBacks.begin(child, at: nil)
        await readBacks.begin(child, at: nil)
        try Data().write(to: URL(filePath: gate))
        try await settled(readBacks)
        #expect(await readBacks.take(child, at: nil) == ContentDigest(of: Array("image".utf8)))
        // Behind whatever was begun before it.
        let other = InstanceID(iakName: [1, 2, 3])
        await readBacks.begin(other, at: nil)
        try await settled(readBacks, other)
        #expect(try String(contentsOfFile: marks, encoding: .utf8) == "run\nrun\n")
    }

    @Test func oneThatFailedIsReadAgain() async throws {
        let flag = FileManager.default.temporaryDirectory.path + "/read-back-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: flag) }
        let readBacks = try readBacks("[ -e '\(flag)' ] && printf image || { : > '\(flag)'; exit 1; }")
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child, at: nil) == nil)
        await readBacks.begin(child, at: nil)
        try await settled(readBacks)
        #expect(await readBacks.take(child, at: nil) == ContentDigest(of: Array("image".utf8)))
    }
}
