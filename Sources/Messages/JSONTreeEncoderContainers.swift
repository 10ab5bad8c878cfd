/// Takes the members of an object.
struct JSONMembersWritten<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: JSONTreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) { encoder.append(.null, for: key) }
    func encode(_ value: Bool, forKey key: Key) { encoder.append(.bool(value), for: key) }
    func encode(_ value: String, forKey key: Key) { encoder.append(.string(value), for: key) }
    func encode(_ value: Double, forKey key: Key) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float, forKey key: Key) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T, forKey key: Key) throws {
        encoder.append(try encoder.tree(of: value), for: key)
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
        encoder.append(try encoder.tree(of: value, at: key), for: key)
    }

    func nestedContainer<Inner: CodingKey>(
        keyedBy type: Inner.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<Inner> { encoder.openMember(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder.openMember(key).unkeyedContainer()
    }
    func superEncoder() -> any Encoder { encoder.openMember(JSONSuper()) }
    func superEncoder(forKey key: Key) -> any Encoder { encoder.openMember(key) }
}

/// Takes the elements of an array.
struct JSONElementsWritten: UnkeyedEncodingContainer {
    let encoder: JSONTreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    func encodeNil() { encoder.append(.null) }
    func encode(_ value: Bool) { encoder.append(.bool(value)) }
    func encode(_ value: String) { encoder.append(.string(value)) }
    func encode(_ value: Double) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) throws { encoder.append(try encoder.tree(of: value)) }
    func encode<T: Encodable>(_ value: T) throws { encoder.append(try encoder.tree(of: value, at: JSONIndex(count))) }

    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        encoder.openElement().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.openElement().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder.openElement() }
}

/// Takes one value.
struct JSONValueWritten: SingleValueEncodingContainer {
    let encoder: JSONTreeEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() throws { try encoder.set(.null) }
    func encode(_ value: Bool) throws { try encoder.set(.bool(value)) }
    func encode(_ value: String) throws { try encoder.set(.string(value)) }
    func encode(_ value: Double) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) throws { try encoder.set(encoder.tree(of: value)) }
    func encode<T: Encodable>(_ value: T) throws { try value.encode(to: encoder) }
}
