public import ArgumentParser
import CommandLineContract
public import SoftwareDevice
import TPMWire

struct Make: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a device with a fresh software TPM.",
        discussion: """
            A local authority certifies its endorsement keys.

            Example:
              birthmark-swtpm make /tmp/d1 --ca /tmp/ca
              birthmark-swtpm make /tmp/d2 --ca /tmp/ca --endorsement-key p384 \\
                  --bank sha256 sha384
              birthmark-swtpm make /tmp/d3 --ca /tmp/ca --seed 7

            The authority is made on first use. What a factory trusts are its certificates, /tmp/ca/root.pem and /tmp/ca/intermediate.pem: \
            both go into the station's ek-roots/.
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
        help: ArgumentHelp(
            "The TPM's PCR banks: sha1, sha256, sha384, sha512; default: the first three.",
            valueName: "bank"
        ),
        transform: AlgorithmID.init(bank:)
    )
    var banks: [AlgorithmID] = [.sha1, .sha256, .sha384]
    @OptionGroup var seeding: SeedOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = try await SoftwareDevice.make(
            in: DeviceDirectory(target.directory),
            ca: LocalCA(directory: ca, seed: seeding.deviceSeed),
            endorsementKeys: endorsementKeys,
            banks: banks,
            seed: seeding.deviceSeed
        )
        let report = await DeviceReport(device, hasLog: false)
        try output.print(report) { "made \(report.directory)" }
    }
}

/// Which keys a device has, for tests that must find them again.
struct SeedOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Make keys that follow from this number, and an authority's that is made now. Such a device has no secrets.",
            valueName: "number"
        )
    )
    var seed: UInt64?

    var deviceSeed: DeviceSeed? { seed.map { DeviceSeed($0) } }
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
