import Ledger
import Messages
import Pages

extension Auditor.Report {
    /// The report as a page.
    /// - Parameters:
    ///   - others: what else was found, by whoever decided again on the evidence: with anything there, nothing is proven.
    ///   - time: writes a moment, in seconds since 1970.
    public func html(found others: [String] = [], time: @escaping @Sendable (Int64) -> String) -> String {
        HTML.page(
            title: "Audit of \(subject.words)",
            style: Self.style,
            body: """
                <h1>\(HTML.text("Audit of \(subject.words)"))</h1>
                \(verdict(others))
                \(acts.sentences.map { "<p>\(HTML.text($0))</p>" }.joined())
                \(HTML.figures(figures))
                \(picture)
                <h2>What happened</h2>
                \(HTML.table(["when", "what", "by", "entry"], timeline.map { [time($0.at), $0.says, $0.by, "\($0.entry)"] }))
                <h2>What this was held to</h2>
                <ul>\(Auditor.checks.map { "<li>\(HTML.text($0))</li>" }.joined())</ul>
                <h2>What it does not show</h2>
                <p>\(HTML.text(subject.limits))</p>
                """
        )
    }

    private func verdict(_ others: [String]) -> String {
        guard !isProven || !others.isEmpty else {
            return "<p class=\"proven\">Proven: everything told here stands on the ledger, signed as it must be.</p>"
        }
        let shown = (findings.map(\.description) + others).map { "<li>\(HTML.text($0))</li>" }.joined()
        return "<p class=\"refuted\">Not proven. What was found:</p><ul>\(shown)</ul>"
    }

    private var figures: [(name: String, value: String)] {
        var figures = [(name: "entries here", value: "\(timeline.count)")]
        if let checkpoint {
            figures.append((name: "entries on the ledger", value: "\(checkpoint.checkpoint.size)"))
            figures.append((name: "witnesses", value: "\(checkpoint.cosignatures.count)"))
        }
        figures.append((name: "devices", value: "\(Set(timeline.compactMap(\.instance)).count)"))
        figures.append((name: "grants", value: "\(timeline.count { $0.type == "grant" })"))
        return figures
    }

    private static let style = """
        .proven{border-left:.4rem solid #2e7d32;padding:.5rem 1rem}.refuted{border-left:.4rem solid #b71c1c;padding:.5rem 1rem}
        svg{width:100%;height:auto;font:13px system-ui,sans-serif}svg text{fill:currentColor}svg line{stroke:#999;stroke-width:.5}
        rect.trusted{fill:#81c784}.granted{fill:#1565c0}.received{fill:#2e7d32}.refused{fill:#c62828}.gone{fill:#555}
        .key span{display:inline-block;width:.8rem;height:.8rem;border-radius:.4rem;margin:0 .3rem 0 1rem;vertical-align:middle}
        .key .trusted{background:#81c784;border-radius:0}.key .granted{background:#1565c0}.key .received{background:#2e7d32}
        .key .refused{background:#c62828}.key .gone{background:#555}
        td:nth-child(2){min-width:24rem}td:last-child{min-width:3rem}
        @media print{body{max-width:none;margin:0;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}
        """
}

extension AuditSubject {
    /// In words.
    public var words: String {
        switch self {
        case .instance(let instance): "instance \(instance)"
        case .release(let release): "release \(release)"
        case .entries(let range): "entries \(range.lowerBound) to \(range.upperBound - 1)"
        }
    }

    /// What a bundle about it cannot show.
    public var limits: String {
        switch self {
        case .instance:
            """
            Entries of this instance that came after the last one here would not be missed, nor those by which a release was withdrawn or a \
            policy replaced; a whole copy of the ledger shows that there are none.
            """
        case .release:
            """
            That nobody else was granted the release, that nothing came after the last entries here, and that neither a withdrawal nor another \
            policy came before a grant, only a whole copy of the ledger shows. \
            What was installed without asking is on no ledger; a device's next quote tells.
            """
        case .entries: "What happened before and after is not here."
        }
    }
}
