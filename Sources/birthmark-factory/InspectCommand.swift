import ArgumentParser
import CommandLineContract
import Endorsement
import FactoryLine
import TPMDevice

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Holds a TPM against a profile and says what is there and what is in the way. Changes nothing.",
        discussion: """
            Example: birthmark-factory inspect --profile p256.json --station line-1 --tcti device:/dev/tpmrm0
            """
    )

    @Option(help: ArgumentHelp("The provisioning profile.", valueName: "file"))
    var profile: String
    @Option(help: ArgumentHelp("The station whose list of known-bad TPM firmware is asked.", valueName: "dir"))
    var station: String?
    @OptionGroup var tpm: TPMOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let profile = try readProfile(profile)
        let advisories = try station.flatMap { try TPMAdvisories.read(FactoryDirectory($0).advisories) }
        let tpm = try await openTPM(tcti: tpm.tcti)
        let inspection = try await TPMInspection.of(tpm, profile: profile, advisories: advisories)
        await tpm.close()
        try output.print(inspection) { InspectionText(inspection).text }
        if !inspection.problems.isEmpty { throw ExitStatus.refused.code }
    }
}
