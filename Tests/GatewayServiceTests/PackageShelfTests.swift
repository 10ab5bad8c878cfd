import Crypto
import FoundationEssentials
import Glibc
import Logging
import Messages
import Testing

@testable import GatewayService

/// The gateway's packages: fetched once, whole or not at all, and gone on with after a kill.
@Suite struct PackageShelfTests {
    /// A source, a shelf, and what is made of them.
    private struct Place {
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.path + "/shelf-\(UInt64.random(in: 0 ... .max))"
            for name in ["", "/source"] {
                try FileManager.default.createDirectory(atPath: path + name, withIntermediateDirectories: true)
            }
        }

        var source: String { path + "/source" }

        func shelf(room: UInt64 = 1 << 30) throws -> PackageShelf {
            try PackageShelf(path + "/packages", .directory(source), room: room, logger: Logger(label: "test"))
        }

        func artifact(_ name: String, _ bytes: [UInt8], onDisk other: [UInt8]? = nil) throws -> Artifact {
            try Data(other ?? bytes).write(to: URL(filePath: "\(source)/\(name)"))
            return Artifact(
                name: try #require(Label(name)),
                size: UInt64(bytes.count),
                sha256: ContentDigest(of: bytes)
            )
        }

        func remove() { try? FileManager.default.removeItem(atPath: path) }
    }

    private func settled(_ shelf: PackageShelf, _ artifact: Artifact) async throws -> PackageStatus {
        for _ in 0..<24_000 {
            let status = await shelf.status(of: artifact)
            if status.isReady || status.trouble != nil { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw Unfinished()
    }

    private struct Unfinished: Error {}

    private func isThere(_ artifact: Artifact, _ shelf: PackageShelf) -> Bool {
        FileManager.default.fileExists(atPath: shelf.path(of: artifact.sha256))
    }

    private func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }

    @Test func aPackageIsFetchedOnceForAll() async throws {
        let place = try Place()
        defer { place.remove() }
        let bytes = random(600_000)
        let artifact = try place.artifact("os.img", bytes)
        let shelf = try place.shelf()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask { try await self.settled(shelf, artifact).isReady }
            }
            for try await isReady in group { #expect(isReady) }
        }
        try FileManager.default.removeItem(atPath: place.source + "/os.img")
        #expect(await shelf.status(of: artifact).isReady)
        let kept = try Data(contentsOf: URL(filePath: shelf.path(of: artifact.sha256)))
        #expect(ContentDigest(of: [UInt8](kept)) == artifact.sha256)
    }

    @Test func whatIsSomethingElseIsNeverGivenOut() async throws {
        let place = try Place()
        defer { place.remove() }
        let bytes = random(10_000)
        var other = bytes
        other[5000] ^= 1
        let shelf = try place.shelf()
        let changed = try place.artifact("changed.img", bytes, onDisk: other)
        #expect(try await settled(shelf, changed).trouble != nil)
        let long = random(9000)
        let longer = try place.artifact("longer.img", long, onDisk: long + [0])
        #expect(try await settled(shelf, longer).isReady, "what is behind its end is not fetched")
        let cut = random(8000)
        let shorter = try place.artifact("shorter.img", cut, onDisk: Array(cut.dropLast()))
        #expect(try await settled(shelf, shorter).trouble != nil)
        #expect(!isThere(changed, shelf) && !isThere(shorter, shelf))
    }

    /// Nobody writes to it: who waited for that would wait for ever, and others for him.
    @Test(.timeLimit(.minutes(20))) func aPipeInThePlaceOfAPackageIsNotWaitedFor() async throws {
        let place = try Place()
        defer { place.remove() }
        let shelf = try place.shelf()
        let artifact = try place.artifact("a.img", random(1000))
        try FileManager.default.removeItem(atPath: place.source + "/a.img")
        #expect(unsafe mkfifo(place.source + "/a.img", 0o600) == 0)
        let status = try await settled(shelf, artifact)
        #expect(status.trouble == "the package in its source is a pipe, not a file", "\(status)")
        #expect(!isThere(artifact, shelf))
    }

    /// Whoever is on the local side can ask, and the gateway's paths are not his business.
    @Test func aChildIsToldWhatIsWrongWithoutTheGatewaysPaths() async throws {
        let place = try Place()
        defer { place.remove() }
        let shelf = try place.shelf()
        let missing = try place.artifact("missing.img", random(1000))
        try FileManager.default.removeItem(atPath: place.source + "/missing.img")
        #expect(try await settled(shelf, missing).trouble == "its source has no such package")
        let unwritable = try place.artifact("b.img", random(1000))
        let part = shelf.path(of: unwritable.sha256) + ".part"
        try FileManager.default.createDirectory(atPath: part, withIntermediateDirectories: true)
        #expect(
            try await settled(shelf, unwritable).trouble == "its copy of the package is a directory, not a file"
        )
    }

    /// A part that a killed run has left is gone on with, and one that is wrong is begun anew.
    @Test func aPartIsGoneOnWith() async throws {
        let place = try Place()
        defer { place.remove() }
        let bytes = random(300_000)
        let artifact = try place.artifact("os.img", bytes)
        let shelf = try place.shelf()
        let part = shelf.path(of: artifact.sha256) + ".part"
        try Data(bytes.prefix(100_000)).write(to: URL(filePath: part))
        // Only the rest is read: what stands before it in the source is gone.
        var rest = bytes
        for index in 0..<100_000 { rest[index] = 0 }
        try Data(rest).write(to: URL(filePath: place.source + "/os.img"))
        #expect(try await settled(shelf, artifact).isReady)

        let wrong = random(200_000)
        let second = try place.artifact("second.img", wrong)
        try Data(random(50_000)).write(to: URL(filePath: shelf.path(of: second.sha256) + ".part"))
        #expect(try await settled(shelf, second).trouble != nil)
        // The wrong part is gone; the next attempt begins with nothing.
        let again = try place.shelf()
        #expect(try await settled(again, second).isReady)
    }

    /// A run that was killed behind the last byte has left the whole: nobody is asked for the rest of it.
    @Test func aWholePartNeedsNoSource() async throws {
        let place = try Place()
        defer { place.remove() }
        let bytes = random(100_000)
        let artifact = try place.artifact("os.img", bytes)
        let shelf = try place.shelf()
        try Data(bytes).write(to: URL(filePath: shelf.path(of: artifact.sha256) + ".part"))
        try FileManager.default.removeItem(atPath: place.source + "/os.img")
        #expect(try await settled(shelf, artifact).isReady)
    }

    @Test func whatWasNotAskedForTheLongestMakesRoom() async throws {
        let place = try Place()
        defer { place.remove() }
        let shelf = try place.shelf(room: 250_000)
        var artifacts: [Artifact] = []
        for name in ["a.img", "b.img", "c.img"] {
            let artifact = try place.artifact(name, random(100_000))
            artifacts.append(artifact)
            #expect(try await settled(shelf, artifact).isReady)
            try await Task.sleep(for: .milliseconds(1100))
        }
        #expect(!isThere(artifacts[0], shelf) && isThere(artifacts[1], shelf))
        let huge = try place.artifact("huge.img", random(300_000))
        #expect(try await settled(shelf, huge).trouble?.contains("does not fit") == true)
    }

    /// Also where the file system does not note that it is read, or once a day.
    @Test func whatIsAskedForTodayStays() async throws {
        let place = try Place()
        defer { place.remove() }
        let shelf = try place.shelf(room: 250_000)
        var artifacts: [Artifact] = []
        for (name, hours) in [("a.img", 20), ("b.img", 10)] {
            let artifact = try place.artifact(name, random(100_000))
            artifacts.append(artifact)
            #expect(try await settled(shelf, artifact).isReady)
            let then = timeval(tv_sec: Int(Date.now.timeIntervalSince1970) - hours * 3600, tv_usec: 0)
            let isDated = unsafe utimes(shelf.path(of: artifact.sha256), [then, then]) == 0
            try #require(isDated)
        }
        #expect(await shelf.status(of: artifacts[0]).isReady)
        let next = try place.artifact("c.img", random(100_000))
        #expect(try await settled(shelf, next).isReady)
        #expect(isThere(artifacts[0], shelf) && !isThere(artifacts[1], shelf))
    }

    /// Two that fit one by one and not together are fetched one after the other.
    @Test func twoAtOnceTakeNoMoreThanTheirRoom() async throws {
        let place = try Place()
        defer { place.remove() }
        let shelf = try place.shelf(room: 150_000)
        let first = try place.artifact("first.img", random(100_000))
        let second = try place.artifact("second.img", random(100_000))
        _ = await shelf.status(of: first)
        #expect(try await settled(shelf, second).isReady)
        let packages = place.path + "/packages"
        var names = try FileManager.default.contentsOfDirectory(atPath: packages)
        while names.contains(where: { $0.hasSuffix(".part") }) {
            try await Task.sleep(for: .milliseconds(5))
            names = try FileManager.default.contentsOfDirectory(atPath: packages)
        }
        #expect(names == ["\(second.sha256)"])
    }
}
