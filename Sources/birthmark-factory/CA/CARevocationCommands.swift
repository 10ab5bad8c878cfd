import ArgumentParser
import CommandLineContract
import Endorsement
import FactoryAuthority
import Messages
import Wording

struct CARevokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Takes a device's certificates back.",
        discussion: """
            The revocation list is signed anew with it.

            Example: birthmark-factory ca revoke ca --serial GW-0001 --reason key-compromise
            """
    )

    @OptionGroup var place: CADirectoryArgument
    @Option(help: "The serial number.")
    var serial: Label
    @Option(help: "key-compromise, superseded, cessation-of-operation or privilege-withdrawn.")
    var reason: RevocationReason
    @OptionGroup var list: RevocationListOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let authority = try FactoryAuthority(opening: place.authority, passphrase: list.passphrase.passphrase())
        try authority.revoke(serial, for: reason, at: UTCTime.now)
        try list.sign(authority, output)
    }
}

struct CARevocationListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl",
        abstract: "Signs the revocation list anew.",
        discussion: """
            A host that serves does so by itself, before the last one ends.

            Example: birthmark-factory ca crl ca --days 30
            """
    )

    @OptionGroup var place: CADirectoryArgument
    @OptionGroup var list: RevocationListOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        try list.sign(
            FactoryAuthority(opening: place.authority, passphrase: list.passphrase.passphrase()),
            output
        )
    }
}

struct RevocationListOptions: ParsableArguments {
    @Option(help: "Days that the list is good for; default: as many as the last one, 30 for the first.")
    var days: Int64?
    @OptionGroup var passphrase: PassphraseOption

    func validate() throws {
        if let days, !(1...3650).contains(days) { throw ValidationError("--days is 1 to 3650") }
    }

    func sign(_ authority: FactoryAuthority, _ output: OutputOptions) throws {
        let report = try authority.signRevocationList(at: UTCTime.now, days: days)
        try output.print(report) {
            """
            list \(report.number) with \(Counted.of(report.revoked, "certificate")) in \(report.file)
            good until \(UTCTime.text(report.nextUpdate))
            """
        }
    }
}
