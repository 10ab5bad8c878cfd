import ArgumentParser
import CommandLineContract
import DurableFiles
import Endorsement
import FactoryLine
import TPMDevice

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Holds a TPM against a profile; changes nothing.",
        discussion: """
            It says what is there and what is in the way.

            With --csr no TPM is asked: a certification request (TCG-CSR-IDEVID, or PKCS #10) is held against the form that the \
            profile states in "csr", and the published form that it has is named.

            Example:
              birthmark-factory inspect --profile p256.json --station line-1 \\
                  --tcti device:/dev/tpmrm0
            """
    )

    @Option(help: ArgumentHelp("The provisioning profile; examples are in Provisioning/profiles.", valueName: "file"))
    var profile: String
    @Option(help: ArgumentHelp("The station whose list of known-bad TPM firmware is asked.", valueName: "dir"))
    var station: String?
    @Option(help: ArgumentHelp("A certification request to look at instead of a TPM.", valueName: "file"))
    var csr: String?
    @Option(
        help: ArgumentHelp("The request's signature, when it is a file of its own.", valueName: "file")
    )
    var csrSignature: String?
    @OptionGroup var tpm: TPMOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let profile = try readProfile(profile)
        if let csr {
            return try InspectRequest.run(csr, signature: csrSignature, profile: profile, output: output)
        }
        // A path with a slip in it would have the firmware pass for one that no list names.
        if let station, try DirectoryEntries.names(in: station).isEmpty { throw Station.Failure.noStation(station) }
        let advisories = try station.flatMap { try TPMAdvisories.read(FactoryDirectory($0).advisories) }
        let inspection = try await withTPM(tcti: tpm.tcti) { tpm in
            try await TPMInspection.of(tpm, profile: profile, advisories: advisories)
        }
        try output.print(inspection) { InspectionText(inspection).text }
        if !inspection.problems.isEmpty { throw ExitStatus.refused.code }
    }
}
