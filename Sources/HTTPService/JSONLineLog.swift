import FoundationEssentials
import Glibc
public import Logging

/// Writes each log event as one line of JSON to a file descriptor.
///
/// Everything outside of printable ASCII is escaped, so that no input can begin a line of its own, move a terminal's
/// cursor or turn the direction of the text.
public struct JSONLineLog: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let descriptor: CInt

    /// Writes events of at least this level; to standard error unless told otherwise.
    public init(label: String, level: Logger.Level = .info, descriptor: CInt = 2) {
        self.label = label
        self.logLevel = level
        self.descriptor = descriptor
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        fields.merge(event.metadata ?? [:]) { $1 }
        var line = "{\"time\":\"\(Date.now.formatted(Self.time))\""
        line += ",\"level\":\"\(event.level.rawValue)\""
        line += ",\"message\":" + Self.quoted(event.message.description)
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            line += "," + Self.quoted(key) + ":" + Self.quoted(value.description)
        }
        let bytes = Array((line + "}\n").utf8)
        // One call a line: lines of several threads do not mix. There is nobody to tell when standard error is gone.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
    }

    private static let time = Date.ISO8601FormatStyle(includingFractionalSeconds: true)

    /// A JSON string in printable ASCII.
    static func quoted(_ text: String) -> String {
        // Nearly everything is plain, and need not be put together sign by sign.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 <= 0x7E && $0 != 0x22 && $0 != 0x5C }) {
            return "\"" + text + "\""
        }
        var quoted = "\""
        for unit in text.utf16 {
            switch unit {
            case 0x22: quoted += "\\\""
            case 0x5C: quoted += "\\\\"
            case 0x20...0x7E: quoted.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
            default:
                let digits = String(unit, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return quoted + "\""
    }
}
