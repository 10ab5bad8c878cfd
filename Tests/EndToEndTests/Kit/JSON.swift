/// What a program printed for scripts, read as a script reads it: by path.
enum JSON: Decodable, Hashable, Sendable {
    case null
    case truth(Bool)
    case number(Int64)
    case text(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let truth = try? value.decode(Bool.self) {
            self = .truth(truth)
        } else if let number = try? value.decode(Int64.self) {
            self = .number(number)
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let list = try? value.decode([JSON].self) {
            self = .list(list)
        } else {
            self = .object(try value.decode([String: JSON].self))
        }
    }

    /// The value at `a.b.c`; null when there is none.
    subscript(_ path: String) -> JSON {
        path.split(separator: ".").reduce(self) { value, key in
            if case .object(let object) = value { object[String(key)] ?? .null } else { .null }
        }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Int64? { if case .number(let number) = self { number } else { nil } }
    var list: [JSON] { if case .list(let list) = self { list } else { [] } }
    /// The texts of a list: reason codes.
    var texts: [String] { list.compactMap(\.text) }
    var isObject: Bool { if case .object = self { true } else { false } }
}
