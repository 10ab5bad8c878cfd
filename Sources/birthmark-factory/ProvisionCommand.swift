import ArgumentParser
import CommandLineContract
import FactoryAuthority
import FactoryLine
import FoundationEssentials
import Messages
import TPMDevice

struct ProvisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision",
        abstract: "Gives birth to one device with a TPM.",
        discussion: """
            A birth that was interrupted is finished. Done twice it changes nothing.

            Example:
              birthmark-factory provision line-1 --serial GW-0001 --model gw-100 \\
                  --hardware-revision B --environment production --profile p256.json \\
                  --package gateway-os --package-version 2.4.0 --security-version 7

            Killed at any moment, the same command again continues with the same keys.

            A TPM whose instance an operator has retired, and whose old keys birthmark-device retire has removed, is born again as another \
            instance, with other keys, under another serial number; the verifier's ledger says what followed what:
              birthmark-factory provision line-1 --serial GW-0002 … --follows 5e8f… \\
                  --follows-because 'refurbished' --by bob

            A TPM that was bought keeps its keys, and is the same instance under another CA and another verifier; what its former owner's \
            birth left in it is removed:
              birthmark-factory provision line-b --serial GW-0001 … --takes-over 5e8f… \\
                  --takes-over-because 'bought' --by bob
            """
    )

    @Argument(help: ArgumentHelp("The station's directory.", valueName: "dir"))
    var directory: String
    @Option(help: "The serial number: \(Label.rule).")
    var serial: Label
    @Option(help: "The model.")
    var model: Label
    @Option(name: .customLong("hardware-revision"), help: "The hardware revision.")
    var hardwareRevision: Label
    @Option(help: "Where it may run, for instance production or lab.")
    var environment: Label
    @Option(help: ArgumentHelp("The provisioning profile; examples are in Provisioning/profiles.", valueName: "file"))
    var profile: String
    @Option(help: "The package it leaves the line with.")
    var package: Label
    @Option(name: .customLong("package-version"), help: "That package's version.")
    var packageVersion: Label
    @Option(name: .customLong("security-version"), help: "That package's security version: the security floor.")
    var securityVersion: UInt64
    @Option(
        help:
            "tpm for an endorsed hardware TPM, vtpm for a virtual or software TPM, or one that only your allow list knows."
    )
    var tier: TPMTier = .tpm
    @Option(
        name: .customLong("security-floor"),
        help: "For a device that was born here and whose TPM was cleared: the floor that birthmark device show names."
    )
    var securityFloor: UInt64?
    @OptionGroup var past: PastOptions
    @Option(
        name: .customLong("event-log"),
        help: ArgumentHelp(
            "The firmware's event log. Default for a TPM of this machine: \(KernelLog.path), if it can be read.",
            valueName: "path"
        )
    )
    var eventLog: String?
    @OptionGroup var tpm: TPMOptions
    @OptionGroup var passphrase: PassphraseOption
    @OptionGroup var output: OutputOptions

    enum TPMTier: String, ExpressibleByArgument, CaseIterable {
        case tpm
        case vtpm

        var tier: Tier { self == .tpm ? .tpm : .vtpm }
    }

    private struct Report: Encodable {
        var verdict: String
        var instance: String
        var serial: String
        var model: String
        var bornAt: Int64
        var record: String
        var waivedAdvisories: [AdvisoryWaiver]?
        var restored: [String]?
        var restoration: String?
    }

    func run() async throws {
        let station = try Station(opening: FactoryDirectory(directory), passphrase: passphrase.passphrase())
        station.warnOfExpiry()
        let profile = try readProfile(profile)
        let log = try readLog()
        let order = BirthOrder(
            serial: serial,
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            tier: tier.tier,
            bornWith: BornWith(name: package, version: packageVersion, securityVersion: securityVersion),
            follows: past.formerLife,
            takesOver: try past.formerOwner()
        )
        let formerValues = try past.formerValues()
        let bar = ProgressBar("birth of \(serial)")
        let steps = UInt64(BirthStep.allCases.count)
        defer { bar.finish() }
        let outcome = try await withTPM(tcti: tpm.tcti) { tpm in
            try await station.provision(
                order,
                profile: profile,
                on: tpm,
                eventLog: log,
                now: UTCTime.now,
                securityFloor: securityFloor,
                formerValues: formerValues
            ) { step in
                bar.update(UInt64(BirthStep.allCases.firstIndex(of: step) ?? 0), of: steps)
            }
        }
        bar.finish()
        switch outcome {
        case .born(let record): try print("born", "born", record, station)
        case .alreadyBorn(let record):
            try print("already-born", "was born already, nothing changed", record, station)
        case .restored(let record, let parts):
            try print("restored", "restored the same identity", record, station, restored: parts)
        case .refused(let reasons):
            throw CommandFailure(
                .refused,
                "\(serial) is not born: \(reasons.map(\.description).joined(separator: "; "))",
                hint: reasons.first?.hint,
                reasons: reasons.map(\.code)
            )
        }
    }

    private func print(
        _ verdict: String,
        _ words: String,
        _ record: BirthRecord,
        _ station: Station,
        restored parts: [String]? = nil
    ) throws {
        let report = Report(
            verdict: verdict,
            instance: record.instance.text,
            serial: record.serial.text,
            model: record.model.text,
            bornAt: record.bornAt,
            record: station.birthFile(of: record.serial),
            waivedAdvisories: record.waivedAdvisories,
            restored: parts,
            restoration: parts == nil ? nil : try station.lastRestoration(of: record)
        )
        let waivers = (record.waivedAdvisories ?? []).map { "\nwaived   \($0.advisory): \($0.reason)" }.joined()
        var restored = (parts ?? []).map { "\nput back \($0)" }.joined()
        if let restoration = report.restoration { restored += "\ncounters \(restoration)" }
        if parts != nil { restored += "\nnext     birthmark device reinstate: a clear ends the lease" }
        try output.print(report) {
            """
            \(words): \(report.serial), \(report.model)
            instance \(report.instance)
            record   \(report.record)\(waivers)\(restored)
            """
        }
    }

    private func readLog() throws(CommandFailure) -> [UInt8]? {
        if let eventLog {
            return try InputFile.read(eventLog, limit: Evidence.maximumLogSize, what: "the event log")
        }
        // The kernel's log is that of this machine's own TPM, and of no other.
        guard let name = tpm.tcti ?? ProcessInfo.processInfo.environment["TPM2TOOLS_TCTI"] else {
            return try? kernelLog()
        }
        return name.hasPrefix("device") || name.hasPrefix("tabrmd") ? try? kernelLog() : nil
    }

    private func kernelLog() throws(CommandFailure) -> [UInt8] {
        try InputFile.read(KernelLog.path, limit: Evidence.maximumLogSize, what: "the event log")
    }
}

/// The event log of this machine's own boot.
enum KernelLog {
    static let path = "/sys/kernel/security/tpm0/binary_bios_measurements"
}
