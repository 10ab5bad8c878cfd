import ArgumentParser
import CommandLineContract
import DurableFiles
import Endorsement
import FactoryAuthority
import FactoryLine
import Messages

struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Makes a station: its CA, keys and directories.",
        discussion: """
            Keys that are there stay.

            Without --ca-host the station is its own CA, with keys in files: good for a bench. On a line give --ca-host, or \
            --issuing-key with a key in a token or TPM.

            A station's births count for a year, or for --days. Given for a station that is there, its time begins anew from today; then \
            the verifiers need the new birth-keys.json.

            Examples:
              birthmark-factory init line-1 --name line-1 \\
                  --advisories Provisioning/trust/tpm-advisories.json
              birthmark-factory init line-1 --name line-1 --ca-host stations/line-1
            """
    )

    @Argument(help: ArgumentHelp("The station's directory, made with mode 0700.", valueName: "dir"))
    var directory: String
    @Option(help: "The station's name, as birth records carry it: \(Label.rule).")
    var name: Label
    @Option(
        help: ArgumentHelp(
            "Have devices certified by a CA host: the directory that birthmark-factory ca station has made; given anew, it is taken over.",
            valueName: "dir"
        )
    )
    var caHost: String?
    @Option(
        help: ArgumentHelp(
            "A list of known-bad TPM firmware; it replaces the station's. Without one no firmware is refused.",
            valueName: "file"
        )
    )
    var advisories: String?
    @Option(
        name: .customLong("escrow-key"),
        help: ArgumentHelp(
            "The public key of the operator who can open escrows of authorization values; it replaces the station's.",
            valueName: "file"
        )
    )
    var escrowKey: String?
    @OptionGroup var keys: KeyLocationOptions
    @OptionGroup var passphrase: PassphraseOption
    @Option(
        help:
            "How many days from today its births count, 1 to \(Station.maximumDays); of a new station \(Station.defaultDays)."
    )
    var days: Int64?
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var station: String
        var made: Bool
        var birthKeys: String
        var factoryRoots: String
        var ekRoots: String
        var until: Int64
        var advisories: String?
    }

    func validate() throws {
        guard days.map({ (1...Station.maximumDays).contains($0) }) ?? true else {
            throw ValidationError("--days takes 1 to \(Station.maximumDays)")
        }
        guard caHost == nil || (keys.rootKey == .file && keys.issuingKey == .file) else {
            throw ValidationError("a station with --ca-host has no CA keys of its own")
        }
    }

    func run() throws {
        let list = try advisories.map(Self.list)
        let key = try escrowKey.map { try EscrowKeyFile.publicKey($0) }
        let (station, made) = try Station.make(
            in: FactoryDirectory(directory),
            name: name,
            at: UTCTime.now,
            days: days,
            certifiedBy: caHost.map { .distant($0) }
                ?? .own(rootKey: keys.rootKey, issuingKey: keys.issuingKey),
            passphrase: passphrase.passphrase()
        )
        if let list { try station.keep(advisories: list) }
        if let key { try station.keep(escrowKey: key) }
        let kept = try TPMAdvisories.read(station.directory.advisories)
        let report = Report(
            station: station.name.text,
            made: made,
            birthKeys: station.directory.birthKeys,
            factoryRoots: station.directory.factoryRoots,
            ekRoots: station.directory.ekRoots,
            until: station.listed.until,
            advisories: kept.map { _ in station.directory.advisories }
        )
        let next = try self.next(of: station)
        try output.print(report) {
            """
            \(made ? "made" : "found") the station \(report.station) in \(directory)
            for verifiers: \(report.birthKeys) and \(report.factoryRoots); its births count until \(UTCTime.text(report.until))
            next: \(next)
            """ + (kept == nil ? "\nnext: run it again with --advisories; until then no TPM firmware is judged" : "")
        }
    }

    private static func list(_ path: String) throws -> TPMAdvisories {
        guard let list = try TPMAdvisories.read(path) else {
            throw CommandFailure(
                .malformed,
                "\(path) is not there",
                hint: "the project's own is Provisioning/trust/tpm-advisories.json"
            )
        }
        return list
    }
}

extension InitCommand {
    /// What is left to do; a station that was there may have all that it needs, and asks a CA host without being told again.
    private func next(of station: Station) throws -> String {
        if station.asksHost { return "birthmark-factory provision, or line: the CA host judges the TPMs" }
        let roots = station.directory.ekRoots
        return try DirectoryEntries.names(in: roots).isEmpty
            ? "put the CA certificates of your TPM vendors into \(roots)" : "birthmark-factory provision, or line"
    }
}
