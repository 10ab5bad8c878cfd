public import ArgumentParser
import CommandLineContract
public import SoftwareDevice
import TPMWire

struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a device: a fresh TPM whose endorsement keys a local authority certifies.",
        discussion: """
            Example:
              birthmark-swtpm make /tmp/d1 --ca /tmp/ca
              birthmark-swtpm make /tmp/d2 --ca /tmp/ca --endorsement-key p384 --bank sha256 sha384

            The authority is made on first use. Its root certificate, /tmp/ca/root.pem, is what a factory trusts.
            """
    )
    @OptionGroup var target: DeviceArgument
    @Option(help: ArgumentHelp("The local authority's directory.", valueName: "dir"), completion: .directory)
    var ca: String
    @Option(
        name: .customLong("endorsement-key"),
        parsing: .upToNextOption,
        help: ArgumentHelp("The endorsement keys to certify: rsa2048, p256, p384.", valueName: "key")
    )
    var endorsementKeys = EndorsementKey.allCases
    @Option(
        name: .customLong("bank"),
        parsing: .upToNextOption,
        help: ArgumentHelp("The TPM's PCR banks: sha1, sha256, sha384, sha512.", valueName: "bank"),
        transform: AlgorithmID.init(bank:)
    )
    var banks: [AlgorithmID] = [.sha1, .sha256, .sha384]
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try await SoftwareDevice.make(
            in: DeviceDirectory(target.directory),
            ca: LocalCA(directory: ca),
            endorsementKeys: endorsementKeys,
            banks: banks
        )
        let report = await DeviceReport(device, hasLog: false)
        try output.print(report) { "made \(report.directory)" }
    }
}

extension EndorsementKey: ExpressibleByArgument {}

extension AlgorithmID {
    fileprivate init(bank name: String) throws {
        guard let bank = AlgorithmID(named: name), bank.digestSize != nil else {
            throw ValidationError("\(name) is not a PCR bank")
        }
        self = bank
    }
}
