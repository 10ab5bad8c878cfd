import FoundationEssentials

/// The wall clock, read at the edge and handed inwards as numbers.
public struct VerifierClock: Sendable {
    /// Milliseconds since 1970.
    public let milliseconds: @Sendable () -> Int64

    /// A clock that reads as told.
    public init(milliseconds: @escaping @Sendable () -> Int64) { self.milliseconds = milliseconds }

    /// The system's clock.
    public static let system = VerifierClock { Int64(Date.now.timeIntervalSince1970 * 1000) }

    /// Whole seconds since 1970.
    public var seconds: Int64 { milliseconds() / 1000 }

    /// The same as a date.
    var date: Date { Date(timeIntervalSince1970: Double(milliseconds()) / 1000) }
}
