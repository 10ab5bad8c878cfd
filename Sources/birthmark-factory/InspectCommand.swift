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
        if let advisories = inspection.advisories {
            lines += advisories.filter { $0.verdict != "refused" }.map {
                "\($0.verdict == "waived" ? "waived" : "remark")          \($0.detail) <\($0.origin)>"
            }
            if advisories.isEmpty { lines.append("firmware        no advisory speaks of it") }
        } else {
            lines.append(
                "firmware        not judged: the station keeps no list of known-bad firmware, or none was named"
            )
        }
        lines += inspection.problems.map { "in the way      \($0)" }
        return lines.joined(separator: "\n")
    }
}
