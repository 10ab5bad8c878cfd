import DurableFiles
import Glibc
import TemporaryDirectories
import Testing

/// Nothing is read beyond a bound, whatever a file system says of sizes; and what cannot be looked at is not taken for nothing.
@Suite struct BoundedFileTests {
    let home: TemporaryDirectory

    init() throws { home = try TemporaryDirectory() }

    @Test(arguments: [0, 1, 65_536, 65_537, 200_000]) func theLimitIsTheLastByteThatIsTaken(size: Int) throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
        let path = try home.put(bytes, "file")
        #expect(try BoundedFile.read(path, limit: size) == bytes)
        #expect(try BoundedFile.readKept(path, limit: size) == bytes)
        for less in [0, size - 1] where less >= 0 && less < size {
            #expect(throws: FileError(.tooLarge(limit: less), .read, path)) { try BoundedFile.read(path, limit: less) }
            #expect(throws: FileError(.tooLarge(limit: less), .read, path)) {
                try BoundedFile.readKept(path, limit: less)
            }
        }
    }

    @Test func aSizeOfNothingIsNotBelieved() throws {
        #expect(throws: FileError(.tooLarge(limit: 1000), .read, "/dev/zero")) {
            try BoundedFile.read("/dev/zero", limit: 1000)
        }
        #expect(try !BoundedFile.read("/proc/self/status", limit: 1 << 16).isEmpty)
    }

    @Test func whatIsThereAndUnreadableIsNotAbsent() throws {
        let path = home.path(of: "file")
        #expect(try BoundedFile.readIfThere(path, limit: 1) == nil)
        try home.put([1], "file")
        #expect(try BoundedFile.readIfThere(path, limit: 1) == [1])
        #expect(throws: FileError(.tooLarge(limit: 0), .read, path)) { try BoundedFile.readIfThere(path, limit: 0) }
        #expect(throws: FileError(.isDirectory, .read, home.path)) { try BoundedFile.readIfThere(home.path, limit: 1) }
        let isOpen = unsafe chmod(path, 0o640) == 0
        try #require(isOpen)
        #expect(throws: FileError(.exposed, .read, path)) { try BoundedFile.readPrivateIfThere(path, limit: 1) }
        #expect(throws: FileError(.exposed, .read, path)) { try BoundedFile.readGivenPrivate(path, limit: 1) }
        let isClosed = unsafe chmod(path, 0o600) == 0
        try #require(isClosed)
        #expect(try BoundedFile.readPrivateIfThere(path, limit: 1) == [1])
        #expect(try BoundedFile.readGivenPrivate(path, limit: 1) == [1])
    }

    @Test func presenceIsSaidOnlyWhereSomebodyLooked() throws {
        let path = try home.put([1], "file")
        #expect(try FilePresence.isThere(path))
        #expect(try !FilePresence.isThere(home.path(of: "none")))
        let link = home.path(of: "link")
        let isLinked = unsafe symlink(home.path(of: "none"), link) == 0
        try #require(isLinked)
        #expect(throws: FileError(.dangling, .read, link)) { try FilePresence.isThere(link) }
        #expect(throws: FileError(.dangling, .read, link)) { try BoundedFile.readIfThere(link, limit: 1) }
        #expect(throws: FileError(.dangling, .read, link)) { try BoundedFile.readPrivateIfThere(link, limit: 1) }
        #expect(try BoundedFile.readIfThere(home.path(of: "none"), limit: 1) == nil)
        let beyond = path + "/beyond"
        #expect(throws: FileError(.notDirectory, .read, beyond)) { try FilePresence.isThere(beyond) }
    }

    @Test func whatCannotBeLookedThroughIsNotEmpty() throws {
        let path = try home.put([1], "a")
        #expect(try DirectoryEntries.names(in: home.path) == ["a"])
        #expect(try DirectoryEntries.names(in: home.path(of: "none")) == [])
        #expect(throws: FileError(.notDirectory, .read, path)) { try DirectoryEntries.names(in: path) }
    }
}
