import FoundationEssentials
import ParserProperties
import Testing

/// What the fuzzer begins with, and what once broke a parser, checked on every run of the tests.
@Suite struct ReplayTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzz")

    private static func inputs(_ kind: String, _ target: String) throws -> [(name: String, bytes: [UInt8])] {
        let directory = root.appending(path: kind).appending(path: target)
        guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            ($0, [UInt8](try Data(contentsOf: directory.appending(path: $0))))
        }
    }

    @Test(arguments: ParserTarget.all.map(\.name))
    func seedsAreAcceptedAndKeepEveryProperty(name: String) throws {
        let target = try #require(ParserTarget.named(name))
        let seeds = try Self.inputs("Seeds", name)
        #expect(!seeds.isEmpty, "make seeds")
        for seed in seeds {
            #expect(seed.bytes.count <= target.longestInput, "\(seed.name)")
            #expect(try target.check(seed.bytes), "\(seed.name)")
        }
    }

    @Test(arguments: ParserTarget.all.map(\.name))
    func whatOnceBrokeAParserDoesNoMore(name: String) throws {
        let target = try #require(ParserTarget.named(name))
        for input in try Self.inputs("Found", name) {
            #expect(throws: Never.self, "\(input.name)") { try target.check(input.bytes) }
        }
    }

    /// A property that no input can break would be no test: a short walk from each seed keeps them all.
    @Test(arguments: ParserTarget.all.map(\.name))
    func neighboursOfSeedsKeepEveryProperty(name: String) async throws {
        let target = try #require(ParserTarget.named(name))
        for seed in try Self.inputs("Seeds", name) {
            // Tests of services, with time limits of their own, wait for the same processors.
            await Task.yield()
            for step in stride(from: 0, to: seed.bytes.count, by: max(1, seed.bytes.count / 64)) {
                var changed = seed.bytes
                changed[step] ^= 0x01
                #expect(throws: Never.self, "\(seed.name), byte \(step)") { try target.check(changed) }
                #expect(throws: Never.self, "\(seed.name), \(step) bytes") {
                    try target.check(Array(seed.bytes.prefix(step)))
                }
            }
        }
    }

    @Test func everyTargetHasANameOfItsOwn() {
        #expect(Set(ParserTarget.all.map(\.name)).count == ParserTarget.all.count)
    }
}
