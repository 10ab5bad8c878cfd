/// Takes the parts of a value that writes itself, and makes a tree of them.
final class JSONTreeEncoder: Encoder {
    private enum Shape {
        case nothing
        case single
        case array
        case object
    }

    private var shape = Shape.nothing
    private var single = JSONTree.null
    private var elements: [JSONTree] = []
    private var members: [JSONObject.Member] = []
    /// Containers that may still be written to, and which element or member each of them is.
    private var open: [(index: Int, encoder: JSONTreeEncoder)] = []

    private let key: (any CodingKey)?
    private let outer: JSONTreeEncoder?

    init(at key: (any CodingKey)? = nil, in outer: JSONTreeEncoder? = nil) {
        self.key = key
        self.outer = outer
    }

    var codingPath: [any CodingKey] { (outer?.codingPath ?? []) + (key.map { [$0] } ?? []) }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// What was written, to which nothing may be added any more; `nil` when nothing was.
    func tree() throws -> JSONTree? {
        // They hold this encoder too, and nobody would ever free them and it.
        defer { open = [] }
        switch shape {
        case .nothing: return nil
        case .single: return single
        case .array:
            for part in open { elements[part.index] = try part.encoder.wholeTree() }
            return .array(elements)
        case .object:
            for part in open { members[part.index].value = try part.encoder.wholeTree() }
            let object = JSONObject(members)
            for (member, next) in zip(object.members, object.members.dropFirst()) where member.key == next.key {
                throw invalid(member.key, "this key was written twice")
            }
            return .object(object)
        }
    }

    /// A type that writes nothing is an object without members.
    private func wholeTree() throws -> JSONTree { try tree() ?? .object(JSONObject([])) }

    func invalid(_ value: Any, _ why: String) -> EncodingError {
        .invalidValue(value, EncodingError.Context(codingPath: codingPath, debugDescription: why))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if shape == .nothing { shape = .object }
        return KeyedEncodingContainer(JSONMembersWritten(encoder: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if shape == .nothing { shape = .array }
        return JSONElementsWritten(encoder: self)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { JSONValueWritten(encoder: self) }

    func set(_ tree: JSONTree) throws {
        guard shape == .nothing else { throw invalid(tree, "two values where one belongs") }
        shape = .single
        single = tree
    }

    func append(_ tree: JSONTree) { elements.append(tree) }

    func append(_ tree: JSONTree, for key: some CodingKey) {
        members.append(JSONObject.Member(key: key.stringValue, value: tree))
    }

    /// Keeps the place of an element that is written later.
    func openElement() -> JSONTreeEncoder {
        let inner = JSONTreeEncoder(at: JSONIndex(count), in: self)
        open.append((count, inner))
        elements.append(.null)
        return inner
    }

    /// Keeps the place of a member that is written later.
    func openMember(_ key: some CodingKey) -> JSONTreeEncoder {
        let inner = JSONTreeEncoder(at: key, in: self)
        open.append((members.count, inner))
        append(.null, for: key)
        return inner
    }

    var count: Int { elements.count }

    /// The tree of a value that stands under a key.
    func tree<T: Encodable>(of value: T, at key: some CodingKey) throws -> JSONTree {
        let inner = JSONTreeEncoder(at: key, in: self)
        try value.encode(to: inner)
        return try inner.wholeTree()
    }

    // Inlined, so that the type of the number is known where this runs.
    @inline(__always)
    func tree<T: FixedWidthInteger>(of number: T) throws -> JSONTree {
        if let small = Int64(exactly: number) { return .integer(small) }
        guard let large = UInt64(exactly: number) else { throw invalid(number, "not a whole number of 64 bits") }
        return .large(large)
    }
}
