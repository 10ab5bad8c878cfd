import Messages

/// The members of one JSON object among claims.
struct ClaimMembers {
    private let tree: JSONTree
    private let name: String

    init(_ tree: JSONTree, _ name: String) {
        self.tree = tree
        self.name = name
    }

    func all() throws(MessageError) -> JSONObject {
        guard case .object(let members) = tree else { throw MessageError(.malformed, "\(name): not an object") }
        return members
    }

    func optional(_ key: String) throws(MessageError) -> ClaimValue? {
        guard let tree = try all()[key] else { return nil }
        return ClaimValue(tree: tree, name: key)
    }

    func required(_ key: String) throws(MessageError) -> ClaimValue {
        guard let value = try optional(key) else { throw MessageError(.malformed, "\(name): \"\(key)\" is missing") }
        return value
    }
}

/// The value of one claim.
struct ClaimValue {
    let tree: JSONTree
    let name: String

    func text() throws(MessageError) -> String {
        guard case .string(let text) = tree else { throw MessageError(.malformed, "\"\(name)\" is not a text") }
        return text
    }

    func integer() throws(MessageError) -> Int64 {
        guard case .integer(let number) = tree else { throw MessageError(.malformed, "\"\(name)\" is not a number") }
        return number
    }

    /// A text, or an array of texts that is not empty.
    func texts() throws(MessageError) -> [String] {
        guard case .array(let elements) = tree else { return [try text()] }
        guard !elements.isEmpty else { throw MessageError(.malformed, "\"\(name)\" is empty") }
        var texts: [String] = []
        for element in elements { texts.append(try ClaimValue(tree: element, name: name).text()) }
        return texts
    }
}
