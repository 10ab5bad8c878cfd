import FoundationEssentials
import Glibc
import SeededRandom
import Testing

/// A file that is not the one that was meant, each in its own way.
enum Spoiled: String, Sendable, CaseIterable {
    case missing
    case directory
    case empty
    /// The first half.
    case cut
    case garbage
    /// More than any file of these programs may have.
    case oversized
    /// One byte follows the end.
    case longer
    /// A key stands twice.
    case doubledKey
    case unknownKey
    /// Brackets, fifty thousand deep.
    case deep
    /// JSON of another kind.
    case otherJSON

    static let ofAnything: [Spoiled] = [.missing, .directory, .empty, .cut, .garbage, .oversized]
    static let ofBytes: [Spoiled] = ofAnything + [.longer]
    static let ofJSON: [Spoiled] = allCases

    /// Makes one out of a genuine file.
    /// - Returns: its path.
    func make(of genuine: String, in directory: String) throws -> String {
        let path = "\(directory)/\(rawValue)-\(UInt64.random(in: 0 ... .max))"
        switch self {
        case .missing: break
        case .directory: try makeDirectory(path)
        case .oversized:
            try write([], to: path)
            // Sparse: it takes no space, and whoever reads it whole is noticed.
            try #require(unsafe truncate(path, 96 << 20) == 0)
        default: try write(bytes(of: contents(of: genuine)), to: path)
        }
        // Half a private key is one too.
        if self != .missing && self != .directory { try setMode(0o600, of: path) }
        return path
    }

    /// The bytes in place of the genuine ones.
    func bytes(of genuine: [UInt8]) throws -> [UInt8] {
        switch self {
        case .missing, .directory, .oversized: return genuine
        case .empty: return []
        // Not the half: two certificates in one file would be one, and that whole.
        case .cut: return Array(genuine.prefix(genuine.count / 3))
        case .garbage:
            var random = SplitMix64(seed: 7)
            return (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
        case .longer: return genuine + Array("x".utf8)
        case .doubledKey: return try inserted("\(firstKey(of: genuine)):1,", into: genuine)
        case .unknownKey: return try inserted("\"surprise\":1,", into: genuine)
        case .deep: return Array(repeating: UInt8(ascii: "["), count: 50_000)
        case .otherJSON: return Array("null".utf8)
        }
    }

    private func inserted(_ member: String, into json: [UInt8]) throws -> [UInt8] {
        let brace = try #require(json.firstIndex(of: UInt8(ascii: "{")))
        return json[...brace] + Array(member.utf8) + json[(brace + 1)...]
    }

    private func firstKey(of json: [UInt8]) throws -> String {
        let quote = UInt8(ascii: "\"")
        let begin = try #require(json.firstIndex(of: quote))
        let end = try #require(json[(begin + 1)...].firstIndex(of: quote))
        return String(decoding: json[begin...end], as: UTF8.self)
    }
}

extension Program.Ended {
    /// A failure that scripts and people can use: the right status, what to do next in words, and one JSON object.
    func expectFailure(_ wanted: Int32, _ what: String, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(code == wanted, "\(what): \(self)", sourceLocation: sourceLocation)
        let object = try? json
        #expect(object?.isObject == true, "\(what): \(self)", sourceLocation: sourceLocation)
        // A verdict is its own explanation.
        let isVerdict = wanted <= 2 && (object?["verdict"].text != nil || object?["sound"] != .null)
        let hint = error.firstRange(of: "hint: ").map { error[$0.upperBound...].prefix { $0 != "\n" } } ?? ""
        #expect(
            isVerdict || (error.contains("error: ") && hint.count > 10) || error.contains("Usage: "),
            "\(what) leaves people alone: \(self)",
            sourceLocation: sourceLocation
        )
        #expect(!error.contains("Fatal error"), "\(what): \(self)", sourceLocation: sourceLocation)
    }
}
