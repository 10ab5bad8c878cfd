extension Control {
    /// The whole table as the page `Controls.md` of this target, without its last newline.
    public static var markdown: String {
        let chapters = groups.map { group in
            "## \(group.title)\n\n" + group.controls.map(\.chapter).joined(separator: "\n\n")
        }
        return ([introduction, table] + chapters).joined(separator: "\n\n")
    }

    private static var introduction: String {
        """
        # Whose requirements the controls speak to

        Each control, the requirements of others that it speaks to, and the command that shows it at work.

        ## Overview

        This page is what `birthmark controls --markdown` prints: one table in the code (``Control``), and tests that hold this file to it and each command to the programs' own help.

        Speaking to a requirement is not meeting it: that depends on the product, its environment and the assessment that its maker has made. The table says where an assessor finds something to look at. An empty cell means that
        nothing is claimed. The AI RMF comes in where a release is a model, or has one. What compensating controls prove one by one, and what they do not, is a page of its own (`Auditor.md` of `UpdateTrust`).

        Commands that ask the verifier find it and the one who asks by `BIRTHMARK_TRUST` and `BIRTHMARK_OPERATOR`; `GW-0001`, `3b5d…` and file names stand for yours.

        ## The table
        """
    }

    private static var table: String {
        let head = ["control"] + Framework.allCases.map(\.title)
        let rows = all.map { control in
            ["`\(control.id)`"]
                + Framework.allCases.map { (control.requirements[$0] ?? []).joined(separator: ", ") }
        }
        let lines = [row(head), String(repeating: "|---", count: head.count) + "|"] + rows.map(row)
        return lines.joined(separator: "\n")
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    private var chapter: String { "### \(id)\n\n\(does)\n\n```sh\n\(shownBy)\n```" }
}
