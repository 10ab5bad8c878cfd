/// The one JSON form in which messages, statements and ledger entries travel: sorted keys, no white space, integers only.
///
/// A decoder that is content with duplicates, trailing commas or unknown keys would let two programs read two
/// meanings out of one text. Here a text is accepted only when writing its meaning again gives the same bytes,
/// so that no such text exists and a digest over the bytes is a digest over the meaning.
public enum CanonicalJSON {
    /// Writes a value in canonical form.
    /// - Throws: `MessageError` with code `.notEncodable` when the value holds something JSON has no form for.
    public static func encode<Message: Encodable>(_ value: Message) throws(MessageError) -> [UInt8] {
        let encoder = CanonicalEncoder()
        defer { encoder.abandon() }
        do {
            try value.encode(to: encoder)
            guard try encoder.finish() else { throw encoder.invalid(value, "nothing was written") }
        } catch {
            throw MessageError(unwritten: Message.self, error)
        }
        return encoder.output.text.bytes
    }

    /// Reads a value from bytes that must be in canonical form to the last byte.
    /// - Parameter limit: the most bytes accepted; nothing larger is looked at.
    /// - Throws: `MessageError`: `.tooLarge`, `.malformed`, or `.notCanonical` for text that has a meaning but another form
    ///   (unknown keys, white space, numbers like `1.0`).
    public static func decode<Message: Codable>(
        _ type: Message.Type,
        from bytes: some Sequence<UInt8>,
        limit: Int
    ) throws(MessageError) -> Message {
        let bytes = [UInt8](bytes)
        guard bytes.count <= limit else {
            throw MessageError(
                .tooLarge,
                "\(TypeWords.name(of: type)): \(bytes.count) bytes, at most \(limit) are accepted"
            )
        }
        let message: Message
        do {
            message = try JSONTree(parsing: bytes, largest: .max).decode()
        } catch {
            throw MessageError(error.code, "\(TypeWords.name(of: type)): \(error.detail)")
        }
        guard try encode(message) == bytes else {
            throw MessageError(
                .notCanonical,
                "\(TypeWords.name(of: type)): not in canonical form (sorted keys, no white space, no unknown or repeated keys)"
            )
        }
        return message
    }
}

extension JSONTree {
    /// The value that a tree stands for.
    func decode<Value: Decodable>() throws(MessageError) -> Value {
        do {
            return try Value(from: JSONTreeDecoder(self))
        } catch let error as DecodingError {
            throw MessageError(.malformed, error.explanation)
        } catch {
            throw MessageError(.malformed, "unreadable: \(error)")
        }
    }
}

extension MessageError {
    /// A value that JSON has no form for; what the value is stands in no error.
    init(unwritten type: any Any.Type, _ error: any Error) {
        var why = (error as? MessageError)?.detail ?? "it has no form in JSON"
        if let error = error as? EncodingError, case .invalidValue(_, let context) = error {
            why = "\(context.codingPath.place): \(context.debugDescription)"
        }
        self.init(.notEncodable, "\(TypeWords.name(of: type)): \(why)")
    }
}

extension DecodingError {
    /// Where decoding stopped and why, in one line, without echoing the input.
    fileprivate var explanation: String {
        switch self {
        case .keyNotFound(let key, let context):
            return "\"\(key.stringValue)\" is missing at \(context.codingPath.place)"
        case .typeMismatch(let type, let context):
            return "\(context.codingPath.place) is not \(TypeWords.value(of: type))"
        case .valueNotFound(let type, let context):
            return "\(context.codingPath.place) is null or missing, where \(TypeWords.value(of: type)) belongs"
        case .dataCorrupted(let context):
            // Of a word that an enumeration does not have the standard library says what the type is called.
            let isWord = context.debugDescription.hasPrefix("Cannot initialize ")
            return "\(context.codingPath.place): \(isWord ? "none of the words known here" : context.debugDescription)"
        @unknown default: return "unreadable"
        }
    }
}

extension [any CodingKey] {
    /// The place that a path of keys leads to, for people.
    fileprivate var place: String {
        var path = ""
        for key in self {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path.isEmpty ? "the top level" : "\"\(path)\""
    }
}
