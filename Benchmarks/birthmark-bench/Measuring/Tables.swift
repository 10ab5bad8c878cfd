/// What was measured, for people.
extension Results {
    /// A table whose columns fit its widest entries.
    var table: String {
        let lines = finished.flatMap(\.measurements)
        let rows = [["", "value", "floor", "unit", "ratio", "aim", "spread", "the floor is"]] + lines.map { cells($0) }
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return
            rows.map { row in
                row.enumerated().map { column, text in
                    let padding = String(repeating: " ", count: widths[column] - text.count)
                    return (1...4).contains(column) && column != 3 ? padding + text : text + padding
                }.joined(separator: "  ").trimmedAtEnd
            }.joined(separator: "\n")
    }

    private func cells(_ line: Measurement) -> [String] {
        let aim = line.aim.map { (line.isMet == true ? "<= " : "missed ") + decimal($0, 2) } ?? ""
        return [
            line.name, decimal(line.value, 2), decimal(line.floor, 2), line.unit, decimal(line.ratio, 2), aim,
            decimal(line.spread * 100, 1) + " %", line.note,
        ]
    }

    /// The table at the head of Benchmarks/README.md; what misses its aim leads to the section that says where the time goes.
    var markdown: String {
        var rows = ["| figure | measured | floor | ratio | aim | |", "|---|---|---|---|---|---|"]
        for suite in finished { rows += suite.measurements.map { row($0, suite.section) } }
        return rows.joined(separator: "\n")
    }

    private func row(_ line: Measurement, _ section: PageSection) -> String {
        let (unit, part) = Self.readable(line)
        let spread = line.spread == 0 ? "" : " ± \(decimal(line.spread * 50, 0)) %"
        let end = line.isMet.map { $0 ? "met" : "[missed](#\(section.rawValue))" } ?? ""
        let cells = [
            "`\(line.name)`", "\(short(line.value / part)) \(unit)", "\(short(line.floor / part)): \(line.note)",
            decimal(line.ratio, 2) + spread, line.aim.map { decimal($0, 2) } ?? "", end,
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    /// The unit that people read a figure in, and how many of its own are one of them.
    private static func readable(_ line: Measurement) -> (unit: String, part: Double) {
        let isLarge = line.value >= 10_000
        return switch line.unit {
        case "us": isLarge ? ("ms", 1_000) : ("µs", 1)
        case "bytes": isLarge ? ("KB", 1_000) : ("bytes", 1)
        default: (line.unit, 1)
        }
    }

    /// Three digits, or the whole number.
    private func short(_ value: Double) -> String { decimal(value, value < 10 ? 2 : value < 100 ? 1 : 0) }

    private func decimal(_ value: Double, _ decimals: Int) -> String {
        let scale = (0..<decimals).reduce(1.0) { factor, _ in factor * 10 }
        let number = Int((value * scale).rounded())
        let whole = String(number / Int(scale))
        guard decimals > 0 else { return whole }
        let fraction = String(number % Int(scale))
        return whole + "." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}

extension String {
    fileprivate var trimmedAtEnd: String { String(reversed().drop { $0 == " " }.reversed()) }
}
