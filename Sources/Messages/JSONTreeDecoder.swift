/// Gives the parts of a tree to a type that reads itself.
struct JSONTreeDecoder: Decoder {
    let tree: JSONTree
    let place: JSONPlace?

    init(_ tree: JSONTree, at place: JSONPlace? = nil) {
        self.tree = tree
        self.place = place
    }

    var codingPath: [any CodingKey] { place.path }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let object) = tree else { throw tree.mismatch([String: Any].self, codingPath) }
        return KeyedDecodingContainer(JSONMembers(object: object, place: place))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let elements) = tree else { throw tree.mismatch([Any].self, codingPath) }
        return JSONElements(elements: elements, place: place)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer { self }
}

extension JSONTreeDecoder: SingleValueDecodingContainer {
    func decodeNil() -> Bool { tree == .null }
    func decode(_ type: Bool.Type) throws -> Bool { try tree.bool(codingPath) }
    func decode(_ type: String.Type) throws -> String { try tree.string(codingPath) }
    func decode(_ type: Double.Type) throws -> Double { throw tree.mismatch(type, codingPath) }
    func decode(_ type: Float.Type) throws -> Float { throw tree.mismatch(type, codingPath) }
    @inline(__always)
    func decode<T: FixedWidthInteger & Decodable>(_ type: T.Type) throws -> T { try tree.integer(codingPath) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try T(from: self) }
}

/// Where in a tree a value stands, from the inside out.
final class JSONPlace {
    let key: any CodingKey
    let outer: JSONPlace?

    init(_ key: any CodingKey, in outer: JSONPlace?) {
        self.key = key
        self.outer = outer
    }
}

extension JSONPlace? {
    /// The same from the outside in.
    var path: [any CodingKey] {
        var keys: [any CodingKey] = []
        var place = self
        while let inner = place {
            keys.append(inner.key)
            place = inner.outer
        }
        return keys.reversed()
    }
}

/// The place of an element in an array.
struct JSONIndex: CodingKey {
    let intValue: Int?
    var stringValue: String { "\(intValue ?? 0)" }

    init(_ index: Int) { intValue = index }
    init?(intValue: Int) { self.init(intValue) }
    init?(stringValue: String) { nil }
}

extension JSONTree {
    func bool(_ path: @autoclosure () -> [any CodingKey]) throws -> Bool {
        guard case .bool(let value) = self else { throw mismatch(Bool.self, path()) }
        return value
    }

    func string(_ path: @autoclosure () -> [any CodingKey]) throws -> String {
        guard case .string(let text) = self else { throw mismatch(String.self, path()) }
        return text
    }

    // Inlined, so that the type of the number is known where this runs.
    @inline(__always)
    func integer<T: FixedWidthInteger>(_ path: @autoclosure () -> [any CodingKey]) throws -> T {
        let number: T?
        switch self {
        case .integer(let value): number = T(exactly: value)
        case .large(let value): number = T(exactly: value)
        default: throw mismatch(T.self, path())
        }
        guard let number else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: path(), debugDescription: "not a number from \(T.min) to \(T.max)")
            )
        }
        return number
    }

    func mismatch(_ type: any Any.Type, _ path: [any CodingKey]) -> DecodingError {
        let context = DecodingError.Context(codingPath: path, debugDescription: "another kind of value")
        return self == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }
}
