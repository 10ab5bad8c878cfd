import ArgumentParser
import CommandLineContract
import FactoryLine
import Messages

struct ReworkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rework",
        abstract: "Retires the board of a serial number.",
        discussion: """
            Another can be born under it then.

            The first board's TPM is never born again under this name, and under another only by a birth that names what it was \
            (provision --follows); the key of a device without a TPM is never born again under it, and the device makes another. The next birth under the serial number says what it replaces, why and \
            by whom, and the verifier that imports it retires the first instance. Done twice with the same words it changes nothing.

            Example:
              birthmark-factory rework line-1 --serial GW-0001 \\
                  --reason 'TPM does not answer, ticket 12' --by bob
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Option(help: "The serial number.")
    var serial: Label
    @Option(help: ArgumentHelp("Why, in one line; it stands on the verifier's ledger.", valueName: "text"))
    var reason: String
    @Option(help: ArgumentHelp("Who swaps the board.", valueName: "name"))
    var by: Label
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var verdict: String
        var serial: String
        var instance: String
        var replacedBy: String?
        var reason: String
        var by: String
        var at: Int64
    }

    func validate() throws {
        guard Remark(reason) != nil else {
            throw ValidationError("--reason takes one line of 1 to \(Remark.maximumSize) bytes")
        }
    }

    func run() throws {
        guard let remark = Remark(reason) else { throw CommandFailure(.malformed, "--reason is not one line") }
        let station = try Station(opening: FactoryDirectory(directory), certifying: false)
        switch try station.rework(serial, reason: remark, by: by, now: UTCTime.now) {
        case .reworked(let rework):
            try print("reworked", rework, nil, "retired; \(next)")
        case .known(let rework, let replacedBy):
            let born = replacedBy.map {
                "was retired already, and \($0) was born since; to swap that board too, give another reason"
            }
            try print(
                "known",
                rework,
                replacedBy?.text,
                born ?? "was retired already; \(next)"
            )
        case .unknown:
            throw CommandFailure(
                .refused,
                "no board has the serial number \(serial) at station \(station.name)",
                hint:
                    "read the serial number again; a board that failed before its certificates were issued needs no rework",
                reasons: ["serial-unknown"]
            )
        }
    }

    private var next: String { "next: provision the new board as \(serial); enrol it when it has no TPM" }

    private func print(_ verdict: String, _ rework: Rework, _ replacedBy: String?, _ next: String) throws {
        let report = Report(
            verdict: verdict,
            serial: rework.serial.text,
            instance: rework.instance.text,
            replacedBy: replacedBy,
            reason: rework.reason.text,
            by: rework.by.text,
            at: rework.at
        )
        try output.print(report) { "instance \(report.instance) of \(report.serial) \(next)" }
    }
}
