import FoundationEssentials
import SeededRandom
import Testing

@testable import Messages

/// The rule by another implementation: decode with Foundation, write again with Foundation, compare.
private enum Reference {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    static func decode<Message: Codable>(_ type: Message.Type, from bytes: [UInt8]) -> Message? {
        guard let message = try? JSONDecoder().decode(type, from: Data(bytes)), let written = try? encode(message),
            written == bytes
        else { return nil }
        return message
    }
}

/// Parts of messages.
extension SplitMix64 {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }

    mutating func text() -> String {
        let pieces = [
            "a", "Z", "0", "_", "/", "\"", "\\", "\0", "\u{8}", "\t", "\n", "\u{B}", "\u{C}", "\r", "\u{1F}", "\u{7F}",
            "é", "e\u{301}", "\u{2028}", "\u{FEFF}", "\u{FFFF}", "\u{1F600}", "日本", "long enough to leave the register",
        ]
        return (0..<below(5)).map { _ in pieces[below(pieces.count)] }.joined()
    }

    mutating func label() throws -> Label { try #require(Label("l" + String(below(1000)) + "._-+:".prefix(below(6)))) }
    mutating func digest() -> ContentDigest { ContentDigest(of: bytes(4)) }
    mutating func number() -> Int64 { Int64(bitPattern: next()) >> Int64(below(64)) }
}

/// Anything that JSON without fractions can say.
private indirect enum Anything: Hashable, Codable {
    case null
    case bool(Bool)
    case integer(Int64)
    case large(UInt64)
    case text(String)
    case list([Anything])
    case table([String: Anything])

    init(_ random: inout SplitMix64, depth: Int = 0) {
        switch random.below(depth < 4 ? 8 : 5) {
        case 0: self = .null
        case 1: self = .bool(random.below(2) == 0)
        case 2: self = .integer(random.number())
        case 3: self = .large(random.next() | 1 << 63)
        case 4: self = .text(random.text())
        case 5: self = .list((0..<random.below(5)).map { _ in Anything(&random, depth: depth + 1) })
        default:
            self = .table(
                Dictionary(
                    (0..<random.below(6)).map { _ in (random.text(), Anything(&random, depth: depth + 1)) },
                    uniquingKeysWith: { first, _ in first }
                )
            )
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int64.self) {
            self = .integer(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .large(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Anything].self) {
            self = .list(value)
        } else {
            self = .table(try container.decode([String: Anything].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .large(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .table(let value): try container.encode(value)
        }
    }
}

/// Every way in which a type may ask for its parts.
private struct EveryShape: Hashable, Codable {
    enum Choice: Hashable, Codable {
        case nothing
        case one(Int)
        case two(first: String, second: UInt8?)
    }
    struct Empty: Hashable, Codable {}

    var choices: [Choice]
    var empty: Empty
    var signed: [Int8]
    var unsigned: UInt16?
    var pairs: [Int: String]
    var optional: [String?]
    var flag: Bool?

    init(_ random: inout SplitMix64) {
        let text = random.text()
        choices = [.nothing, .one(random.below(9)), .two(first: text, second: nil), .two(first: text, second: 255)]
        empty = Empty()
        signed = (0..<random.below(4)).map { _ in Int8.random(in: .min ... .max, using: &random) }
        unsigned = random.below(2) == 0 ? nil : UInt16.random(in: 0 ... .max, using: &random)
        pairs = [random.below(20): random.text(), -random.below(20): random.text()]
        optional = [nil, random.text()]
        flag = random.below(2) == 0 ? nil : true
    }
}

/// Holds our coder to Foundation's for one value and for many texts that are nearly its own.
private func compare<Message: Codable & Hashable>(
    _ value: Message,
    _ random: inout SplitMix64,
    mutants: Int = 60
) throws {
    let bytes = try CanonicalJSON.encode(value)
    #expect(try bytes == Reference.encode(value))
    #expect(try CanonicalJSON.decode(Message.self, from: bytes, limit: 1 << 20) == value)
    for _ in 0..<mutants {
        let text = mutated(bytes, &random)
        let ours = try? CanonicalJSON.decode(Message.self, from: text, limit: 1 << 20)
        #expect(ours == Reference.decode(Message.self, from: text), "\(String(decoding: text, as: UTF8.self))")
    }
}

private func mutated(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = bytes
    let pieces = [
        " ", "\n", ",", ":", "{", "}", "[", "]", "\"", "\\", "/", "-", "0", "1", ".0", "e0", "E1", "null", "true",
        "\\u0041", "\\n", "\\u000a", "\\u000A", "\\/", "\u{FEFF}", "\u{301}", "\0", "\u{1}", "=", "a",
        "\"\":0,", "\"zz\":0", ",\"zz\":null", "\"log\":null,", "00", "18446744073709551616", "9223372036854775808",
    ]
    for _ in 0...random.below(2) {
        let start = random.below(bytes.count + 1)
        let end = min(bytes.count, start + random.below(12))
        switch random.below(6) {
        case 0: if start < bytes.count { bytes[start] ^= 1 << UInt8(random.below(8)) }
        case 1: bytes.removeSubrange(start..<min(bytes.count, start + 1 + random.below(2)))
        case 2: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 3: bytes.removeSubrange(start..<end)
        default: bytes.insert(contentsOf: pieces[random.below(pieces.count)].utf8, at: start)
        }
    }
    return bytes
}

@Suite struct JSONDifferentialTests {
    @Test(arguments: 0..<200 as Range<UInt64>) func anythingIsReadAndWrittenAsFoundationDoes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        try compare(Anything(&random), &random)
    }

    @Test(arguments: 0..<40 as Range<UInt64>) func everyShapeOfATypeIsReadAndWrittenAsFoundationDoes(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        try compare(EveryShape(&random), &random)
    }

    @Test(arguments: 0..<30 as Range<UInt64>) func messagesAreReadAndWrittenAsFoundationDoes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let instance = InstanceID(iakName: random.bytes(34))
        let reference = PackageReference(
            name: try random.label(),
            version: try random.label(),
            sha256: random.digest(),
            manifest: random.digest()
        )
        let pcrs = try #require(
            PCRValues(
                bank: .sha256,
                values: Dictionary((0..<random.below(12)).map { ($0 * 2, random.bytes(32)) }, uniquingKeysWith: { $1 })
            )
        )
        let selection = try #require(PCRSet(bank: .sha384, pcrs: 0..<1 + random.below(23)))
        let hasLog = random.below(2) == 0
        let request = DecisionRequest(
            instance: instance,
            purpose: .update,
            challenge: Base64URL.encode(random.bytes(90)),
            installation: InstallationProof(key: Blob(random.bytes(64)), signature: Blob(random.bytes(64))),
            package: reference,
            counters: CounterReadings(securityFloor: random.next(), grants: random.next())
        )
        try compare(request, &random)
        try compare(
            ChallengeRequest(instance: instance, purpose: .update, package: reference.sha256, log: random.digest()),
            &random
        )
        try compare(
            ChallengeAnswer(
                challenge: random.text(),
                expires: random.number(),
                selection: selection,
                holdsLog: hasLog
            ),
            &random
        )
        try compare(
            Evidence(
                request: Blob(try request.bytes),
                attest: Blob(random.bytes(random.below(200))),
                signature: Blob(random.bytes(random.below(80))),
                pcrs: pcrs,
                log: hasLog ? random.digest() : nil,
                logBytes: hasLog ? Blob(random.bytes(random.below(9))) : nil
            ),
            &random,
            mutants: 200
        )
        try compare(
            Release(
                name: reference.name,
                version: reference.version,
                securityVersion: random.next(),
                models: [try random.label()],
                hardwareRevisions: [],
                artifact: Artifact(name: try random.label(), size: random.next(), sha256: random.digest()),
                boot: BootProfile(exact: pcrs, facts: BootFactRequirements())
            ),
            &random
        )
        try compare(
            Problem(.refused, title: random.text(), status: 403, reasons: [random.text()], instance: instance.text),
            &random
        )
    }

    @Test func numbersAtTheirEndsAreReadAsFoundationDoes() throws {
        for text in [
            "0", "-0", "-1", "00", "01", "1.0", "1e0", "1.5", "127", "128", "-128", "-129", "255", "256", "1e400", "-",
            "+1",
            "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809",
            "18446744073709551615", "18446744073709551616", "100000000000000000000", "-18446744073709551615",
        ] {
            let bytes = Array("[\(text)]".utf8)
            func agree<Number: FixedWidthInteger & Codable>(_ type: Number.Type) {
                let ours = try? CanonicalJSON.decode([Number].self, from: bytes, limit: 100)
                #expect(ours == Reference.decode([Number].self, from: bytes), "\(text) as \(type)")
            }
            agree(Int.self)
            agree(Int8.self)
            agree(Int64.self)
            agree(UInt8.self)
            agree(UInt32.self)
            agree(UInt64.self)
        }
    }

    @Test func anotherNumberThanAWholeOneCannotBeWritten() {
        #expect(throws: MessageError.self) { try CanonicalJSON.encode([1.5]) }
        #expect(throws: MessageError.self) { try CanonicalJSON.encode(["a": 1 as Float]) }
        #expect(throws: MessageError.self) {
            try CanonicalJSON.decode([Double].self, from: Array("[1]".utf8), limit: 9)
        }
    }

    /// Twice as many members must take about twice as long, in whatever order they come.
    @Test(.timeLimit(.minutes(20))) func keysInAnyOrderAreReadInTime() throws {
        let members = (0..<200_000).reversed().map { "\"\($0)\":0" }.joined(separator: ",")
        let bytes = Array("{\(members)}".utf8)
        #expect(throws: MessageError.self) { try CanonicalJSON.decode([String: Int].self, from: bytes, limit: 4 << 20) }
    }
}

@Suite struct Base64Tests {
    @Test(arguments: 0..<70) func bytesComeBackAndAreWrittenAsFoundationDoes(count: Int) throws {
        var random = SplitMix64(seed: UInt64(count))
        let bytes = random.bytes(count)
        #expect(Blob(bytes).base64 == Data(bytes).base64EncodedString())
        #expect(Base64.standard.decode(Blob(bytes).base64.utf8) == bytes)
        let url = Base64URL.encode(bytes)
        #expect(url == Blob(bytes).base64.filter { $0 != "=" }.replacing("+", with: "-").replacing("/", with: "_"))
        #expect(Base64URL.decode(url) == bytes)
    }

    /// A text is accepted when it is the one spelling of its bytes, and no other text is.
    @Test(arguments: 0..<40 as Range<UInt64>) func noOtherSpellingIsAccepted(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let text = Blob(random.bytes(random.below(8))).base64
        for _ in 0..<300 {
            let changed = mutated(Array(text.utf8), &random)
            let standard = Base64.standard.decode(changed)
            #expect(standard.map { Array(Blob($0).base64.utf8) == changed } ?? true)
            let foundation = Data(base64Encoded: String(decoding: changed, as: UTF8.self))
            let canonical = foundation.flatMap { Array($0.base64EncodedString().utf8) == changed ? [UInt8]($0) : nil }
            #expect(standard == canonical, "\(String(decoding: changed, as: UTF8.self))")
        }
    }
}
