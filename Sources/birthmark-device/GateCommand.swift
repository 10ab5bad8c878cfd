import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages
import UpdateTrust

struct GateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gate",
        abstract: "Judges a grant and a package; changes nothing.",
        discussion: """
            It ends with 0 or 1, and spends nothing.

            For installers that have a hook of their own, such as SWUpdate's -P or a RAUC pre-install handler. Without a TPM there is no \
            counter and no clock that a thief could not set: there it holds an honest device to its grant, and nobody else.

            Example:
              birthmark-device gate --grant /var/lib/birthmark/grants/<id>.json \\
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
        let release = try readRelease(manifest)
        let stored = try readGrant(grant, hint: "give a file out of the agent's grants directory")
        if let agent = try device.compensatedAgent() {
            switch try await agent.gate(stored, release: release, package: package, progress: { _ in }) {
            case .open(let grant, let release, let stage): try open(grant.claims.jti, release, stage)
            case .shut(let reasons): try shut(reasons)
            }
            return
        }
        switch try await device.agent().gate(stored, release: release, package: package, progress: { _ in }) {
        case .open(let pass): try open(pass.grant.claims.jti, pass.release, pass.stage)
        case .shut(let reasons): try shut(reasons)
        }
    }

    private func open(_ grant: String, _ release: Release, _ stage: GatePass.Stage) throws {
        let stage = stage == .begin ? "begin" : "resume"
        try output.print(Report(verdict: "open", grant: grant, stage: stage, reasons: [])) {
            "open: \(release.name) \(release.version) may be installed here under grant \(grant)"
        }
    }

    private func shut(_ reasons: [GateReason]) throws {
        try output.print(Report(verdict: "shut", reasons: reasons.map(\.rawValue))) {
            reasons.map { "shut: \($0.sentence) (\($0.rawValue))" }.joined(separator: "\n")
        }
        throw ExitStatus.refused.code
    }
}
