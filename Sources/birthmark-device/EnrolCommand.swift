import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Without a TPM: makes its key, takes its birth over.",
        discussion: """
            A device without a TPM makes its key and asks its factory for a birth, and takes the birth over.

            A device with a TPM is born by birthmark-factory provision, and needs nothing of this. The key is a file in the agent's \
            directory: whoever reads it is this device until both have spoken. Claims say which files tell one piece of hardware from \
            another; they are read anew for each request.

            With --seal-command and --unseal-command the platform seals the file before it is written; both are remembered beside it. \
            They keep it from who has the disk without the sealing key, and from nobody who can run the unseal command. Given alone they \
            seal the identity that is here, or seal it anew.

            A key that a station has made (--injected) is known to the line until this device's first contact: that commits a key \
            which is made here. So let it be soon: birthmark-device attest. The file is taken whatever its mode is, also from a stick that \
            keeps none; whoever could read it there knows that key too. A stick that cannot be written to keeps it: destroy that copy.

            A device whose TPM does not serve any more makes such a key too, in the directory of its agent. Its verifier's operator lowers \
            its tier with the request; the file that comes of that is taken over like a birth, and speaks for the device until its time is \
            over, or --forget when the operator has ended it.

            Examples:
              birthmark-device enrol --claim mmc-cid=/sys/block/mmcblk0/device/cid \\
                  --out SENSOR-0007.request.json \\
                  --seal-command 'systemd-creds encrypt --name=birthmark - -' \\
                  --unseal-command 'systemd-creds decrypt --name=birthmark - -'
              birthmark-device enrol --accept SENSOR-0007.birth.json
              birthmark-device enrol --claim mmc-cid=/sys/block/mmcblk0/device/cid \\
                  --injected /media/stick/SENSOR-0007.identity.json
              birthmark-device enrol --out GW-0001.request.json
              birthmark-device enrol --accept GW-0001.lowered.json
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
    @Option(
        help: ArgumentHelp("The birth that the factory has signed, or a lowered tier's file.", valueName: "file")
    )
    var accept: String?
    @Option(
        help: ArgumentHelp("The identity that a station has made; removed once it is taken over.", valueName: "file")
    )
    var injected: String?
    @Flag(help: "Forgets the key of a lowered tier: the TPM speaks for the device again.")
    var forget = false
    @OptionGroup var sealing: SealingOptions
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let acts = [out, accept, injected].compactMap { $0 }.count + (forget ? 1 : 0)
        guard acts == 1 || (acts == 0 && sealing.sealing != nil) else {
            throw ValidationError(
                """
                --out makes a key and a request, --accept takes over what came of it, --injected takes a station's key over, --forget \
                ends a lowered tier here
                """
            )
        }
        guard claim.isEmpty || out != nil || injected != nil else {
            throw ValidationError("--claim belongs to --out or --injected")
        }
        guard !forget || sealing.sealing == nil else {
            throw ValidationError("--forget leaves no identity that could be sealed")
        }
    }

    private struct Report: Encodable {
        var instance: InstanceID
        var request: String?
        var serial: Label?
        /// Whether the file with a station's key is gone.
        var sourceRemoved: Bool?
        var isSealed: Bool
        var lowered: LoweredMark?
    }

    func run() async throws {
        let directory = try StateDirectory(device.state)
        let lock = try directory.lock()
        if forget {
            guard let instance = try directory.forgetLoweredIdentity(at: nil, lock) else { return }
            try print(Report(instance: instance, isSealed: false), next: "birthmark-device attest, with its TPM")
        } else if let out {
            try directory.forgetLoweredIdentity(at: UTCTime.now, lock)
            try await request(out, directory, lock)
        } else if let accept {
            try await take(accept, directory, lock)
        } else if let injected {
            try await takeOver(injected, directory, lock)
        } else if let sealing = sealing.sealing {
            try print(Report(instance: try await directory.seal(by: sealing, lock), isSealed: true))
        }
    }

    private func request(_ out: String, _ directory: StateDirectory, _ lock: borrowing AgentLock) async throws {
        let request = try await directory.requestKey(claim, sealedBy: sealing.sealing, lock)
        let isBorn = try directory.speaksWithoutTPM(at: UTCTime.now)
        try OutputFile.write(try CanonicalJSON.encode(request), to: out, mode: 0o644)
        try print(
            Report(instance: InstanceID(firstKey: request.key), request: out, isSealed: directory.isSealed),
            next: isBorn ? "birthmark-factory enrol, at its station" : "birthmark device lower-tier, by an operator"
        )
    }

    private func take(_ birth: String, _ directory: StateDirectory, _ lock: borrowing AgentLock) async throws {
        let bytes = try InputFile.read(birth, limit: SignedEnvelope.maximumSize, what: "the birth")
        if let file = try? LoweredTierFile(parsing: bytes) {
            try await directory.accept(file, sealedBy: sealing.sealing, lock)
            return try print(
                Report(
                    instance: file.instance,
                    serial: file.serial,
                    isSealed: directory.isSealed,
                    lowered: file.lowered
                ),
                next: "birthmark-device attest"
            )
        }
        let record: CompensatedBirthRecord
        do {
            // Whose signature it is, its verifier judges; here it only says what the device was born with.
            record = try CompensatedBirthRecord(parsing: SignedEnvelope(parsing: bytes).payload.bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(birth) is neither a birth of a device without a TPM nor a lowered tier: \(error)",
                hint: "give the file that birthmark-factory enrol or birthmark device lower-tier wrote"
            )
        }
        try await directory.accept(record, sealedBy: sealing.sealing, lock)
        try print(
            Report(instance: record.instance, serial: record.serial, isSealed: directory.isSealed),
            next: "birthmark-device attest --trust FILE, once its verifier has the birth"
        )
    }

    private func takeOver(_ file: String, _ directory: StateDirectory, _ lock: borrowing AgentLock) async throws {
        let key = try await directory.takeOver(file, claim, sealedBy: sealing.sealing, lock)
        try print(
            Report(
                instance: key.instance,
                serial: key.serial,
                sourceRemoved: key.isSourceGone,
                isSealed: directory.isSealed
            ),
            next: key.isSourceGone
                ? "birthmark-device attest: until then the line knows the key"
                : "remove \(file), which has the key still; then birthmark-device attest"
        )
    }

    private func print(_ report: Report, next: String? = nil) throws {
        try output.print(report) {
            lines([
                (report.lowered == nil ? "born" : "speaks for", report.serial?.text),
                ("until", report.lowered.map { "\(UTCTime.text($0.until)), without its TPM" }),
                ("instance", report.instance.text), ("request", report.request),
                ("identity", report.isSealed ? "sealed on the disk" : nil), ("next", next),
            ])
        }
    }
}
