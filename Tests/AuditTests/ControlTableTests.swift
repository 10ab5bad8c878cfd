import Audit
import Testing

/// The table of controls names requirements as their documents number them.
@Suite struct ControlTableTests {
    /// How a document's ids look.
    private func pattern(_ framework: Control.Framework) -> Regex<Substring> {
        switch framework {
        case .owaspNHI: /NHI(?:[1-9]|10)/
        case .nistCSF: /(?:GV|ID|PR|DE|RS|RC)\.[A-Z]{2}-\d{2}/
        case .nistAIRMF: /GOVERN [1-6]\.[1-7]/
        case .nistSP800193: /4\.[1-4](?:\.\d){0,2}/
        case .iec62443: /CCSC [1-4]|(?:CR|EDR) [1-7]\.\d{1,2}(?: RE\([1-4]\))?/
        case .cra: /Part I \(2\)\([a-m]\)|Part II \([1-8]\)/
        case .uneceR156: /7\.[12](?:\.\d{1,2}){1,3}/
        }
    }

    @Test(arguments: Control.all)
    func requirementsAreNamedAsTheirDocumentsDo(_ control: Control) throws {
        #expect(control.id.wholeMatch(of: /[a-z]+(?:-[a-z]+)*/) != nil)
        #expect(control.does.hasSuffix(".") && !control.does.contains("\n") && !control.does.contains("|"))
        #expect(control.shownBy.hasPrefix("birthmark"))
        #expect(!control.requirements.isEmpty)
        for (framework, ids) in control.requirements {
            #expect(!ids.isEmpty && Set(ids).count == ids.count, "\(control.id): \(framework)")
            for id in ids { #expect(id.wholeMatch(of: pattern(framework)) != nil, "\(control.id): \(id)") }
        }
    }

    @Test func noControlIsTwo() {
        #expect(Set(Control.all.map(\.id)).count == Control.all.count)
    }

    @Test(arguments: Control.Framework.allCases)
    func everyDocumentIsSpokenTo(_ framework: Control.Framework) {
        #expect(Control.all.contains { $0.requirements[framework] != nil })
        #expect(Control.markdown.contains("| \(framework.title) |"))
    }
}
