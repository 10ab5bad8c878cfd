import Subprocess
import Testing

/// What a command was asked for is on its standard output, or the command has failed.
@Suite struct OutputTests {
    /// Runs a command with a standard output that takes nothing.
    /// - Parameter output: as a shell has it behind `>`: full(4) unless another is given.
    private func expectFailure(
        _ program: Program,
        _ arguments: [String],
        output: String = "/dev/full"
    ) async throws {
        let ended = try await Subprocess.run(
            .name("sh"),
            arguments: Arguments(["-c", "exec \"$0\" \"$@\" >\(output)", program.path] + arguments),
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 16)
        )
        #expect(ended.terminationStatus == .exited(3), "\(ended.standardError)")
        #expect(ended.standardError.contains("error: standard output cannot be written"))
        #expect(ended.standardError.contains("hint: check where it leads to"))
    }

    @Test(arguments: Program.allCases)
    func helpThatNobodyCanBeGivenIsAnError(_ program: Program) async throws {
        try await expectFailure(program, ["--help"])
    }

    @Test(arguments: [["controls"], ["controls", "--json"]])
    func aResultThatNobodyCanBeGivenIsAnError(_ command: [String]) async throws {
        try await expectFailure(.auditor, command)
    }

    /// The first file that a program opens gets the lowest number that is free: the agent's lock would take the result.
    @Test func aResultIsNotWrittenIntoTheFileThatHasTheNumberOfAClosedOutput() async throws {
        try await withDirectory { directory in
            let arguments = ["enrol", "--state", directory + "/agent", "--out", directory + "/request.json"]
            try await expectFailure(.device, arguments, output: "&-")
        }
    }
}
