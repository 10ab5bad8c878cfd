import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract:
            "Of a device without a TPM: makes its key and asks its factory for a birth, and takes the birth over.",
        discussion: """
            A device with a TPM is born by birthmark-factory provision, and needs nothing of this. The key is a file in the agent's \
            directory: whoever reads it is this device until both have spoken. Claims say which files tell one piece of hardware from \
            another; they are read anew for each request.

            Examples:
              birthmark-device enrol --claim mmc-cid=/sys/block/mmcblk0/device/cid --out SENSOR-0007.request.json
              birthmark-device enrol --accept SENSOR-0007.birth.json
            """
    )

    @Option(
        help: ArgumentHelp(
            "A claim about the hardware and the file that says it; repeat for several.",
            valueName: "name=file"
        )
    )
    var claim: [ClaimSource] = []
    @Option(help: ArgumentHelp("Where the request for the factory goes.", valueName: "file"))
    var out: String?
    @Option(help: ArgumentHelp("The birth that the factory has signed.", valueName: "file"))
    var accept: String?
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (out == nil) != (accept == nil), accept == nil || claim.isEmpty else {
            throw ValidationError("--out makes a key and a request, --accept takes the birth over that came of it")
        }
    }

    private struct Report: Encodable {
        var instance: InstanceID
        var request: String?
        var serial: Label?
    }

    func run() async throws {
        let directory = try StateDirectory(device.state)
        let lock = try directory.lock()
        if let out {
            let request = try directory.requestKey(claim, lock)
            try OutputFile.write(try CanonicalJSON.encode(request), to: out, mode: 0o644)
            let instance = InstanceID(firstKey: request.key)
            return try output.print(Report(instance: instance, request: out)) {
                lines([
                    ("instance", instance.text), ("request", out), ("next", "birthmark-factory enrol, at its station"),
                ])
            }
        }
        guard let accept else { return }
        let bytes = try InputFile.read(accept, limit: SignedEnvelope.maximumSize, what: "the birth")
        let record: CompensatedBirthRecord
        do {
            // Whose signature it is, its verifier judges; here it only says what the device was born with.
            record = try CompensatedBirthRecord(parsing: SignedEnvelope(parsing: bytes).payload.bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(accept) is no birth of a device without a TPM: \(error)",
                hint: "give the file that birthmark-factory enrol wrote"
            )
        }
        try directory.accept(record, lock)
        try output.print(Report(instance: record.instance, serial: record.serial)) {
            lines([("born", record.serial.text), ("instance", record.instance.text)])
        }
    }
}
