import ArgumentParser
import CommandLineContract
import Crypto
import DurableFiles
import FactoryLine
import Messages

struct EscrowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "escrow",
        abstract: "Authorization values in escrow, for the operator.",
        discussion: """
            A profile says which values are put in escrow.

            Example:
              birthmark-factory escrow keygen escrow.key --public escrow-key.pem
              birthmark-factory init line-1 --name line-1 --escrow-key escrow-key.pem
              birthmark-factory escrow open line-1/escrows/GW-0001.json --key escrow.key \\
                  --out GW-0001.auth

            The private key stays with its operator, off the line: a station encrypts and cannot decrypt.
            """,
        subcommands: [EscrowKeygen.self, EscrowOpen.self]
    )
}

struct EscrowKeygen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes an operator's key for escrows.",
        discussion: "Example: birthmark-factory escrow keygen escrow.key --public escrow-key.pem"
    )

    @Argument(help: ArgumentHelp("Where the private key goes: PEM, mode 0600, never overwritten.", valueName: "file"))
    var path: String
    @Option(name: .customLong("public"), help: ArgumentHelp("Where its public half goes, in PEM.", valueName: "file"))
    var publicPath: String
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var key: String
        var publicKey: String
        var id: String
    }

    func run() throws {
        let key = P256.KeyAgreement.PrivateKey()
        do throws(FileError) {
            try AtomicFile.write(Array((key.pemRepresentation + "\n").utf8), to: path, existing: .keep)
        } catch { throw CommandFailure(error) }
        try OutputFile.write(Array((key.publicKey.pemRepresentation + "\n").utf8), to: publicPath, mode: 0o644)
        let report = Report(key: path, publicKey: publicPath, id: "\(Escrow.identifier(of: key.publicKey))")
        try output.print(report) {
            """
            made \(path), key id \(report.id)
            next: birthmark-factory init DIR --name NAME --escrow-key \(publicPath); keep \(path) off the line
            """
        }
    }
}

struct EscrowOpen: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Reads one device's authorization values.",
        discussion: """
            They come out of its escrow.

            Example:
              birthmark-factory escrow open line-1/escrows/GW-0001.json --key escrow.key \\
                  --out GW-0001.auth

            The values are written to a file with mode 0600, in hexadecimal: what tpm2-tools take as hex:….
            """
    )

    @Argument(help: ArgumentHelp("The escrow.", valueName: "file"))
    var path: String
    @Option(help: ArgumentHelp("The operator's private key, in PEM.", valueName: "file"))
    var key: String
    @Option(help: ArgumentHelp("Where the values go: mode 0600, never overwritten.", valueName: "file"))
    var out: String
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var serial: String
        var instance: String
        var station: String
        var file: String
    }

    func run() throws {
        let bytes = try InputFile.read(path, limit: Escrow.maximumSize, what: "the escrow")
        let escrow = try Escrow(parsing: bytes)
        let values = try escrow.open(with: EscrowKeyFile.privateKey(key))
        let text = try EditedJSON.encode(values)
        do throws(FileError) {
            try AtomicFile.write(text, to: out, existing: .keep)
        } catch { throw CommandFailure(error) }
        let report = Report(
            serial: escrow.serial.text,
            instance: escrow.instance.text,
            station: escrow.station.text,
            file: out
        )
        try output.print(report) { "\(values) of \(report.serial), instance \(report.instance), in \(out)" }
    }
}
