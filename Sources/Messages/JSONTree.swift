/// A JSON text as a tree in which nothing was overlooked (RFC 8259): repeated keys, fractions and trailing bytes are refused.
///
/// It exists to hold files that people edit against what the program understood of them; messages between
/// programs are held to `CanonicalJSON` instead.
indirect enum JSONTree: Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// Deep enough for every file of ours; a bound because the parser recurses.
    static let maximumDepth = 24

    init(parsing bytes: [UInt8]) throws(MessageError) {
        var parser = JSONTreeParser(bytes: bytes)
        self = try parser.wholeText()
    }

    /// The first place where the other tree lacks or changes something of this one, as a dotted path.
    func firstDifference(from other: JSONTree, at path: String = "") -> String? {
        switch (self, other) {
        case (.object(let mine), .object(let theirs)):
            for key in mine.keys.sorted() {
                let place = path.isEmpty ? key : "\(path).\(key)"
                guard let theirValue = theirs[key], let myValue = mine[key] else { return place }
                if let difference = myValue.firstDifference(from: theirValue, at: place) { return difference }
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
