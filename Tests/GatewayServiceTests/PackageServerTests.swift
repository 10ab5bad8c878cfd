import FoundationEssentials
import Logging
import Messages
import Testing

@testable import GatewayService

/// Packages from an HTTPS server: whom it is believed to be, and what a cut connection costs.
@Suite struct PackageServerTests {
    private struct Place {
        let path: String
        let server: FileServer

        /// A shelf that believes these roots.
        func shelf(
            roots: String? = nil,
            _ name: String = "packages",
            room: UInt64 = 1 << 30
        ) throws -> PackageShelf {
            try PackageShelf(
                "\(path)/\(name)",
                .server(url: server.url, tlsRoots: roots ?? server.roots),
                room: room,
                logger: Logger(label: "test")
            )
        }

        func artifact(_ bytes: [UInt8], served other: [UInt8]? = nil) throws -> Artifact {
            let digest = ContentDigest(of: bytes)
            server.put(other ?? bytes, as: digest)
            return Artifact(name: try #require(Label("os.img")), size: UInt64(bytes.count), sha256: digest)
        }
    }

    private func with(_ body: (Place) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/served-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await FileServer.with(in: path + "/server") { server in
            try await body(Place(path: path, server: server))
        }
    }

    private func settled(_ shelf: PackageShelf, _ artifact: Artifact) async throws -> PackageStatus {
        for _ in 0..<24_000 {
            let status = await shelf.status(of: artifact)
            if status.isReady || status.trouble != nil { return status }
            try await Task.sleep(for: .milliseconds(5))
        }
        throw CancellationError()
    }

    private func random(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: .min ... .max) } }

    private func kept(_ artifact: Artifact, _ shelf: PackageShelf) -> ContentDigest? {
        (try? Data(contentsOf: URL(filePath: shelf.path(of: artifact.sha256)))).map { ContentDigest(of: [UInt8]($0)) }
    }

    @Test func aPackageComesOnceOverHTTPS() async throws {
        try await with { place in
            let artifact = try place.artifact(random(700_000))
            let shelf = try place.shelf()
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { try await self.settled(shelf, artifact).isReady } }
                for try await isReady in group { #expect(isReady) }
            }
            #expect(kept(artifact, shelf) == artifact.sha256)
            #expect(place.server.asked == [.init(path: "/\(artifact.sha256)", range: nil)])
        }
    }

    /// Who has another CA's certificate is not asked for a byte.
    @Test func anotherRootIsNotBelieved() async throws {
        try await with { place in
            let artifact = try place.artifact(random(1000))
            try await FileServer.with(in: place.path + "/other") { other in
                let shelf = try place.shelf(roots: other.roots)
                let status = try await settled(shelf, artifact)
                #expect(!status.isReady && status.trouble?.contains("does not chain") == true, "\(status)")
                #expect(status.trouble?.contains("https:") == false, "its address is the gateway's business: \(status)")
                #expect(kept(artifact, shelf) == nil && place.server.asked.isEmpty)
            }
            // The same server with the right ones: it was the roots, and nothing else.
            #expect(try await settled(try place.shelf("second"), artifact).isReady)
        }
    }

    @Test func aConnectionThatIsCutIsGoneOnWithByRange() async throws {
        try await with { place in
            let bytes = random(500_000)
            let artifact = try place.artifact(bytes)
            place.server.cut(after: [200_000, 150_000])
            var shelf = try place.shelf()
            #expect(try await settled(shelf, artifact).trouble != nil)
            // A failed attempt stands for a while; who starts anew does not wait.
            shelf = try place.shelf()
            #expect(try await settled(shelf, artifact).trouble != nil)
            shelf = try place.shelf()
            #expect(try await settled(shelf, artifact).isReady)
            #expect(kept(artifact, shelf) == artifact.sha256)
            let offsets = place.server.asked.map { $0.offset ?? 0 }
            #expect(offsets.count == 3 && offsets[0] == 0 && offsets[1] > 0 && offsets[1] < offsets[2], "\(offsets)")
            #expect(offsets[1] <= 200_000 && offsets[2] <= 350_000, "no more than came: \(offsets)")
        }
    }

    /// Who asks meanwhile is told how far it is, and the room for another is not taken from one that is on its way.
    @Test(.timeLimit(.minutes(20))) func aPackageOnItsWayIsToldOfAndStays() async throws {
        try await with { place in
            let shelf = try place.shelf(room: 300_000)
            let (first, second) = (try place.artifact(random(300_000)), try place.artifact(random(200_000)))
            place.server.hold(after: 200_000)
            var status = await shelf.status(of: first)
            while status.trouble == nil, status.received < 200_000 {
                try await Task.sleep(for: .milliseconds(5))
                status = await shelf.status(of: first)
            }
            #expect(!status.isReady && status.received == 200_000, "\(status)")
            let waiting = await shelf.status(of: second)
            #expect(!waiting.isReady && waiting.received == 0 && waiting.trouble == nil, "\(waiting)")
            place.server.letGo()
            #expect(try await settled(shelf, second).isReady)
            #expect(try await settled(shelf, first).isReady)
            let paths = place.server.asked.map(\.path)
            #expect(paths == [first, second, first].map { "/\($0.sha256)" }, "\(paths)")
        }
    }

    /// A server that knows no ranges gives the whole: the part gives way to it.
    @Test func theWholeInThePlaceOfTheRest() async throws {
        try await with { place in
            let artifact = try place.artifact(random(400_000))
            place.server.cut(after: [100_000])
            place.server.answer(ranges: .ignored)
            #expect(try await settled(try place.shelf(), artifact).trouble != nil)
            let shelf = try place.shelf()
            #expect(try await settled(shelf, artifact).isReady)
            #expect(kept(artifact, shelf) == artifact.sha256)
            #expect((place.server.asked.last?.offset ?? 0) > 0, "the rest was asked for")
        }
    }

    @Test func whatIsMissingOrSomethingElseIsNotGivenOut() async throws {
        try await with { place in
            var other = random(10_000)
            let changed = try place.artifact(
                other,
                served: {
                    other[5] ^= 1; return other
                }()
            )
            let shelf = try place.shelf()
            #expect(try await settled(shelf, changed).trouble != nil)
            let missing = Artifact(name: try #require(Label("no.img")), size: 3, sha256: ContentDigest(of: [1]))
            #expect(try await settled(shelf, missing).trouble?.contains("404") == true)
            #expect(kept(changed, shelf) == nil && kept(missing, shelf) == nil)
        }
    }
}
