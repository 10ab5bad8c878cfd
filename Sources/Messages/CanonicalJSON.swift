import FoundationEssentials

/// The one JSON form in which messages, statements and ledger entries travel: sorted keys, no white space, integers only.
///
/// A decoder that is content with duplicates, trailing commas or unknown keys would let two programs read two
/// meanings out of one text. Here a text is accepted only when writing its meaning again gives the same bytes,
/// so that no such text exists and a digest over the bytes is a digest over the meaning.
public enum CanonicalJSON {
    /// Writes a value in canonical form.
    /// - Throws: `MessageError` with code `.notEncodable` when the value holds something JSON has no form for.
    public static func encode(_ value: some Encodable) throws(MessageError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(value))
        } catch {
            throw MessageError(.notEncodable, "\(type(of: value)): \(error)")
        }
    }

    /// Reads a value from bytes that must be in canonical form to the last byte.
    /// - Parameter limit: the most bytes accepted; nothing larger is looked at.
    /// - Throws: `MessageError`: `.tooLarge`, `.malformed`, or `.notCanonical` for text that has a meaning but another form
    ///   (duplicate or unknown keys, white space, fractions, trailing commas).
    public static func decode<Message: Codable>(
        _ type: Message.Type,
        from bytes: some Sequence<UInt8>,
        limit: Int
    ) throws(MessageError) -> Message {
        let bytes = Data(bytes)
        guard bytes.count <= limit else {
            throw MessageError(.tooLarge, "\(Message.self): \(bytes.count) bytes, at most \(limit) are accepted")
        }
        let message: Message
        do {
            message = try decodeLeniently(bytes)
        } catch {
            throw MessageError(error.code, "\(Message.self): \(error.detail)")
        }
        let written = try encode(message)
        guard written.elementsEqual(bytes) else {
            throw MessageError(
                .notCanonical,
                "\(Message.self): not in canonical form (sorted keys, no white space, no unknown or repeated keys)"
            )
        }
        return message
    }

    static func decodeLeniently<Message: Decodable>(_ bytes: Data) throws(MessageError) -> Message {
        do {
            return try JSONDecoder().decode(Message.self, from: bytes)
        } catch let error as DecodingError {
            throw MessageError(.malformed, error.explanation)
        } catch {
            throw MessageError(.malformed, "unreadable: \(error)")
        }
    }
}

extension DecodingError {
    /// Where decoding stopped and why, in one line, without echoing the input.
    var explanation: String {
        func place(_ context: Context) -> String {
            var path = ""
            for key in context.codingPath {
                if let index = key.intValue {
                    path += "[\(index)]"
                } else {
                    path += (path.isEmpty ? "" : ".") + key.stringValue
                }
            }
            return path.isEmpty ? "the top level" : "\"\(path)\""
        }
        switch self {
        case .keyNotFound(let key, let context): return "\"\(key.stringValue)\" is missing at \(place(context))"
        case .typeMismatch(let type, let context): return "\(place(context)) is not a \(type)"
        case .valueNotFound(let type, let context): return "\(place(context)) is null, a \(type) is needed"
        case .dataCorrupted(let context): return "\(place(context)): \(context.debugDescription)"
        @unknown default: return "unreadable"
        }
    }
}
