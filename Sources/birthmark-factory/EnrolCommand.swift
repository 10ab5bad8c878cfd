import ArgumentParser
import CommandLineContract
import Crypto
import FactoryLine
import Messages

struct EnrolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Gives birth to one device without a TPM. Done twice it changes nothing.",
        discussion: """
            The key comes in a request that the device has made (birthmark-device enrol --out). Nothing can be proven of such a device: the \
            station's word is that this key belongs to the one in front of it. A verifier serves it by rules with "controls" only.

            Example:
              birthmark-factory enrol line-1 SENSOR-0007.request.json --serial SENSOR-0007 --model sn-10 --hardware-revision A \\
                  --environment production --product sensor --package sensor-os --package-version 1.7.0 --security-version 3 \\
                  --require-claim mmc-cid --out SENSOR-0007.birth.json
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Argument(help: ArgumentHelp("The device's request.", valueName: "file"))
    var request: String
    @Option(help: "The serial number.")
    var serial: Label
    @Option(help: "The model.")
    var model: Label
    @Option(name: .customLong("hardware-revision"), help: "The hardware revision.")
    var hardwareRevision: Label
    @Option(help: "Where it may run, for instance production or lab.")
    var environment: Label
    @Option(help: "What the product is called, as the birth record says it.")
    var product: Label
    @Option(help: "The package it leaves the line with.")
    var package: Label
    @Option(name: .customLong("package-version"), help: "That package's version.")
    var packageVersion: Label
    @Option(name: .customLong("security-version"), help: "That package's security version: the rollback floor.")
    var securityVersion: UInt64
    @Option(help: ArgumentHelp("A claim that the device must make; repeat for several.", valueName: "name"))
    var requireClaim: [Label] = []
    @Option(help: ArgumentHelp("Where the signed birth goes, for the device.", valueName: "file"))
    var out: String?
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var verdict: String
        var instance: InstanceID
        var serial: Label
        var bornAt: Int64
        var record: String
    }

    func run() async throws {
        let station = try Station(
            opening: FactoryDirectory(directory),
            passphrase: passphrase.passphrase(),
            certifying: false
        )
        let bytes = try InputFile.read(request, limit: KeyRequest.maximumSize, what: "the key request")
        let asked: KeyRequest
        do {
            asked = try KeyRequest(parsing: bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(request) is no key request: \(error.detail)",
                hint: "give the file that birthmark-device enrol --out wrote"
            )
        }
        let order = CompensatedOrder(
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            profile: product,
            bornWith: BornWith(name: package, version: packageVersion, securityVersion: securityVersion),
            requiredClaims: requireClaim
        )
        switch try station.enrol(order, asked, origin: .device, now: UTCTime.now) {
        case .born(let record): try report("born", record, station)
        case .alreadyBorn(let record): try report("already-born", record, station)
        case .serialTaken:
            throw refusal(
                "another device has the serial number",
                "serial-taken",
                "read the label again; a board is swapped by rework"
            )
        case .orderDiffers(let parts):
            throw refusal(
                "it was born otherwise: \(parts.joined(separator: ", "))",
                "order-differs",
                "give the same order as then, or another serial number"
            )
        case .claimsMissing(let names):
            throw refusal(
                "the device does not say \(names.map(\.text).joined(separator: ", "))",
                "claims-missing",
                "run birthmark-device enrol on it with --claim for each"
            )
        }
    }

    private func refusal(_ why: String, _ code: String, _ hint: String) -> CommandFailure {
        CommandFailure(.refused, "\(serial) is not born: \(why)", hint: hint, reasons: [code])
    }

    private func report(_ verdict: String, _ record: CompensatedBirthRecord, _ station: Station) throws {
        let file = station.birthFile(of: serial)
        if let out {
            let bytes = try InputFile.read(file, limit: SignedEnvelope.maximumSize, what: "the signed birth")
            try OutputFile.write(bytes, to: out, mode: 0o644)
        }
        let report = Report(
            verdict: verdict,
            instance: record.instance,
            serial: record.serial,
            bornAt: record.bornAt,
            record: file
        )
        try output.print(report) {
            """
            \(record.serial) \(verdict == "born" ? "is born, without a TPM" : "was born already, nothing changed")
            instance \(record.instance), first key \(record.key.thumbprint)
            \(out.map { "for the device: \($0)" } ?? "signed birth: \(file)")
            """
        }
    }
}
