import Foundation
import Testing

@testable import UpdateTrust

@Suite struct LifecycleTests {
    @Test func retiredIsFinal() {
        for event in Lifecycle.Event.allCases { #expect(Lifecycle.retired.after(event) == nil) }
    }

    @Test func onlyAnOperatorLeadsOutOfASuspension() {
        for event in Lifecycle.Event.allCases {
            let expected: Lifecycle? =
                switch event {
                case .reinstate: .born
                case .retire: .retired
                case .restore, .raiseTier: .suspended
                case .evidenceAccepted, .fellBack, .drifted, .recalled, .reimaged, .evidenceRefused, .suspend,
                    .lowerTier:
                    nil
                }
            #expect(Lifecycle.suspended.after(event) == expected)
        }
    }

    @Test func onlyAnOperatorLeadsBackFromAReimage() {
        for event in Lifecycle.Event.allCases {
            let expected: Lifecycle? =
                switch event {
                case .reinstate: .born
                case .suspend: .suspended
                case .retire: .retired
                case .restore: .reimaged
                case .evidenceAccepted, .fellBack, .drifted, .recalled, .reimaged, .evidenceRefused, .lowerTier,
                    .raiseTier:
                    nil
                }
            #expect(Lifecycle.reimaged.after(event) == expected)
        }
    }

    @Test(arguments: [Lifecycle.born, .trusted, .rescue, .drifted]) func livingInstances(lifecycle: Lifecycle) {
        #expect(lifecycle.after(.evidenceAccepted) == .trusted)
        #expect(lifecycle.after(.fellBack) == .rescue)
        #expect(lifecycle.after(.drifted) == .drifted)
        #expect(lifecycle.after(.recalled) == .rescue)
        #expect(lifecycle.after(.reimaged) == .reimaged)
        #expect(lifecycle.after(.evidenceRefused) == .suspended)
        #expect(lifecycle.after(.suspend) == .suspended)
        #expect(lifecycle.after(.retire) == .retired)
        #expect(lifecycle.after(.reinstate) == nil)
        #expect(lifecycle.after(.restore) == .born)
        #expect(lifecycle.after(.lowerTier) == .born)
        #expect(lifecycle.after(.raiseTier) == .born)
    }

    @Test func trustComesFromEvidenceAlone() {
        for lifecycle in Lifecycle.allCases {
            for event in Lifecycle.Event.allCases where lifecycle.after(event) == .trusted {
                #expect(event == .evidenceAccepted)
            }
        }
    }

    /// What the documentation draws is the table.
    @Test func theDrawingIsMadeFromTheTable() throws {
        var lines = ["stateDiagram-v2", "    [*] --> born"]
        for lifecycle in Lifecycle.allCases {
            let moves = Lifecycle.table[lifecycle] ?? [:]
            lines += moves.map { "    \(lifecycle.rawValue) --> \($1.rawValue): \($0.rawValue)" }.sorted {
                left,
                right in
                left.split(separator: ":").last.map(String.init) ?? "" < right.split(separator: ":").last.map(
                    String.init
                ) ?? ""
            }
        }
        lines.append("    retired --> [*]")
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(
            contentsOf: root.appending(path: "Sources/UpdateTrust/UpdateTrust.docc/Lifecycle.md"),
            encoding: .utf8
        )
        let drawing = lines.joined(separator: "\n")
        #expect(page.contains("```mermaid\n\(drawing)\n```"), "the page must have:\n\(drawing)")
    }
}
