import DurableFiles
import Glibc
import TemporaryDirectories
import Testing

/// Directories of keys, and who is in one.
@Suite struct PrivateDirectoryTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    @Test func oneIsMadeForItsOwnerAlone() throws {
        let path = home.path(of: "keys")
        try PrivateDirectory.make(path)
        #expect(try mode(of: path) == 0o700)
        #expect(throws: Never.self) { try PrivateDirectory.make(path) }
    }

    @Test func oneThatOthersMayLookIntoIsRefused() throws {
        let path = home.path(of: "keys")
        try PrivateDirectory.make(path)
        for open: mode_t in [0o710, 0o701, 0o750, 0o705, 0o720, 0o702] {
            let isOpen = unsafe chmod(path, open) == 0
            try #require(isOpen)
            #expect(throws: FileError(.exposed, .write, path)) { try PrivateDirectory.make(path) }
            #expect(throws: FileError(.exposed, .write, path)) { try PrivateDirectory.check(path) }
            #expect(try mode(of: path) == open, "it is its owner's to close")
        }
    }

    @Test func aFileOrALinkIsNone() throws {
        let file = try home.put([1], "file")
        let link = home.path(of: "link")
        let isLinked = unsafe symlink(home.path, link) == 0
        try #require(isLinked)
        for path in [file, link] {
            #expect(throws: FileError(.isNoDirectory, .write, path)) { try PrivateDirectory.make(path) }
        }
    }

    private func isFree(_ path: String) throws -> Bool {
        guard let lock = try FileLock.trying(path) else { return false }
        lock.release()
        return true
    }

    @Test func aLockEndsWithItsHolder() throws {
        let path = home.path(of: "lock")
        #expect(try isFree(path))
        do {
            let held = try FileLock.waiting(for: path)
            defer { held.release() }
            #expect(try !isFree(path))
            #expect(try !isFree(path), "asking takes nothing away")
        }
        #expect(try isFree(path))
        #expect(try home.names == ["lock"], "the name stays")
    }
}
