import DurableFiles
import FoundationEssentials
import Glibc
import Testing

@testable import DeviceAgent

/// What is in a directory, and what is said when nobody can see that.
@Suite struct DirectoryTests {
    /// Nobody who gave a file where a directory is meant is told to give a file.
    @Test func aFileInADirectorysPlaceIsSaidToBeOne() async throws {
        try await withDirectory { directory in
            let path = directory + "/a"
            try write([1], to: path)
            let error = FileError(.isNoDirectory, .write, path)
            #expect(throws: error) { try PrivateDirectory.make(path) }
            #expect(throws: error) { try PrivateDirectory.check(path) }
            #expect(error.hint == "give the path of a directory")
        }
    }

    /// The kernel's words for it depend on how it is spelt, and none of them help who wrote `--out .`.
    @Test func aDirectoryInAFilesPlaceIsSaidToBeOne() async throws {
        try await withDirectory { directory in
            for path in [directory, directory + "/", directory + "/."] {
                #expect(throws: FileError(.isDirectory, .write, path)) { try AtomicFile.write([1], to: path) }
            }
            let left = try DirectoryEntries.names(in: directory)
            #expect(left.isEmpty)
        }
    }

    /// An honest device is not suspended for a path that somebody has mistaken, or for firmware that keeps no log.
    @Test func anEmptyLogIsNone() async throws {
        try await withDirectory { directory in
            let path = directory + "/log"
            try write([], to: path)
            #expect(throws: AgentError.self) { try EventLogFile(path: path, isNamed: true).read() }
            #expect(try EventLogFile(path: path, isNamed: false).read() == nil)
        }
    }

    /// A key on a disk that is not mounted: with another in its place the device would pass for a reimaged one.
    @Test func aLinkThatLeadsNowhereIsNoKeyThatWasNeverMade() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            let isLinked = unsafe symlink(directory + "/not-mounted", state.installationKeyPath) == 0
            try #require(isLinked)
            let error = #expect(throws: AgentError.self) { try state.installationKey() }
            #expect(error?.kind == .environment)
            #expect(error?.hint?.contains("not mounted") == true)
        }
    }

    /// An agent runs for years: it waits for no path that somebody has mistaken.
    @Test(.timeLimit(.minutes(5))) func aPipeIsNotWaitedForWhereAFileIsReadAgainAndAgain() async throws {
        try await withDirectory { directory in
            let path = directory + "/log"
            let isMade = unsafe mkfifo(path, 0o600) == 0
            try #require(isMade)
            #expect(throws: FileError(.pipe, .read, path)) { try BoundedFile.readKept(path, from: 1, limit: 10) }
            #expect(throws: AgentError.self) { try EventLogFile(path: path, isNamed: true).read() }
            #expect(throws: AgentError.self) { try BootID(path: path).current }
            try write([1, 2, 3], to: directory + "/list")
            #expect(try BoundedFile.readKept(directory + "/list", from: 1, limit: 2) == [2, 3])
            #expect(try BoundedFile.readKept(directory + "/list", from: 9, limit: 2) == [])
        }
    }

    /// What was not found because nobody could look is not gone.
    @Test func aRetirementIsNotDoneWithWhatItCannotSee() async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            try state.write([1], to: state.path + "/identity.json")
            #expect(try state.remains() == ["identity.json"])
            try FileManager.default.removeItem(atPath: state.spoolPath)
            try write([1], to: state.spoolPath)
            #expect(throws: AgentError.self) { try state.remains() }
        }
    }
}
