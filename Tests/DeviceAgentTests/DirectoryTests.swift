import DurableFiles
import FoundationEssentials
import Testing

@testable import DeviceAgent

/// What is in a directory, and what is said when nobody can see that.
@Suite struct DirectoryTests {
    @Test func whatCannotBeLookedThroughIsNotEmpty() async throws {
        try await withDirectory { directory in
            try write([1], to: directory + "/a")
            #expect(try DirectoryEntries.names(in: directory) == ["a"])
            #expect(try DirectoryEntries.names(in: directory + "/none") == [])
            #expect(throws: FileError(.notDirectory, .read, directory + "/a")) {
                try DirectoryEntries.names(in: directory + "/a")
            }
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
