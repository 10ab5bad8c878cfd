/// Takes the parts of a value that writes itself, and writes them in canonical form.
///
/// What is inside of a value goes into the same text, one after the other; only where a container stays open while others are
/// written has it a text of its own, which is put into its place at the end.
final class CanonicalEncoder: Encoder {
    private enum Shape {
        case nothing
        case single
        case array
        case object
    }

    /// The text that a value and what is inside of it share.
    final class Output {
        var text = CanonicalText()
    }

    private struct Member {
        var key: String
        /// Key and value in the text.
        var place: Range<Int>
    }

    let output: Output
    private var shape = Shape.nothing
    /// After the bracket.
    private var start = 0
    private(set) var count = 0
    private var members: [Member] = []
    /// Containers that may still be written to: a member's key, or an element's place in the text.
    private var open: [(key: String?, place: Int, encoder: CanonicalEncoder)] = []
    /// Why this is no text any more, whoever caught it: what was begun stands there.
    private var fault: (any Error)?

    /// Most objects have no more.
    private static let usualMembers = 8

    private let key: (any CodingKey)?
    private let outer: CanonicalEncoder?

    /// Begins a text.
    convenience init() { self.init(Output(), at: nil, in: nil) }

    private init(_ output: Output, at key: (any CodingKey)?, in outer: CanonicalEncoder?) {
        self.output = output
        self.key = key
        self.outer = outer
    }

    var codingPath: [any CodingKey] { (outer?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func invalid(_ value: Any, _ why: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: codingPath, debugDescription: why))
    }

    /// Refuses a number that no reader of ours takes.
    @inline(__always)
    func check<T: FixedWidthInteger>(_ number: T) throws {
        guard Int64(exactly: number) != nil || UInt64(exactly: number) != nil else {
            throw invalid(number, "not a whole number of 64 bits")
        }
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        begin(.object, UInt8(ascii: "{"))
        return KeyedEncodingContainer(MembersWritten(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        begin(.array, UInt8(ascii: "["))
        return ElementsWritten(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { ValueWritten(encoder: self) }

    private func begin(_ wanted: Shape, _ bracket: UInt8) {
        if shape == .nothing {
            shape = wanted
            if wanted == .object { members.reserveCapacity(Self.usualMembers) }
            output.text.append(bracket)
            start = output.text.bytes.count
        } else if shape != wanted {
            fault = invalid(count, "two values where one belongs")
        }
    }

    /// Writes the one value that stands here.
    func set(_ write: (inout CanonicalText) -> Void) throws {
        guard shape == .nothing else { throw invalid(count, "two values where one belongs") }
        shape = .single
        write(&output.text)
    }

    // MARK: Members

    func append(for key: some CodingKey, _ write: (inout CanonicalText) -> Void) {
        let begin = beginMember(key.stringValue)
        write(&output.text)
        endMember(key.stringValue, from: begin)
    }

    func append<T: Encodable>(_ value: T, for key: some CodingKey) throws {
        let begin = beginMember(key.stringValue)
        try write(value, at: key)
        endMember(key.stringValue, from: begin)
    }

    private func beginMember(_ key: String) -> Int { output.text.beginMember(key, isFirst: members.isEmpty) }

    private func endMember(_ key: String, from begin: Int) {
        members.append(Member(key: key, place: begin..<output.text.bytes.count))
    }

    // MARK: Elements

    func append(_ write: (inout CanonicalText) -> Void) {
        beginElement()
        write(&output.text)
    }

    func append<T: Encodable>(_ value: T) throws {
        let key = JSONIndex(count)
        beginElement()
        try write(value, at: key)
    }

    private func beginElement() {
        if count > 0 { output.text.append(UInt8(ascii: ",")) }
        count += 1
    }

    // MARK: What is inside

    private func write<T: Encodable>(_ value: T, at key: some CodingKey) throws {
        let inner = CanonicalEncoder(output, at: key, in: self)
        do {
            try value.encode(to: inner)
            try inner.finishInside()
        } catch {
            inner.abandon()
            fail(error)
            throw error
        }
    }

    /// Takes note that a part could not be written.
    func fail(_ error: any Error) { fault = fault ?? error }

    /// Keeps the place of an element that is written later.
    func openElement() -> CanonicalEncoder {
        let inner = CanonicalEncoder(Output(), at: JSONIndex(count), in: self)
        beginElement()
        open.append((nil, output.text.bytes.count, inner))
        return inner
    }

    /// Takes note of a member that is written later.
    func openMember(_ key: some CodingKey) -> CanonicalEncoder {
        let inner = CanonicalEncoder(Output(), at: key, in: self)
        open.append((key.stringValue, 0, inner))
        return inner
    }

    // MARK: The end

    /// A type that writes nothing is an object without members.
    private func finishInside() throws {
        if try !finish() { for byte in "{}".utf8 { output.text.append(byte) } }
    }

    /// Ends the value, to which nothing may be added any more.
    /// - Returns: whether anything was written.
    func finish() throws -> Bool {
        let open = open
        self.open = []
        defer { for part in open { part.encoder.abandon() } }
        if let fault { throw fault }
        switch shape {
        case .nothing: return false
        case .single: break
        case .array:
            // From the last on, so that the places before it stay what they are.
            for part in open.reversed() {
                try part.encoder.finishInside()
                output.text.insert(part.encoder.output.text, at: part.place)
            }
            output.text.append(UInt8(ascii: "]"))
        case .object:
            for part in open {
                guard let key = part.key else { continue }
                try part.encoder.finishInside()
                let begin = beginMember(key)
                output.text.append(part.encoder.output.text)
                endMember(key, from: begin)
            }
            try sort()
            output.text.append(UInt8(ascii: "}"))
        }
        return true
    }

    /// Gives up what is open: it holds this encoder too, and nobody would ever free them and it.
    func abandon() {
        let open = open
        self.open = []
        for part in open { part.encoder.abandon() }
    }

    private func sort() throws {
        func ascend(_ members: [Member]) -> Bool {
            zip(members, members.dropFirst()).allSatisfy { JSONObject.precedes($0.key, $1.key) }
        }
        guard !ascend(members) else { return }
        members.sort { JSONObject.precedes($0.key, $1.key) }
        for (member, next) in zip(members, members.dropFirst()) where member.key.utf8.elementsEqual(next.key.utf8) {
            throw invalid(member.key, "this key was written twice")
        }
        output.text.rearrange(members.map(\.place), from: start)
    }
}
