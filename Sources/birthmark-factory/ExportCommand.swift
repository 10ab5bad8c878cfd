import ArgumentParser
import CommandLineContract
import FactoryLine
import Messages
import Wording

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Bundles signed births for a verifier.",
        discussion: """
            The event logs that they name go with them.

            Each bundle has the next number of the station's sequence, so that a verifier notices when one is lost. Without --serial or --bundle \
            it holds the births, and what was signed when devices were restored, that are in no bundle yet; when there are none it is the \
            latest bundle again. Interrupted, the same command \
            again gives the same bundle, unless another device was born meanwhile: then that one has a number of its own, and --bundle gives \
            the earlier one again.

            Example: birthmark-factory export line-1 --out births.json
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Option(help: ArgumentHelp("The bundle; standard output without it.", valueName: "file"))
    var out: String?
    @Option(parsing: .upToNextOption, help: "Only these births, with those of boards that were swapped.")
    var serial: [Label] = []
    @Option(help: ArgumentHelp("This bundle again, byte for byte.", valueName: "number"))
    var bundle: Int64?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard serial.isEmpty || bundle == nil else { throw ValidationError("--serial and --bundle exclude each other") }
    }

    private struct Report: Encodable {
        var bundle: Int64
        var again: Bool
        var births: Int
        var logs: Int
        var restorations: Int
        var left: Int
        var file: String
    }

    func run() throws {
        let station = try Station(opening: FactoryDirectory(directory), certifying: false)
        let selection = bundle.map { .bundle($0) } ?? (serial.isEmpty ? ExportSelection.new : .serials(serial))
        let export = try station.export(selection, now: UTCTime.now)
        let bytes = try CanonicalJSON.encode(export.bundle)
        guard let out else {
            guard StandardOutput.write(String(decoding: bytes, as: UTF8.self)) else {
                throw CommandFailure.outputFailed
            }
            return
        }
        try OutputFile.write(bytes, to: out, mode: 0o644)
        let report = Report(
            bundle: export.number,
            again: export.isRepeated,
            births: export.bundle.births.count,
            logs: export.bundle.logs.count,
            restorations: export.bundle.restorations?.count ?? 0,
            left: export.left,
            file: out
        )
        try output.print(report) {
            """
            bundle \(report.bundle) of \(station.name)\(report.again ? " again" : ""): \
            \(Counted.of(report.births, "birth")) and \(Counted.of(report.logs, "event log")) in \(report.file)
            """
                + (report.restorations > 0
                    ? "\n\(Counted.of(report.restorations, "restoration is", "restorations are")) with them" : "")
                + (report.left > 0
                    ? "\n\(Counted.of(report.left, "is", "are")) in no bundle yet: run birthmark-factory export again"
                    : "")
        }
    }
}
