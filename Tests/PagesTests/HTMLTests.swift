import Pages
import Testing

/// Pages that are made of what others have said.
@Suite struct HTMLTests {
    private static let hostile = "<b title=\"x\">&'</b><script>alert(1)</script>"

    private static let harmless =
        "&lt;b title=&quot;x&quot;&gt;&amp;'&lt;/b&gt;&lt;script&gt;alert(1)&lt;/script&gt;"

    @Test func whatComesFromElsewhereIsNeverMarkup() {
        #expect(HTML.text(Self.hostile) == Self.harmless)
        let made = [
            HTML.page(title: Self.hostile, body: ""),
            HTML.table([Self.hostile], []), HTML.table(["head"], [["cell", Self.hostile]]),
            HTML.figures([(name: Self.hostile, value: "1")]), HTML.figures([(name: "n", value: Self.hostile)]),
        ]
        for markup in made {
            #expect(markup.contains(Self.harmless))
            #expect(!markup.contains("<b "))
            #expect(!markup.contains("<script"))
        }
    }

    /// Two scalars that make one character are two to whoever reads the page.
    @Test(arguments: ["<", ">", "&", "\""] as [Unicode.Scalar])
    func aMarkBehindASignHidesNothing(sign: Unicode.Scalar) {
        let mark: Unicode.Scalar = "\u{338}"
        var raw = String.UnicodeScalarView()
        raw.append(contentsOf: [sign, mark, "b"])
        let shown = Array(HTML.text(String(raw)).unicodeScalars)
        let expected: [Unicode.Scalar] = Array(HTML.text(String(sign)).unicodeScalars) + [mark, "b"]
        #expect(shown == expected)
        #expect(sign == "&" || !shown.contains(sign))
    }

    @Test func whatTurnsTheOrderOfTheTextRoundIsWrittenOut() {
        #expect(HTML.text("refused \u{202E}detpecca\u{2069}") == "refused \\u{202E}detpecca\\u{2069}")
    }

    @Test func aPageNeedsNothingBesideItself() {
        let page = HTML.page(title: "Births", style: "h1{margin:0}", body: HTML.table(["serial"], [["GW-0001"]]))
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.contains("<title>Births</title>"))
        #expect(page.contains("<td>GW-0001</td>") && page.contains("h1{margin:0}"))
        for word in ["<script", "<link", "<img", "src=", "href=", "http:", "https:", "@import", "url("] {
            #expect(!page.contains(word), "\(word)")
        }
    }
}
