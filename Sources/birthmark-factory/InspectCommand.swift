import ArgumentParser
import CommandLineContract
import FactoryLine
import TPMDevice

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Holds a TPM against a profile and says what is there and what is in the way. Changes nothing.",
        discussion: "Example: birthmark-factory inspect --profile p256.json --tcti device:/dev/tpmrm0"
    )

    @Option(help: ArgumentHelp("The provisioning profile.", valueName: "file"))
    var profile: String
    @OptionGroup var tpm: TPMOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let profile = try readProfile(profile)
        let tpm = try await openTPM(tcti: tpm.tcti)
        let inspection = try await TPMInspection.of(tpm, profile: profile)
        await tpm.close()
        try output.print(inspection) { Self.text(inspection) }
        if !inspection.problems.isEmpty { throw ExitStatus.refused.code }
    }

    private static func text(_ inspection: TPMInspection) -> String {
        func line(_ label: String, _ key: TPMInspection.Key?) -> String {
            guard let key else { return "\(label) not there" }
            let place = key.handle.map { "kept at \($0)" } ?? "can be made, not kept"
            return "\(label) \(place), \(key.issuer.map { "certified by \($0)" } ?? "no certificate")"
        }
        var lines = [
            "TPM             \(inspection.manufacturer) \(inspection.vendor), firmware \(inspection.firmwareVersion)",
            line("endorsement key", inspection.endorsementKey),
            "                public area SHA-256 \(inspection.endorsementKey.publicAreaSHA256)",
            line("attestation key", inspection.iak),
            line("identity key   ", inspection.idevid),
        ]
        if let born = inspection.born {
            lines.append(
                "born            as \(born.serial), instance \(born.instance)\(born.complete ? "" : ", unfinished")"
            )
        } else {
            lines.append("born            not yet")
        }
        lines += inspection.problems.map { "in the way      \($0)" }
        return lines.joined(separator: "\n")
    }
}
