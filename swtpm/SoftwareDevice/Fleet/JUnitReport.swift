/// What a fleet's run came to, in the XML form that continuous integrations read (JUnit: testsuites, testsuite, testcase).
public struct JUnitReport: Sendable {
    private let name: String
    private let began: String
    private let time: Duration
    private let results: [FleetRun.Result]

    /// - Parameters:
    ///   - name: of the suite.
    ///   - began: when, as RFC 3339 has it.
    public init(name: String, began: String, time: Duration, results: [FleetRun.Result]) {
        self.name = name
        self.began = began
        self.time = time
        self.results = results
    }

    /// The whole document.
    public var xml: String {
        let failures = results.count { $0.ending.isFailure }
        let errors = results.count { $0.ending.isError }
        let counts =
            "tests=\"\(results.count)\" failures=\"\(failures)\" errors=\"\(errors)\" time=\"\(Self.seconds(time))\""
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <testsuites \(counts)>
            <testsuite name=\(Self.quoted(name)) \(counts) skipped="0" timestamp=\(Self.quoted(began))>
            \(results.map(testcase).joined(separator: "\n"))
            </testsuite>
            </testsuites>

            """
    }

    private func testcase(_ result: FleetRun.Result) -> String {
        var lines = [
            "<testcase name=\(Self.quoted(result.serial)) classname=\(Self.quoted(name)) time=\"\(Self.seconds(result.time))\">"
        ]
        if let trouble = result.ending.trouble {
            let element = result.ending.isError ? "error" : "failure"
            lines.append("<\(element) message=\(Self.quoted(trouble))>\(Self.text(result.errors))</\(element)>")
        }
        if !result.output.isEmpty { lines.append("<system-out>\(Self.text(result.output))</system-out>") }
        if !result.errors.isEmpty { lines.append("<system-err>\(Self.text(result.errors))</system-err>") }
        return lines.joined(separator: "\n") + "\n</testcase>"
    }

    private static func quoted(_ raw: String) -> String { "\"" + text(raw, isAttribute: true) + "\"" }

    /// What tests write is anybody's bytes: nothing of it becomes markup, and what XML 1.0 has no character for
    /// (section 2.2) becomes U+FFFD.
    private static func text(_ raw: String, isAttribute: Bool = false) -> String {
        var text = String.UnicodeScalarView()
        for scalar in raw.unicodeScalars {
            switch scalar {
            case "&": text += "&amp;".unicodeScalars
            case "<": text += "&lt;".unicodeScalars
            case ">": text += "&gt;".unicodeScalars
            case "\"": text += "&quot;".unicodeScalars
            // A parser would make another character of these.
            case "\r": text += "&#13;".unicodeScalars
            case "\n" where isAttribute: text += "&#10;".unicodeScalars
            case "\t" where isAttribute: text += "&#9;".unicodeScalars
            case "\n", "\t", " "..."\u{D7FF}", "\u{E000}"..."\u{FFFD}", "\u{10000}"..."\u{10FFFF}": text.append(scalar)
            default: text.append("\u{FFFD}")
            }
        }
        return String(text)
    }

    /// With three places.
    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = Int64(duration / .milliseconds(1))
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

extension FleetRun.Ending {
    /// Whether the command itself said that something is wrong.
    fileprivate var isFailure: Bool { if case .failed = self { true } else { false } }

    /// Whether it did not come to say anything.
    fileprivate var isError: Bool { self != .passed && !isFailure }

    /// One sentence for people; nil when all went well.
    public var trouble: String? {
        switch self {
        case .passed: nil
        case .failed(let status): "ended with status \(status)"
        case .killed(let signal): "was killed by signal \(signal)"
        case .timedOut(let seconds): "did not end within \(seconds) s and was killed"
        case .notStarted(let detail): "did not start: \(detail)"
        }
    }
}
