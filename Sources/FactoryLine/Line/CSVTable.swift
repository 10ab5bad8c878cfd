import Messages

/// A table in CSV (RFC 4180): fields between commas, quoted where they hold commas, quotes or line ends.
struct CSVTable {
    /// A record, and the line of the file that it begins in, counted from 1.
    struct Row: Hashable {
        var line: Int
        var fields: [String]
    }

    let rows: [Row]

    /// A record with the names that the table's first line gives to its fields; an empty field is one that is left out.
    struct Record {
        var line: Int
        var fields: [(name: String, value: String)]
    }

    /// Whether a file is JSON, which begins with a brace; everything else is taken for a table.
    static func isJSON(_ bytes: [UInt8]) -> Bool {
        bytes.first { !($0 == 0x20 || (0x09...0x0D).contains($0)) } == UInt8(ascii: "{")
    }

    /// The rows below the first one.
    func records() throws(MessageError) -> [Record] {
        guard let names = rows.first?.fields else { throw MessageError(.malformed, "the table is empty") }
        var seen: Set<String> = []
        // Columns without a name are a spreadsheet's, and empty.
        for name in names where !name.isEmpty {
            guard seen.insert(name).inserted else {
                throw MessageError(.malformed, "\"\(name.prefix(60))\" stands twice in the first line")
            }
        }
        var records: [Record] = []
        for row in rows.dropFirst() {
            guard row.fields.count == names.count else {
                throw MessageError(
                    .malformed,
                    "line \(row.line): \(row.fields.count) fields, and the first line has \(names.count)"
                )
            }
            let fields = zip(names, row.fields).filter { !$1.isEmpty }
            records.append(Record(line: row.line, fields: fields.map { ($0, $1) }))
        }
        return records
    }

    /// Reads a whole file; empty lines are passed over, as is the mark with which some programs begin UTF-8.
    init(parsing bytes: [UInt8]) throws(MessageError) {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        guard let text = String(validating: bytes.starts(with: mark) ? bytes[3...] : bytes[...], as: UTF8.self) else {
            throw MessageError(.malformed, "the table is not in UTF-8")
        }
        var reader = Reader(text.unicodeScalars)
        rows = try reader.rows()
    }

    private struct Reader {
        private var rest: Substring.UnicodeScalarView
        private var line = 1

        init(_ text: String.UnicodeScalarView) { rest = Substring.UnicodeScalarView(text) }

        mutating func rows() throws(MessageError) -> [Row] {
            var rows: [Row] = []
            while !rest.isEmpty {
                var row = Row(line: line, fields: [])
                repeat { row.fields.append(try field()) } while take(",")
                guard rest.isEmpty || takeLineEnd() else {
                    throw MessageError(.malformed, "line \(line): something follows a quoted field")
                }
                if row.fields != [""] { rows.append(row) }
            }
            return rows
        }

        private mutating func field() throws(MessageError) -> String {
            guard take("\"") else {
                let plain = rest.prefix { $0 != "," && $0 != "\n" && $0 != "\r" }
                guard !plain.contains("\"") else {
                    throw MessageError(.malformed, "line \(line): a quote inside a field that is not quoted")
                }
                rest = rest[plain.endIndex...]
                return String(plain)
            }
            var field = String.UnicodeScalarView()
            while let next = rest.popFirst() {
                if next == "\"" {
                    guard take("\"") else { return String(field) }
                }
                if next == "\n" { line += 1 }
                field.append(next)
            }
            throw MessageError(.malformed, "line \(line): a quoted field does not end")
        }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard rest.first == scalar else { return false }
            rest.removeFirst()
            return true
        }

        private mutating func takeLineEnd() -> Bool {
            let hadReturn = take("\r")
            guard take("\n") || hadReturn else { return false }
            line += 1
            return true
        }
    }
}
