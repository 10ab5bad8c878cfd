/// Columns for people: as wide as their widest cell.
func table(_ header: [String], _ rows: [[String]]) -> String {
    let all = [header] + rows
    let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
    return all.map { row in
        let cells = zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        var line = cells.joined(separator: "  ")
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
    .joined(separator: "\n")
}

/// What is known, a line each, with the values in one column.
func facts(_ pairs: [(name: String, value: String?)]) -> String {
    let known = pairs.compactMap { pair in pair.value.map { (pair.name.isEmpty ? "" : pair.name + ":", $0) } }
    let width = (known.map(\.0.count).max() ?? 0) + 1
    return known.map { name, value in name + String(repeating: " ", count: width - name.count) + value }
        .joined(separator: "\n")
}
