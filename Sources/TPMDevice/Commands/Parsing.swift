internal import TPMWire

extension Command {
    /// Reads a response to its last byte.
    func parse<Value>(
        _ bytes: [UInt8],
        _ body: (inout ByteReader) throws(WireError) -> Value
    ) throws(TPMError) -> Value {
        var reader = ByteReader(bytes)
        do {
            let value = try body(&reader)
            try reader.finish(name)
            return value
        } catch {
            throw TPMError(name, malformed: error.description)
        }
    }
}
