import Testing

@testable import Messages

/// A message of every kind of field.
private struct Sample: Hashable, Codable {
    struct Inner: Hashable, Codable { var c: Int64 }

    var a: Int64
    var b: String
    var d: UInt64?
    var inner: Inner
    var list: [Int]

    static let text = #"{"a":1,"b":"x","inner":{"c":-2},"list":[1,2]}"#
}

/// A message with a word out of a list.
private struct Order: Hashable, Codable { var tier: Tier }

/// A message that has no form.
private struct Ratio: Encodable { var part: Double }

private func decode(_ text: String, limit: Int = 1000) throws(MessageError) -> Sample {
    try CanonicalJSON.decode(Sample.self, from: Array(text.utf8), limit: limit)
}

@Suite struct CanonicalJSONTests {
    @Test func oneFormIsAccepted() throws {
        let sample = try decode(Sample.text)
        #expect(sample == Sample(a: 1, b: "x", inner: Sample.Inner(c: -2), list: [1, 2]))
        #expect(try CanonicalJSON.encode(sample) == Array(Sample.text.utf8))
    }

    @Test(arguments: [
        (#""a":1"#, #""a":1,"a":1"#), (#""a":1"#, #""a":2,"a":1"#), (#""a":1"#, #""a":1,"e":5"#),
        (#""c":-2"#, #""c":-2,"d":3"#),
        ("2]}", "2]} "), ("2]}", "2]}\n"), ("2]}", "2]}\0"), ("2]}", "2]}{}"), ("2]}", "2,]}"), ("2]}", "2],}"),
        (#"{"a""#, #" {"a""#),
        (":1,", ": 1,"), (":1,", ":1 ,"), (":1,", ":1.0,"), (":1,", ":1e0,"), (":1,", ":10e-1,"), (":1,", ":-0,"),
        (":1,", ":true,"),
        (#""x""#, #""\u0078""#), (#""x""#, #""\/""#), (#""x""#, #"null"#), (#""b":"x","#, #""b":"x","d":null,"#),
        (#""a":1,"b":"x""#, #""b":"x","a":1"#), (#"{"a""#, "\u{FEFF}{\"a\""),
    ])
    func everyOtherFormIsRefused(old: String, new: String) throws {
        let text = Sample.text.replacing(old, with: new)
        #expect(text != Sample.text)
        #expect(throws: MessageError.self) { try decode(text) }
    }

    @Test func otherEncodingsOfUnicodeAreRefused() {
        func wide(_ before: [UInt8], _ after: [UInt8]) -> [UInt8] { Sample.text.utf8.flatMap { before + [$0] + after } }
        let encodings: [[UInt8]] = [
            wide([], [0]), wide([0], []), [0xFF, 0xFE] + wide([], [0]), [0xFE, 0xFF] + wide([0], []),
            wide([0, 0, 0], []),
        ]
        for bytes in encodings {
            #expect(throws: MessageError.self) {
                try CanonicalJSON.decode(Sample.self, from: bytes, limit: 1000)
            }
        }
    }

    @Test func codesTellMalformedFromNotCanonical() {
        func code(_ text: String, limit: Int = 1000) -> MessageError.Code? {
            do {
                _ = try decode(text, limit: limit)
                return nil
            } catch { return error.code }
        }
        #expect(code(Sample.text) == nil)
        #expect(code(Sample.text + " ") == .notCanonical)
        #expect(code(Sample.text.replacing(":1,", with: ":1.0,")) == .notCanonical)
        #expect(code(Sample.text.replacing(":1,", with: ":1.5,")) == .malformed)
        #expect(code(Sample.text.replacing(":1,", with: ":9223372036854775808,")) == .malformed)
        #expect(code("") == .malformed)
        #expect(code("{") == .malformed)
        #expect(code(Sample.text, limit: Sample.text.utf8.count - 1) == .tooLarge)
        #expect(code(Sample.text, limit: Sample.text.utf8.count) == nil)
    }

    @Test func truncatedAnywhereIsRefused() {
        for count in 0..<Sample.text.utf8.count {
            #expect(throws: MessageError.self) { try decode(String(Sample.text.prefix(count))) }
        }
    }

    @Test func anyChangedByteIsAnotherMessageOrNone() throws {
        let bytes = Array(Sample.text.utf8)
        let original = try decode(Sample.text)
        for index in bytes.indices {
            for bit in 0..<8 {
                var changed = bytes
                changed[index] ^= 1 << bit
                let read = try? CanonicalJSON.decode(Sample.self, from: changed, limit: 1000)
                #expect(read != original)
            }
        }
    }

    @Test func depthIsBounded() {
        for opening in ["[", "{\"a\":"] {
            #expect(throws: MessageError.self) {
                try decode(String(repeating: opening, count: 200_000), limit: 4 << 20)
            }
        }
    }

    @Test(arguments: [Int64.min, -1, 0, Int64.max]) func wholeNumbersKeepTheirValue(number: Int64) throws {
        let text = Sample.text.replacing(":1,", with: ":\(number),")
        #expect(try decode(text).a == number)
    }

    @Test func unsignedNumbersKeepTheirValue() throws {
        let text = Sample.text.replacing(#""x","#, with: #""x","d":18446744073709551615,"#)
        #expect(try decode(text).d == UInt64.max)
    }

    @Test func textsOfEveryKindComeBack() throws {
        for text in ["", "\0", "\n", "\u{7F}", "\u{202E}", "\u{2028}", "é", "e\u{301}", "\u{1F600}", "/", "\\", "\""] {
            var sample = try decode(Sample.text)
            sample.b = text
            let bytes = try CanonicalJSON.encode(sample)
            let read = try CanonicalJSON.decode(Sample.self, from: bytes, limit: 1000)
            #expect(Array(read.b.unicodeScalars) == Array(text.unicodeScalars))
        }
    }

    /// An error's line stands in logs: what was read must not forge another line of them.
    @Test func attack73_errorsAreOneLineWithoutControlCharacters() throws {
        let error = MessageError(
            .malformed,
            "key \"a\nlevel=info\u{1B}[2J\u{202E}\0\" " + String(repeating: "x", count: 2000)
        )
        #expect(error.detail.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
        #expect(error.detail.unicodeScalars.count < 600)
        #expect(error.detail.hasPrefix(#"key "a\nlevel=info\u{1B}[2J\u{202E}\0""#))
    }

    @Test func attack73_problemsThatCouldForgeALogLine() throws {
        let hostile = "no\u{1B}[2J\u{202E}\nlevel=info"
        let problem = Problem(
            .refused,
            title: hostile,
            status: 403,
            reasons: [hostile, "suspended"],
            instance: hostile
        )
        let plain = problem.inPlainLines
        let expected = #"no\u{1B}[2J\u{202E}\nlevel=info"#
        #expect(plain.title == expected && plain.instance == expected && plain.reasons == [expected, "suspended"])
        #expect(plain.kind == .refused && plain.status == 403)
    }

    @Test func errorsNameTheField() {
        func detail(_ text: String) -> String? {
            do {
                _ = try decode(text)
                return nil
            } catch { return error.detail }
        }
        #expect(detail(Sample.text.replacing(#""c":-2"#, with: #""c":"s""#))?.contains(#""inner.c""#) == true)
        #expect(detail(Sample.text.replacing("[1,2]", with: #"[1,"s"]"#))?.contains(#""list[1]""#) == true)
        #expect(detail(Sample.text.replacing(#""a":1,"#, with: ""))?.contains(#""a" is missing"#) == true)
        // In words, and never by the types that read it.
        let faults = [
            (#""c":-2"#, #""c":"s""#, #"sample: "inner.c" is not a whole number"#),
            (#""x""#, "true", #"sample: "b" is not a text"#),
            (#""x""#, "null", #"sample: "b" is null or missing, where a text belongs"#),
            ("[1,2]", "{}", #"sample: "list" is not an array"#),
            (#"{"c":-2}"#, "[]", #"sample: "inner" is not an object"#),
            (":1,", ":9223372036854775808,", "sample: \"a\": not a number from \(Int64.min) to \(Int64.max)"),
        ]
        #expect(throws: MessageError(.malformed, #"order: "tier": none of the words known here"#)) {
            try CanonicalJSON.decode(Order.self, from: Array(#"{"tier":"gold"}"#.utf8), limit: 100)
        }
        for (old, new, says) in faults { #expect(detail(Sample.text.replacing(old, with: new)) == says) }
        #expect(TypeWords.name(of: CompensatedBirthRecord.self) == "compensated birth record")
        #expect(TypeWords.name(of: PCRValues.self) == "PCR values")
    }

    @Test func whatCannotBeWrittenIsNotEchoed() {
        let error = #expect(throws: MessageError.self) { try CanonicalJSON.encode(Ratio(part: 0.125)) }
        #expect(error?.code == .notEncodable)
        #expect(error?.detail == "ratio: the top level: numbers are whole here")
    }
}
