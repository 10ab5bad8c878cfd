import ArgumentParser
import CommandLineContract
import FoundationEssentials
import VerifierService

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Looks at the directory, and says what is wrong.",
        discussion: """
            It looks at configuration, keys, certificates, policy and record.

            Reads the whole ledger and holds it to its signed checkpoint, and the record's releases and instances to what it says was \
            taken back. Changes nothing; may run beside the service. Ends with \
            1 when something must be put right before it is served.

            Example: birthmark-verifier check verifier
            """
    )

    @OptionGroup var place: DirectoryArgument
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let directory = place.directory
        let findings = await DirectoryCheck(directory, now: Date.now).run { try directory.openStore($0) }
        let isSound = !findings.contains { $0.grade == .fault }
        try output.print(CheckReport(sound: isSound, findings: findings)) {
            findings.map { finding in
                let hint = finding.hint.map { "\n        \($0)" } ?? ""
                return "\(finding.grade.rawValue.padding(to: 8))\(finding.text)\(hint)"
            }.joined(separator: "\n")
        }
        guard isSound else { throw ExitStatus.refused.code }
    }
}

struct CheckReport: Encodable {
    var sound: Bool
    var findings: [DirectoryCheck.Finding]
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
