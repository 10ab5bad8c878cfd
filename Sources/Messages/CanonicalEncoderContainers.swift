/// Takes the members of an object.
struct MembersWritten<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: CanonicalEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil(forKey key: Key) { encoder.append(for: key) { $0.writeNull() } }
    func encode(_ value: Bool, forKey key: Key) { encoder.append(for: key) { $0.write(value) } }
    func encode(_ value: String, forKey key: Key) { encoder.append(for: key) { $0.write(value) } }
    func encode(_ value: Double, forKey key: Key) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float, forKey key: Key) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T, forKey key: Key) throws {
        try encoder.check(value)
        encoder.append(for: key) { $0.write(value) }
    }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try encoder.append(value, for: key) }

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
struct ElementsWritten: UnkeyedEncodingContainer {
    let encoder: CanonicalEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }
    var count: Int { encoder.count }

    func encodeNil() { encoder.append { $0.writeNull() } }
    func encode(_ value: Bool) { encoder.append { $0.write(value) } }
    func encode(_ value: String) { encoder.append { $0.write(value) } }
    func encode(_ value: Double) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) throws {
        try encoder.check(value)
        encoder.append { $0.write(value) }
    }
    func encode<T: Encodable>(_ value: T) throws { try encoder.append(value) }

    func nestedContainer<Inner: CodingKey>(keyedBy type: Inner.Type) -> KeyedEncodingContainer<Inner> {
        encoder.openElement().container(keyedBy: type)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.openElement().unkeyedContainer() }
    func superEncoder() -> any Encoder { encoder.openElement() }
}

/// Takes one value.
struct ValueWritten: SingleValueEncodingContainer {
    let encoder: CanonicalEncoder

    var codingPath: [any CodingKey] { encoder.codingPath }

    func encodeNil() throws { try encoder.set { $0.writeNull() } }
    func encode(_ value: Bool) throws { try encoder.set { $0.write(value) } }
    func encode(_ value: String) throws { try encoder.set { $0.write(value) } }
    func encode(_ value: Double) throws { throw encoder.invalid(value, "numbers are whole here") }
    func encode(_ value: Float) throws { throw encoder.invalid(value, "numbers are whole here") }
    @inline(__always)
    func encode<T: FixedWidthInteger & Encodable>(_ value: T) throws {
        try encoder.check(value)
        try encoder.set { $0.write(value) }
    }
    func encode<T: Encodable>(_ value: T) throws {
        do {
            try value.encode(to: encoder)
        } catch {
            encoder.fail(error)
            throw error
        }
    }
}
