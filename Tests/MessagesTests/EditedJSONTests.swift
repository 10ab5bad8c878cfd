import Testing

@testable import Messages

private struct Settings: Hashable, Codable {
    struct Limit: Hashable, Codable {
        var seconds: Int64
        var note: String?
    }

    var name: String
    var limits: [Limit]
    var extra: Bool?
}

@Suite struct EditedJSONTests {
    private let text = """
        {
          "name" : "first",
          "limits": [
            { "seconds": 1 },
            { "note": "a\\u00e9\\n", "seconds": -20 }
          ]
        }

        """

    private func decode(_ text: String) throws(MessageError) -> Settings {
        try EditedJSON.decode(Settings.self, from: Array(text.utf8), limit: 10_000)
    }

    private func fault(_ text: String) -> String {
        do {
            return "accepted: \(try decode(text))"
        } catch { return error.detail }
    }

    @Test func layoutAndOrderAreFree() throws {
        let settings = try decode(text)
        #expect(settings.name == "first")
        #expect(settings.limits == [Settings.Limit(seconds: 1), Settings.Limit(seconds: -20, note: "aé\n")])
        #expect(try decode(text.split(separator: "\n").joined()) == settings)
        #expect(try decode(text.replacing("\n", with: "\r\n")) == settings)
        #expect(try decode(String(decoding: EditedJSON.encode(settings), as: UTF8.self)) == settings)
    }

    @Test func misspeltKeysAreNamedWithTheirPath() {
        #expect(fault(text.replacing(#""name" :"#, with: #""extar": true, "name":"#)).contains(#""extar""#))
        #expect(fault(text.replacing(#""note""#, with: #""nota""#)).contains(#""limits[1].nota""#))
        #expect(fault(text.replacing(#""name" :"#, with: #""nam":"#)).contains(#""name" is missing"#))
    }

    @Test func valuesThatAreNotUnderstoodAreNamed() {
        #expect(fault(text.replacing(#""first""#, with: "7")).contains(#""name""#))
        #expect(fault(text.replacing(#""name" :"#, with: #""extra": null, "name":"#)).contains(#""extra""#))
        #expect(fault(text.replacing(#""seconds": 1 "#, with: #""seconds": "1" "#)).contains(#""limits[0].seconds""#))
    }

    @Test(arguments: [
        (#""seconds": 1 "#, #""seconds": 1, "seconds": 1 "#, 4, "\"seconds\" stands twice"),
        (#""seconds": 1 "#, #""seconds": 1.5 "#, 4, "whole"), (#""seconds": 1 "#, #""seconds": 1e3 "#, 4, "whole"),
        (#""seconds": 1 "#, #""seconds": 01 "#, 4, "64 bits"),
        (#""seconds": 1 "#, #""seconds": 9223372036854775808 "#, 4, "64 bits"),
        (#""seconds": 1 "#, #""seconds": +1 "#, 4, "value"), (#""seconds": 1 "#, #""seconds": "#, 4, "value"),
        (#""seconds": 1 "#, #""seconds" 1 "#, 4, "expected :"), (#""seconds": 1 "#, #"seconds: 1 "#, 4, "quotation"),
        ("{ \"seconds\": 1 },", "{ \"seconds\": 1 }", 5, "expected , or ]"), ("-20 }", "-20, }", 5, "quotation"),
        ("-20 }\n", "-20 },\n", 6, "value"), (#""first","#, #""first""#, 3, "expected , or }"),
        (#""first""#, #""fir"#, 2, "control"),
        (#""first""#, #""\x""#, 2, "escape"), (#""first""#, #""\ud800""#, 2, "surrogate"),
        (#""first""#, #""\ud800\u0041""#, 2, "surrogate"),
        (#""first""#, #""\udc00""#, 2, "surrogate"), (#""first""#, #""\u00g0""#, 2, "hexadecimal"),
        (#""first""#, "\"fir\(marks(31))\"", 2, "combining"), (#""first""#, #""\n\#(marks(31))""#, 2, "combining"),
        (#""first""#, #""e\#(String(repeating: #"\u0316"#, count: 31))""#, 2, "combining"),
        (#""seconds": 1 "#, #""seconds\#(marks(31))": 1 "#, 4, "combining"), (#""first""#, "treu", 2, "true"),
        (#""first""#, "'first'", 2, "value"), (#""first""#, "\"a\tb\"", 2, "control"),
        ("{\n  \"name\"", "// why\n{\n  \"name\"", 1, "value"),
    ])
    func faultsNameTheLine(old: String, new: String, line: Int, named: String) throws {
        #expect(text.contains(old))
        let message = fault(text.replacing(old, with: new))
        #expect(message.contains("line \(line):"), "\(message)")
        #expect(message.contains(named), "\(message)")
    }

    private static func marks(_ count: Int) -> String { String(repeating: "\u{0300}", count: count) }

    @Test func accentsAreText() throws {
        let name = "premie\u{0300}re e\(Self.marks(30))"
        #expect(try decode(text.replacing("first", with: name)).name == name)
    }

    @Test func nothingMayFollowTheEnd() {
        #expect(fault(text + "{}").contains("line 8: something follows the end"))
        #expect(fault(text + "\0").contains("something follows the end"))
        #expect(fault("").contains("expected a value"))
        #expect(fault("\u{FEFF}" + text).contains("line 1"))
    }

    @Test func truncatedAnywhereIsRefused() {
        let text = text.split(separator: "\n").joined(separator: "\n")
        for count in 0..<text.count { #expect(throws: MessageError.self) { try decode(String(text.prefix(count))) } }
    }

    @Test func notUTF8IsRefused() {
        var bytes = Array(text.utf8)
        guard let index = bytes.firstIndex(of: UInt8(ascii: "f")) else {
            Issue.record("there is nothing to change")
            return
        }
        bytes[index] = 0xFF
        #expect(throws: MessageError.self) { try EditedJSON.decode(Settings.self, from: bytes, limit: 10_000) }
    }

    @Test func depthAndSizeAreBounded() {
        func nested(_ depth: Int) -> String {
            #"{"name":"a","limits":[],"extra":"# + String(repeating: "[", count: depth)
                + String(repeating: "]", count: depth) + "}"
        }
        #expect(fault(nested(25)).contains("nested deeper than 24"))
        #expect(!fault(nested(23)).contains("nested deeper"))
        #expect(fault(String(repeating: "[", count: 9_000)).contains("nested deeper"))
        #expect(fault(String(repeating: " ", count: 10_001)).contains("at most 10000"))
    }

    /// A key out of a hostile file stands in the message; it must not forge another line or steer a terminal.
    @Test func attack73_hostileKeysInMessages() {
        for message in [
            fault(#"{"a\u001b[2J\nlevel=info":1,"a\u001b[2J\nlevel=info":1}"#),
            fault(text.replacing(#""name" :"#, with: #""x\u000a\u202e": 1, "name":"#)),
            fault(#"{"\#(String(repeating: "k", count: 5000))" 1}"#),
        ] {
            #expect(message.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F }, "\(message)")
            #expect(message.utf8.count < 1000)
        }
    }
}
