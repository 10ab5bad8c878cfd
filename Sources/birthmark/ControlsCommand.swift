import ArgumentParser
import Audit
import CommandLineContract

struct ControlsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controls",
        abstract: "What is done against misuse, and what shows it.",
        discussion: """
            Each control names whose requirements it speaks to.

            Requirements of OWASP NHI Top 10, NIST CSF, AI RMF and SP 800-193, IEC 62443-4-2, the EU's CRA and UNECE R156, by their ids. \
            To speak to one is not to meet it: that depends on the product, and on its maker's assessment.

            Example: birthmark controls --json
            """
    )

    @Flag(help: "Print it as a page of Markdown.")
    var markdown = false
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var frameworks: [Control.Framework: String]
        var controls: [Control]
    }

    func validate() throws {
        guard !markdown || !output.json else { throw ValidationError("--markdown and --json exclude one another") }
    }

    func run() async throws {
        let frameworks = Control.Framework.allCases.map { ($0, $0.title) }
        let report = Report(frameworks: Dictionary(uniqueKeysWithValues: frameworks), controls: Control.all)
        try output.print(report) { markdown ? Control.markdown : Self.whole }
    }

    private static var whole: String {
        let chapters = Control.groups.map { group in
            ([group.title] + group.controls.map { says($0) }).joined(separator: "\n\n")
        }
        return chapters.joined(separator: "\n\n")
    }

    private static func says(_ control: Control) -> String {
        var lines: [(name: String, value: String?)] = Control.Framework.allCases.map { framework in
            (name: "  " + framework.title, value: control.requirements[framework]?.joined(separator: ", "))
        }
        lines.append((name: "  shown by", value: control.shownBy))
        return "\(control.id): \(control.does)\n" + facts(lines)
    }
}
