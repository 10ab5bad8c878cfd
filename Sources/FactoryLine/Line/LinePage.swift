import FactoryAuthority
import Messages
import Pages
import Wording

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
        HTML.page(
            title: "Births at \(report.station), \(time(report.began))",
            body: """
                <h1>\(HTML.text("Births at \(report.station)"))</h1>
                <p>\(HTML.text(span))</p>
                \(figures)
                \(causes)
                \(steps)
                \(devices)
                """
        )
    }

    private var span: String {
        "\(time(report.began)) to \(time(report.ended)), up to \(Counted.of(report.workers, "device")) at once"
    }

    private var figures: String {
        let figures: [(name: String, value: String)] = [
            ("yield", Self.rounded(report.yield * 100) + " %"), ("born", "\(report.count(.born))"),
            ("born before", "\(report.count(.bornBefore))"), ("refused", "\(report.count(.refused))"),
            ("failed", "\(report.count(.failed))"), ("not begun", "\(report.notBegun)"),
            ("births a minute", Self.rounded(report.birthsPerMinute)),
        ]
        return HTML.figures(figures)
    }

    private var causes: String {
        guard !report.failures.isEmpty else { return "<p>Every device that was begun has its birth.</p>" }
        return "<h2>Why devices are not born</h2>"
            + HTML.table(
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
            + HTML.table(
                ["step", "mean, ms", "longest, ms"],
                report.steps.map { [$0.step.rawValue, Self.rounded($0.mean), Self.rounded($0.longest)] }
            )
    }

    private var devices: String {
        list("Devices", report.devices) + (report.setAside.isEmpty ? "" : list("Boards set aside", report.setAside))
    }

    private func list(_ heading: String, _ results: [LineResult]) -> String {
        "<h2>\(heading)</h2>"
            + HTML.table(
                ["serial", "outcome", "instance", "TPM", "ms", "why"],
                results.map { device in
                    [
                        device.serial.text, device.outcome.rawValue, device.instance?.text ?? "", device.tcti,
                        Self.rounded(Double(device.microseconds) / 1000), device.detail ?? "",
                    ]
                }
            )
    }

    /// With one place after the point.
    public static func rounded(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "?" }
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(abs(tenths % 10))"
    }
}
