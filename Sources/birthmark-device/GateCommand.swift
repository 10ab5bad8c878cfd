import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages
import UpdateTrust

struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Judges a grant and a package, and ends with 0 or 1; nothing is changed or spent.",
        discussion: """
            For installers that have a hook of their own, such as SWUpdate's -P or a RAUC pre-install handler.

            Example: birthmark-device gate --grant /var/lib/birthmark/grants/<id>.json \\
                         --package app-2.0.img --manifest app-2.0.dsse.json
            """
    )

    @Option(help: ArgumentHelp("The grant, as the agent keeps it under grants/.", valueName: "file"))
    var grant: String

    @Option(help: ArgumentHelp("The package.", valueName: "file"))
    var package: String

    @Option(help: ArgumentHelp("Its signed release.", valueName: "file"))
    var manifest: String

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var verdict: String
        var grant: String?
        var stage: String?
        var reasons: [String]
    }

    func run() async throws {
        let release = try readManifest(manifest)
        let stored = try readGrant(grant, hint: "give a file out of the agent's grants directory")
        let verdict = try await device.agent().gate(stored, release: release, package: package) { _ in }
        switch verdict {
        case .open(let pass):
            let stage = pass.stage == .begin ? "begin" : "resume"
            let report = Report(verdict: "open", grant: pass.grant.claims.jti, stage: stage, reasons: [])
            try output.print(report) {
                "open: \(pass.release.name) \(pass.release.version) may be installed here under grant \(pass.grant.claims.jti)"
            }
        case .shut(let reasons):
            try output.print(Report(verdict: "shut", reasons: reasons.map(\.rawValue))) {
                reasons.map { "shut: \($0.sentence) (\($0.rawValue))" }.joined(separator: "\n")
            }
            throw ExitStatus.refused.code
        }
    }
}
