import Testing

@testable import Messages

@Suite struct NameTests {
    @Test(arguments: ["a", "0", "SN-000123", "1.2.3+build:7", "os_image", String(repeating: "x", count: 64)])
    func labelsComeBack(text: String) throws {
        #expect(Label(text)?.text == text)
        #expect(try CanonicalJSON.decode(Label.self, from: Array("\"\(text)\"".utf8), limit: 100).text == text)
    }

    @Test(arguments: [
        "", " ", "a b", "a\n", "\na", "a\nlevel=info forged=1", "a\r", "a\t", "a\0", "\0", "a\u{1B}[2J", "a\u{202E}b",
        "\u{202E}ab", "a\u{200B}",
        "\u{FEFF}a", "../etc/passwd", "..", ".", "a/../b", "/", "a\\b", ".hidden", "-rf", "--help", "_a", ":a", "+a",
        "a\"", "a'", "a;b",
        "a$(id)", "a`id`", "a%00", "a<b>", "a&b", "é", "a\u{301}", "\u{FF21}", "\u{212A}", "a,b", "a=b", "a*", "*",
        "{a}", "a@b", "a#",
        String(repeating: "x", count: 65), String(repeating: "é", count: 64), String(repeating: "x", count: 1 << 20),
    ])
    func attack50_hostileLabels(text: String) throws {
        #expect(Label(text) == nil)
        let quoted = try CanonicalJSON.encode(text)
        do {
            _ = try CanonicalJSON.decode(Label.self, from: quoted, limit: 4 << 20)
            Issue.record("accepted")
        } catch {
            #expect(error.code == .malformed)
            #expect(error.detail.utf8.count < 200, "the input is not echoed")
            #expect(error.detail.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F })
        }
    }

    @Test(arguments: [
        "ok", "Fails on cold start; see ticket 12 (Ärger am Gerät).", "日本語", String(repeating: "x", count: 500),
    ])
    func remarksComeBack(text: String) throws {
        #expect(Remark(text)?.text == text)
        #expect(try CanonicalJSON.decode(Remark.self, from: CanonicalJSON.encode(text), limit: 4000).text == text)
    }

    @Test(arguments: [
        "", "a\nb", "a\r", "a\0", "a\u{1B}[31m", "a\u{7F}", "a\u{85}", "a\u{2028}b", "a\u{2029}b", "a\u{202E}b",
        "a\u{2066}b", "a\u{200F}b",
        "a\u{200B}b", "a\u{FEFF}b", "a\u{E000}", "a\u{E0041}", String(repeating: "x", count: 501),
        String(repeating: "é", count: 251),
        String(repeating: "x", count: 1 << 20),
    ])
    func attack73_remarksThatCouldForgeALogLine(text: String) throws {
        #expect(Remark(text) == nil)
        #expect(OperatorReason(text) == nil)
        let bytes = try CanonicalJSON.encode(text)
        #expect(throws: MessageError.self) { try CanonicalJSON.decode(Remark.self, from: bytes, limit: 4 << 20) }
    }

    @Test func instancesAreNamedByTheirKey() throws {
        let one = InstanceID(iakName: [0, 11] + [UInt8](repeating: 1, count: 32))
        #expect(one != InstanceID(iakName: [0, 11] + [UInt8](repeating: 2, count: 32)))
        #expect(one.text.utf8.count == 32)
        #expect(InstanceID(one.text) == one)
        #expect(one.bytes.count == 16)
        for text in [
            "", one.text + "00", String(one.text.dropLast()), one.text.uppercased() + "", "zz" + one.text.dropFirst(2),
        ]
        where text != one.text {
            #expect(InstanceID(text) == nil)
        }
    }

    @Test func digestsAndHexHaveOneSpelling() throws {
        let digest = ContentDigest(of: Array("abc".utf8))
        #expect(digest.description == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(ContentDigest(digest.description) == digest)
        for text in [
            "", digest.description.uppercased(), digest.description.dropLast().description, digest.description + "0",
            digest.description + "00", " " + digest.description.dropFirst(), "0x" + digest.description.dropFirst(2),
        ] {
            #expect(ContentDigest(text) == nil)
        }
        #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 31)) == nil)
        #expect(ContentDigest(bytes: [UInt8](repeating: 0, count: 33)) == nil)
        #expect(LowercaseHex.decode("0") == nil)
        #expect(LowercaseHex.decode("0g") == nil)
        #expect(LowercaseHex.decode("\u{FF10}0") == nil)
        #expect(LowercaseHex.decode("00ff") == [0, 255])
    }

    /// RFC 4648 section 10, and RFC 7515 appendix C.
    @Test func base64HasOneSpelling() throws {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
        #expect(Base64URL.decode("") == [])
        for text in [
            "A", "A-z_4MF", "A-z_4ME=", "A+z/4ME", " A-z_4ME", "A-z_4ME\n", "A-z_4M", "A-z\u{212A}", "====",
            "A-z_4ME\0", "Z", "Zg==",
        ] {
            #expect(Base64URL.decode(text) == nil, "\(text.debugDescription)")
        }
        func blob(_ text: String) throws(MessageError) -> [UInt8] {
            try CanonicalJSON.decode(Blob.self, from: Array("\"\(text)\"".utf8), limit: 100).bytes
        }
        #expect(try blob("Zm9vYg==") == Array("foob".utf8))
        for text in [
            "Zm9vYg", "Zm9vYg=", "Zm9vYh==", "Zm9v Yg==", "Zm9vYg==\\n", "Zm9-Yg==", "Zm9vYg===", "=", "\\u005am9vYg==",
        ] {
            #expect(throws: MessageError.self, "\(text)") { try blob(text) }
        }
    }

    @Test func everyBase64URLComesBack() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
    }
}
