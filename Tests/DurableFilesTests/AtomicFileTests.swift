import DurableFiles
import Glibc
import TemporaryDirectories
import Testing

/// Files that are written whole or not at all.
@Suite struct AtomicFileTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    @Test func aFileIsReplacedAndNothingIsLeftBeside() throws {
        let path = home.path(of: "file")
        for bytes: [UInt8] in [[1, 2, 3], [], Array(repeating: 7, count: 3 << 20)] {
            try AtomicFile.write(bytes, to: path)
            #expect(try contents(of: path) == bytes)
            #expect(try home.names == ["file"])
        }
    }

    @Test func itsModeIsTheOneAskedForAndOtherwiseItsOwnersAlone() throws {
        let path = home.path(of: "file")
        try AtomicFile.write([1], to: path)
        #expect(try mode(of: path) == 0o600)
        for wanted: UInt32 in [0o644, 0o400, 0o755] {
            try AtomicFile.write([1], to: path, mode: wanted)
            #expect(try mode(of: path) == wanted)
        }
    }

    @Test func aKeyIsNeverReplaced() throws {
        let path = home.path(of: "key")
        try AtomicFile.write([1], to: path, existing: .keep)
        #expect(throws: FileError(.exists, .write, path)) { try AtomicFile.write([2], to: path, existing: .keep) }
        let other = try home.put([3], "other")
        #expect(throws: FileError(.exists, .write, path)) { try AtomicFile.copy(other, to: path) }
        #expect(throws: FileError(.exists, .write, path)) { try AtomicFile.move(other, to: path, existing: .keep) }
        #expect(try contents(of: path) == [1])
        #expect(try home.names == ["key", "other"])
    }

    @Test func whereNothingCanBeWrittenNothingIsLeft() throws {
        let missing = home.path(of: "none/file")
        #expect(throws: FileError(.missing, .write, missing)) { try AtomicFile.write([1], to: missing) }
        let isMade = unsafe mkdir(home.path(of: "taken"), 0o700) == 0
        try #require(isMade)
        #expect(throws: FileError.self) { try AtomicFile.write([1], to: home.path(of: "taken")) }
        #expect(try home.names == ["taken"])
    }

    /// Of a writer that lives, and of whatever is called otherwise, nothing is taken.
    @Test func whatTheKilledHaveLeftIsSweptAndNothingElse() throws {
        // Linux numbers no process so high (proc(5), pid_max).
        let killed = 1_999_999_999
        for name in ["a.new.\(killed).1", "b.new.\(killed).2", "a.new.\(getpid()).3", "a.new.x", "a.new", "notes"] {
            try home.put([1], name)
        }
        let living = "a.new.\(getpid()).3"
        AtomicFile.sweep(writersOf: home.path(of: "a"))
        #expect(try home.names == ["a.new", living, "a.new.x", "b.new.\(killed).2", "notes"].sorted())
        AtomicFile.sweep(home.path)
        #expect(try home.names == ["a.new", living, "a.new.x", "notes"].sorted())
        AtomicFile.sweep(home.path(of: "none"))
    }

    /// A second name of the same file shows what became of its bytes.
    @Test func whatIsErasedIsOverwrittenFirst() throws {
        let path = try home.put([UInt8](repeating: 0x5A, count: (1 << 20) + 17), "secret")
        let second = home.path(of: "second")
        let isLinked = unsafe link(path, second) == 0
        try #require(isLinked)
        try AtomicFile.erase(path)
        #expect(try home.names == ["second"])
        #expect(try contents(of: second) == [UInt8](repeating: 0, count: (1 << 20) + 17))
        #expect(throws: Never.self) { try AtomicFile.erase(path) }
    }

    @Test func shreddingFollowsNoLinkAndLeavesDirectories() throws {
        let kept = try home.put([1], "kept")
        let link = home.path(of: "link")
        let isLinked = unsafe symlink(kept, link) == 0
        try #require(isLinked)
        #expect(try AtomicFile.shred(link))
        #expect(try contents(of: kept) == [1])
        let isClosed = unsafe chmod(kept, 0o400) == 0
        try #require(isClosed)
        #expect(try AtomicFile.shred(kept))
        #expect(try home.names == [])
        #expect(try AtomicFile.shred(kept), "what is gone is gone")
        #expect(try !AtomicFile.shred(home.path))
    }
}
