import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

/// Which part of the matrix is asked for.
struct MatrixOptions: ParsableArguments {
    @Flag(help: "The whole: every tier and kind of move.")
    var matrix = false
    @Option(help: ArgumentHelp("The policy, instead of the verifier's; nobody is asked then.", valueName: "file"))
    var file: String?
    @Option(help: ArgumentHelp("One model.", valueName: "label"))
    var model: Label?
    @Option(help: ArgumentHelp("One hardware revision.", valueName: "label"))
    var hardwareRevision: Label?
    @Option(help: ArgumentHelp("One environment.", valueName: "label"))
    var environment: Label?
    @Option(help: ArgumentHelp("One package.", valueName: "label"))
    var package: Label?

    var subject: MatrixSubject {
        MatrixSubject(
            model: model,
            hardwareRevision: hardwareRevision,
            environment: environment,
            package: package
        )
    }

    func validate() throws {
        guard matrix || (file == nil && subject == MatrixSubject()) else {
            throw ValidationError("--file, --model, --hardware-revision, --environment and --package go with --matrix")
        }
    }
}

extension PolicyCommand.Explain {
    func showMatrix() async throws {
        let policy: Policy
        if let file = matrix.file {
            policy = try PolicyCommand.Check.policy(
                try InputFile.read(file, limit: Policy.maximumSize, what: "the policy"),
                file
            )
        } else {
            let report = try await verifier.ask { client in try await client.policy() }
            policy = try PolicyCommand.Check.policy(report.policy.bytes, "the verifier's policy")
        }
        let subject = matrix.subject
        let whole = try parsing("the policy") { () throws(MessageError) in try policy.matrix(for: subject) }
        try output.print(whole) { whole.text }
    }
}

extension PolicyMatrix {
    fileprivate var text: String { tables.map(\.text).joined(separator: "\n\n") }
}

extension PolicyMatrix.Table {
    fileprivate var text: String {
        func said(_ name: String, _ value: Label?) -> String { "\(name) \(value?.text ?? "any")" }
        let title = [
            said("model", subject.model), said("revision", subject.hardwareRevision),
            said("environment", subject.environment), said("package", subject.package),
        ]
        return title.joined(separator: ", ") + "\n"
            + table(
                ["TIER", "MOVE", "RULE", "ALLOWED", "LEASE", "GRANT", "WANTS", "BECAUSE"],
                cells.map { cell in
                    [
                        cell.tier.rawValue, cell.release.rawValue, cell.rule?.text ?? "none",
                        cell.isAllowed ? "yes" : "no", cell.leaseSeconds.map { "\($0) s" } ?? "none",
                        cell.grantSeconds.map { "\($0) s" } ?? "none", cell.wants.joined(separator: ", "), cell.because,
                    ]
                }
            )
    }
}
