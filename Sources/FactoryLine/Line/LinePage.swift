import FactoryAuthority
import Messages

/// A line's report as a page that needs nothing beside itself: for people who were not there.
public struct LinePage: Sendable {
    private let report: LineReport
    private let time: @Sendable (Int64) -> String

    /// - Parameter time: writes a moment, in seconds since 1970.
    public init(_ report: LineReport, time: @escaping @Sendable (Int64) -> String) {
        self.report = report
        self.time = time
    }

    /// The whole page.
    public var html: String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(text("Births at \(report.station), \(time(report.began))"))</title>
        <style>\(Self.style)</style>
        </head>
        <body>
        <h1>\(text("Births at \(report.station)"))</h1>
        <p>\(text("\(time(report.began)) to \(time(report.ended)), up to \(report.workers) devices at once"))</p>
        \(figures)
        \(causes)
        \(steps)
        \(devices)
        </body>
        </html>

        """
    }

    private var figures: String {
        let figures = [
            ("yield", Self.rounded(report.yield * 100) + " %"), ("born", "\(report.count(.born))"),
            ("born before", "\(report.count(.bornBefore))"), ("refused", "\(report.count(.refused))"),
            ("failed", "\(report.count(.failed))"), ("not begun", "\(report.notBegun)"),
            ("births a minute", Self.rounded(report.birthsPerMinute)),
        ]
        return "<dl>" + figures.map { "<div><dt>\(text($0))</dt><dd>\(text($1))</dd></div>" }.joined() + "</dl>"
    }

    private var causes: String {
        guard !report.failures.isEmpty else { return "<p>Every device that was begun has its birth.</p>" }
        return "<h2>Why devices are not born</h2>"
            + table(
                ["cause", "devices", "which", "what it means", "what to do"],
                report.failures.map { cause, devices in
                    [
                        cause, "\(devices.count)", devices.map(\.serial.text).joined(separator: " "),
                        devices.first?.detail ?? "", devices.first?.hint ?? "",
                    ]
                }
            )
    }

    private var steps: String {
        guard !report.steps.isEmpty else { return "" }
        return "<h2>Where the time goes</h2>"
            + table(
                ["step", "mean, ms", "longest, ms"],
                report.steps.map { [$0.step.rawValue, Self.rounded($0.mean), Self.rounded($0.longest)] }
            )
    }

    private var devices: String {
        list("Devices", report.devices) + (report.setAside.isEmpty ? "" : list("Boards set aside", report.setAside))
    }

    private func list(_ heading: String, _ results: [LineResult]) -> String {
        "<h2>\(heading)</h2>"
            + table(
                ["serial", "outcome", "instance", "TPM", "ms", "why"],
                results.map { device in
                    [
                        device.serial.text, device.outcome.rawValue, device.instance?.text ?? "", device.tcti,
                        Self.rounded(Double(device.microseconds) / 1000), device.detail ?? "",
                    ]
                }
            )
    }

    private func table(_ head: [String], _ rows: [[String]]) -> String {
        let cells = head.map { "<th scope=\"col\">\(text($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(text($0))</td>" }.joined() + "</tr>" }.joined(separator: "\n")
        return "<div class=\"wide\"><table><thead><tr>\(cells)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
    }

    /// Serial numbers and messages of TPMs are others' words: nothing of them is ever markup.
    private func text(_ raw: String) -> String {
        raw.reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            default: text.append(character)
            }
        }
    }

    /// With one place after the point.
    public static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }

    private static let style = """
        body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:70rem;margin:2rem auto;padding:0 1rem}
        dl{display:flex;flex-wrap:wrap;gap:1rem;margin:1.5rem 0}dl div{border:1px solid #767676;border-radius:.4rem;padding:.5rem 1rem}
        dt{font-size:.85rem}dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}
        td{font-variant-numeric:tabular-nums;min-width:3rem}td:last-child{min-width:14rem}
        @media (prefers-color-scheme:dark){body{color:#eee;background:#181818}th,td{border-color:#444}}
        """
}
