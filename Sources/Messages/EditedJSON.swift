import FoundationEssentials

/// JSON files that people write: any layout, but every key known, none repeated, whole numbers only.
public enum EditedJSON {
    /// Reads a file's bytes.
    /// - Throws: `MessageError` naming the line or the key: a misspelt key must not silently mean its default.
    public static func decode<File: Codable>(
        _ type: File.Type,
        from bytes: [UInt8],
        limit: Int
    ) throws(MessageError) -> File {
        guard bytes.count <= limit else {
            throw MessageError(.tooLarge, "\(bytes.count) bytes, at most \(limit) are accepted")
        }
        let written = try JSONTree(parsing: bytes)
        let file: File = try written.decode()
        let understood = try JSONTree(parsing: CanonicalJSON.encode(file), largest: .max)
        if let place = written.firstDifference(from: understood) {
            throw MessageError(.malformed, "\"\(place)\" is not a key known here, or its value is not understood")
        }
        return file
    }

    /// Writes a value for people: one key a line, sorted, with a line feed at the end.
    public static func encode(_ value: some Encodable) throws(MessageError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            return [UInt8](try encoder.encode(value)) + [0x0A]
        } catch {
            throw MessageError(unwritten: type(of: value), error)
        }
    }
}
