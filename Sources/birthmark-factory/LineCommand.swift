import ArgumentParser
import CommandLineContract
import DurableFiles
import FactoryLine
import Messages

struct LineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "line",
        abstract: "Gives birth to many devices, from an order list.",
        discussion: """
            Run again it goes on where it was stopped.

            The order list is a table in CSV, with names in its first line, or JSON:
              serial,tcti,eventLog
              GW-0001,swtpm:path=a/sock,a/boot.log
            or
              {"formatVersion":1,"devices":[
                {"serial":"GW-0001","tcti":"swtpm:path=a/sock","eventLog":"a/boot.log"}]}

            Further names are model, hardwareRevision, environment, tier, package, packageVersion, securityVersion, profile. \
            What is the same for all devices is said by the options, or under "defaults" in JSON. Paths begin where the command runs.

            Example:
              birthmark-factory line line-1 batch-7.csv --model gw-100 \\
                  --hardware-revision B --environment production --profile p256.json \\
                  --package gateway-os --package-version 2.4.0 --security-version 7 \\
                  --workers 8 --html batch-7.html

            A hot station births whatever is put in next: with --watch the order list says no TPMs, and --slots, or "slots" in \
            JSON, says where boards come. Each board is born as the next device that has no birth yet, or as the next one whose \
            "slot" this is; then it may be taken out. With slots.csv
              slot,tcti
              left,device:/dev/tpmrm0
            it is
              birthmark-factory line line-1 batch-7.csv --watch --slots slots.csv \\
                  --model gw-100 …

            A device that fails stops no other. What happens is told on standard error: as a bar to people, as a line of JSON \
            for each device to programs. Interrupted, it finishes the births under way; killed, it loses none.

            Exit status: 0 every device is born, 1 some were refused, 2 the order list is not understood, 3 a TPM or the environment failed.
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Argument(help: ArgumentHelp("The order list, the devices to make: CSV or JSON.", valueName: "order-list"))
    var orderList: String
    @Option(
        help: ArgumentHelp(
            "Devices worked on at once, 1 to \(Line.maximumWorkers). Default: 8; with --watch, as many as slots.",
            valueName: "n"
        )
    )
    var workers: Int?
    @Flag(help: "Make devices of the boards that are put into the station's slots, until all are made.")
    var watch = false
    @Option(help: ArgumentHelp("The station's slots: CSV or JSON with slot, tcti and eventLog.", valueName: "file"))
    var slots: String?
    @Flag(help: "Look again at the TPMs of devices that were born before.")
    var recheck = false
    @Option(help: ArgumentHelp("Write the report as a page.", valueName: "file"))
    var html: String?
    @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
    var report: String?
    @OptionGroup(title: "What all devices are") var shared: SharedOptions
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var output: OutputOptions

    struct SharedOptions: ParsableArguments {
        @Option(help: "The model.")
        var model: Label?
        @Option(help: "The hardware revision.")
        var hardwareRevision: Label?
        @Option(help: "Where they may run, for instance production or lab.")
        var environment: Label?
        @Option(help: "tpm for endorsed hardware TPMs, vtpm for endorsed virtual or software TPMs.")
        var tier: ProvisionCommand.TPMTier?
        @Option(
            help: ArgumentHelp("The provisioning profile; examples are in Provisioning/profiles.", valueName: "file")
        )
        var profile: String?
        @Option(help: "The package they leave the line with.")
        var package: Label?
        @Option(help: "That package's version.")
        var packageVersion: Label?
        @Option(help: "That package's security version: the security floor.")
        var securityVersion: UInt64?

        var entry: LineEntry {
            var entry = LineEntry()
            entry.model = model
            entry.hardwareRevision = hardwareRevision
            entry.environment = environment
            entry.tier = tier?.tier
            entry.profile = profile
            entry.package = package
            entry.packageVersion = packageVersion
            entry.securityVersion = securityVersion
            return entry
        }
    }

    func validate() throws {
        guard (1...Line.maximumWorkers).contains(workers ?? 1) else {
            throw ValidationError("--workers takes 1 to \(Line.maximumWorkers)")
        }
        guard !watch || workers == nil && !recheck else {
            throw ValidationError("--watch goes by slots: it takes neither --workers nor --recheck")
        }
    }

    func run() async throws {
        let station = try Station(opening: FactoryDirectory(directory), passphrase: passphrase.passphrase())
        station.warnOfExpiry()
        let result = watch ? try await watch(at: station) : try await makeAll(at: station)
        // One that cannot be written takes the others with it, the page last: it says what they say.
        if let report { try AtomicFile.write(try EditedJSON.encode(result), to: report, mode: 0o644) }
        try output.print(result) { text(result) }
        if let html {
            try AtomicFile.write(Array(LinePage(result, time: UTCTime.text).html.utf8), to: html, mode: 0o644)
        }
        guard result.isComplete else {
            throw (result.count(.refused) > 0 ? ExitStatus.refused : ExitStatus.environment).code
        }
    }

    private func makeAll(at station: Station) async throws -> LineReport {
        let slots = try readSlots()
        let list = try readOrderList { bytes in
            try OrderList(parsing: bytes, defaults: shared.entry, slots: slots)
        }
        var profiles: [String: ProvisioningProfile] = [:]
        for path in Set(list.devices.map(\.profile)) { profiles[path] = try readProfile(path) }
        let progress = LineProgress(of: list.devices.count)
        Interrupt.listen()
        defer { progress.finish() }
        return await Line(station, workers: workers ?? 8, isRecheck: recheck).run(
            list,
            profiles: profiles,
            logs: { try InputFile.read($0, limit: Evidence.maximumLogSize, what: "the event log") },
            now: { UTCTime.now },
            isStopped: { Interrupt.wasAsked },
            tell: { progress.tell($0) }
        )
    }

    private func watch(at station: Station) async throws -> LineReport {
        let slots = try readSlots()
        let line = try readOrderList { bytes in
            try HotLine(
                station,
                list: bytes,
                defaults: shared.entry,
                slots: slots,
                passphraseFile: passphrase.passphraseFile,
                profiles: readProfile
            )
        }
        let progress = SlotProgress(line.slotNames, of: line.count)
        Interrupt.listen()
        defer { progress.finish() }
        return try await line.run(
            logs: { try InputFile.read($0, limit: Evidence.maximumLogSize, what: "the event log") },
            now: { UTCTime.now },
            isStopped: { Interrupt.wasAsked },
            tell: { progress.tell($0, $1, born: $2) }
        )
    }

    private func readSlots() throws -> [LineSlot] {
        guard let slots else { return [] }
        let bytes = try InputFile.read(slots, limit: LineSlot.maximumSize, what: "the slots")
        do {
            return try LineSlot.slots(parsing: bytes)
        } catch {
            throw CommandFailure(.malformed, "\(slots): \(error.detail)", hint: "--help shows a file of slots")
        }
    }

    private func readOrderList<Content>(_ read: ([UInt8]) throws -> Content) throws -> Content {
        let bytes = try InputFile.read(orderList, limit: OrderList.maximumSize, what: "the order list")
        do {
            return try read(bytes)
        } catch let error as MessageError {
            throw CommandFailure(
                .malformed,
                "\(orderList): \(error.detail)",
                hint: "what is the same for all devices can be said by options; --help shows an order list"
            )
        }
    }

    private func text(_ report: LineReport) -> String {
        var lines = [
            "born         \(report.count(.born))", "born before  \(report.count(.bornBefore))",
            "refused      \(report.count(.refused))", "failed       \(report.count(.failed))",
        ]
        if report.notBegun > 0 { lines.append("not begun    \(report.notBegun): run the same command again") }
        lines.append("yield        \(LinePage.rounded(report.yield * 100)) %")
        lines.append("births/min   \(LinePage.rounded(report.birthsPerMinute))")
        for (cause, devices) in report.failures {
            lines.append("\(cause): \(devices.count)")
            for device in devices.prefix(10) { lines.append("  \(device.serial)  \(device.detail ?? "")") }
            if devices.count > 10 { lines.append("  and \(devices.count - 10) more") }
            if let hint = devices.first?.hint { lines.append("  \(hint)") }
        }
        return lines.joined(separator: "\n")
    }
}
