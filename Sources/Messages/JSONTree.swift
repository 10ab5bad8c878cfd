/// A JSON text as a tree in which nothing was overlooked (RFC 8259): repeated keys, fractions and trailing bytes are refused.
///
/// Every text is read into one; what form a text may have is the business of `CanonicalJSON` and `EditedJSON`.
public enum JSONTree: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number above `Int64.max`; smaller ones are `integer`, so that equal numbers are equal trees.
    case large(UInt64)
    case string(String)
    case array([JSONTree])
    case object(JSONObject)

    /// Deep enough for every file of ours; a bound because the parser recurses.
    static let maximumDepth = 24

    /// Reads a text that is one JSON value and nothing more.
    /// - Parameter largest: the largest number accepted.
    public init(parsing bytes: [UInt8], largest: UInt64 = UInt64(Int64.max)) throws(MessageError) {
        var parser = JSONTreeParser(bytes: bytes, largest: largest)
        self = try parser.wholeText()
    }

    /// The first place where the other tree lacks or changes something of this one, as a dotted path.
    func firstDifference(from other: JSONTree, at path: String = "") -> String? {
        switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            for member in mine.members {
                let place = path.isEmpty ? member.key : "\(path).\(member.key)"
                guard let theirValue = theirs[member.key] else { return place }
                if let difference = member.value.firstDifference(from: theirValue, at: place) { return difference }
            }
            return nil
        case (.array(let mine), .array(let theirs)):
            guard mine.count == theirs.count else { return path }
            for (index, pair) in zip(mine, theirs).enumerated() {
                if let difference = pair.0.firstDifference(from: pair.1, at: "\(path)[\(index)]") { return difference }
            }
            return nil
        default:
            return self == other ? nil : path
        }
    }
}

/// The members of an object, each key once, in ascending order of the keys' bytes in UTF-8.
public struct JSONObject: Hashable, Sendable {
    /// A key and its value.
    public struct Member: Hashable, Sendable {
        /// The key.
        public var key: String
        /// The value.
        public var value: JSONTree
    }

    /// The members in order.
    public let members: [Member]

    /// Sorts members unless they are in order already; their keys must differ.
    init(_ members: [Member]) {
        let ascend = zip(members, members.dropFirst()).allSatisfy { Self.precedes($0.key, $1.key) }
        self.members = ascend ? members : members.sorted { Self.precedes($0.key, $1.key) }
    }

    /// Not `String`'s own order, which takes different bytes for the same key.
    static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }

    /// The value of a key; `nil` when there is none.
    public subscript(_ key: String) -> JSONTree? {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if Self.precedes(members[middle].key, key) { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].key == key ? members[low].value : nil
    }
}
