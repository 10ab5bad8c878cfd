/// Pages that need nothing beside themselves: for people who were not there, and for printing.
public enum HTML {
    /// A whole page.
    /// - Parameters:
    ///   - title: plain text.
    ///   - style: what this page wants beyond the common style.
    ///   - body: markup.
    public static func page(title: String, style: String = "", body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(text(title))</title>
        <style>\(common)\(style)</style>
        </head>
        <body>
        \(body)
        </body>
        </html>

        """
    }

    /// A table of plain texts.
    public static func table(_ head: [String], _ rows: [[String]]) -> String {
        let cells = head.map { "<th scope=\"col\">\(text($0))</th>" }.joined()
        let body = rows.map { "<tr>" + $0.map { "<td>\(text($0))</td>" }.joined() + "</tr>" }.joined(separator: "\n")
        return "<div class=\"wide\"><table><thead><tr>\(cells)</tr></thead><tbody>\n\(body)\n</tbody></table></div>"
    }

    /// A few figures side by side.
    public static func figures(_ figures: [(name: String, value: String)]) -> String {
        "<dl>" + figures.map { "<div><dt>\(text($0.name))</dt><dd>\(text($0.value))</dd></div>" }.joined() + "</dl>"
    }

    /// Serial numbers and messages are others' words: nothing of them is ever markup, or turns the order of the text round.
    public static func text(_ raw: String) -> String {
        // Of scalars, as a reader of the page takes them: with a mark behind it a sign is another character.
        raw.unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case _ where scalar.properties.generalCategory == .format: text += scalar.escaped(asASCII: true)
            default: text.unicodeScalars.append(scalar)
            }
        }
    }

    private static let common = """
        body{font:16px/1.5 system-ui,sans-serif;color:#1b1b1b;background:#fff;max-width:70rem;margin:2rem auto;padding:0 1rem}
        dl{display:flex;flex-wrap:wrap;gap:1rem;margin:1.5rem 0}dl div{border:1px solid #767676;border-radius:.4rem;padding:.5rem 1rem}
        dt{font-size:.85rem}dd{margin:0;font-size:1.5rem;font-variant-numeric:tabular-nums}
        .wide{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}
        td{font-variant-numeric:tabular-nums;min-width:3rem}td:last-child{min-width:14rem}
        @media (prefers-color-scheme:dark){body{color:#eee;background:#181818}th,td{border-color:#444}}

        """
}
