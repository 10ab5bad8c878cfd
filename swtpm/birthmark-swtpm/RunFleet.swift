import ArgumentParser
import CommandLineContract
import FoundationEssentials
import SoftwareDevice
import Synchronization

struct RunFleet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a command for every device of a fleet.",
        discussion: """
            Several run at once, and the report is as JUnit's.

            The command finds its device in TPM2TOOLS_TCTI, BIRTHMARK_SERIAL, BIRTHMARK_DEVICE (the directory) and, when the \
            device has booted, BIRTHMARK_EVENT_LOG. Devices without power have it meanwhile.

            Example:
              birthmark-swtpm fleet run /tmp/f --junit report.xml -- sh -c \\
                  'tpm2_pcrread sha256:0,7 && ./my-test'

            Exit status: 0 all ended with 0, 1 some did not, 2 there is no such fleet or program.
            """
    )
    @Argument(help: ArgumentHelp("The fleet's directory.", valueName: "dir"), completion: .directory)
    var directory: String
    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("After --: the program and its arguments.", valueName: "command")
    )
    var command: [String]
    @Option(help: ArgumentHelp("Write a report in the XML of JUnit.", valueName: "file"))
    var junit: String?
    @Option(help: ArgumentHelp("What the suite is called there. Default: the fleet's name.", valueName: "text"))
    var suite: String?
    @Option(help: ArgumentHelp("How many run at once. Default: as many as processors.", valueName: "n"))
    var jobs: Int?
    @Option(help: ArgumentHelp("How long each may take.", valueName: "seconds"))
    var timeout: Int64 = 300
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        struct Device: Encodable {
            var serial: String
            var passed: Bool
            var trouble: String?
            var milliseconds: Int64
        }
        var passed: Int
        var failed: Int
        var devices: [Device]
    }

    func validate() throws {
        guard (1...1_000).contains(jobs ?? 1) else { throw ValidationError("--jobs takes 1 to 1000") }
        guard (1...86_400).contains(timeout) else { throw ValidationError("--timeout takes 1 to 86400") }
        guard !command.isEmpty else { throw ValidationError("a command is missing: it stands after --") }
    }

    func run() async throws {
        let fleet = DeviceFleet(directory)
        let jobs = jobs ?? ProcessInfo.processInfo.activeProcessorCount
        let command = try await FleetRun(command, jobs: jobs, seconds: timeout)
        let (began, start) = (UTCTime.text(UTCTime.now), ContinuousClock.now)
        let total = UInt64(try fleet.members().count)
        let bar = ProgressBar("devices")
        let done = Atomic<UInt64>(0)
        let results = try await command.run(on: fleet) { _ in
            bar.update(done.add(1, ordering: .relaxed).newValue, of: total)
        }
        bar.finish()
        if let junit {
            let report = JUnitReport(
                name: suite ?? URL(filePath: fleet.path).lastPathComponent,
                began: began,
                time: ContinuousClock.now - start,
                results: results
            )
            try OutputFile.write(Array(report.xml.utf8), to: junit, mode: 0o644)
        }
        let report = Report(
            passed: results.count { $0.ending == .passed },
            failed: results.count { $0.ending != .passed },
            devices: results.map { result in
                Report.Device(
                    serial: result.serial,
                    passed: result.ending == .passed,
                    trouble: result.ending.trouble,
                    milliseconds: Int64(result.time / .milliseconds(1))
                )
            }
        )
        try output.print(report) { text(report) }
        if report.failed > 0 { throw ExitStatus.refused.code }
    }

    private func text(_ report: Report) -> String {
        let lines = report.devices.compactMap { device in device.trouble.map { "\(device.serial)  \($0)" } }
        return (lines + ["\(report.passed) passed, \(report.failed) failed"]).joined(separator: "\n")
    }
}
