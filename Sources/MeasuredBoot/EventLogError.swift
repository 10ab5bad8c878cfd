/// Why bytes are not an event log that can be judged.
public struct EventLogError: Error, Hashable, Sendable {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable {
        case empty
        case tooLarge = "too-large"
        case truncated
        case tooManyEvents = "too-many-events"
        case eventTooLarge = "event-too-large"
        case badHeader = "bad-header"
        case repeatedHeader = "repeated-header"
        case tooManyAlgorithms = "too-many-algorithms"
        case unknownAlgorithm = "unknown-algorithm"
        case wrongDigestSize = "wrong-digest-size"
        case repeatedAlgorithm = "repeated-algorithm"
        case wrongDigestCount = "wrong-digest-count"
        case noSuchPCR = "no-such-pcr"
        case eventAfterEnd = "event-after-end"
        case confidentialComputingLog = "confidential-computing-log"
        case confidentialComputingTable = "confidential-computing-table"
    }

    public let code: Code
    /// The byte at which reading stopped.
    public let offset: Int
    /// The event, counted from 0, that could not be read; nil when no event is to blame.
    public let event: Int?
    /// The number in the input that was refused, where one was.
    public let value: UInt64?

    init(_ code: Code, offset: Int, event: Int? = nil, value: UInt64? = nil) {
        self.code = code
        self.offset = offset
        self.event = event
        self.value = value
    }
}

extension EventLogError: CustomStringConvertible {
    public var description: String {
        let place = event.map { "event \($0) at byte \(offset): " } ?? (offset > 0 ? "byte \(offset): " : "")
        return place + sentence
    }

    private var number: String { value.map { String($0) } ?? "?" }

    private var sentence: String {
        switch code {
        case .empty:
            "the log has no bytes; nothing was measured, or the wrong file was read"
        case .tooLarge:
            "the log has \(number) bytes, at most \(EventLogBounds.logSize) are read"
        case .truncated:
            "the log ends in the middle of an event"
        case .tooManyEvents:
            "more than \(EventLogBounds.events) events"
        case .eventTooLarge:
            "an event of \(number) bytes, at most \(EventLogBounds.eventSize) are read"
        case .badHeader:
            "the Spec ID header does not hold what its sizes promise"
        case .repeatedHeader:
            "a second Spec ID header"
        case .tooManyAlgorithms:
            "the header lists \(number) digest algorithms, 1 to \(EventLogBounds.algorithms) are possible"
        case .unknownAlgorithm:
            "digest algorithm 0x\(String(value ?? 0, radix: 16)) is unknown or not listed in the header"
        case .wrongDigestSize:
            "the header gives an algorithm a digest size of \(number) bytes, which it does not have"
        case .repeatedAlgorithm:
            "digest algorithm 0x\(String(value ?? 0, radix: 16)) twice"
        case .wrongDigestCount:
            "\(number) digests, which is none or more than the header lists algorithms"
        case .noSuchPCR:
            "PCR \(number) does not exist"
        case .eventAfterEnd:
            "an event after the records that end a Windows log"
        case .confidentialComputingLog:
            "this is a confidential-computing log (CCEL): its indices are those of the platform's own registers, not of PCRs"
        case .confidentialComputingTable:
            "this is the ACPI table CCEL, which says where a confidential-computing log lies, not a log"
        }
    }
}
