/// An event that stands where the specification lets none stand (PFP sections 3.3.4 and 10.4).
public struct OrderViolation: Hashable, Sendable {
    /// The rule that was broken.
    public enum Rule: String, Hashable, Sendable {
        case separatorRepeated = "a second separator"
        case errorSeparator = "a separator that reports an error"
        case unknownSeparator = "a separator whose value is none"
        case variableAfterSeparator = "a Secure Boot variable after the separator"
        case applicationBeforeCall = "a boot application before the firmware says that it calls one"
        case eventAfterExitBootServices = "an event after ExitBootServices returned"
        case unknownEventType = "an event of a type that the profile does not define"
    }

    public let rule: Rule
    public let pcr: Int
    /// The event's index in the log.
    public let event: Int
}

extension OrderViolation: CustomStringConvertible {
    public var description: String { "PCR \(pcr): event \(event) is \(rule.rawValue)" }
}

/// The landmarks of the firmware's PCRs, recognised by digest, and where the order around them is broken.
struct BootOrder {
    /// For PCR 0 to 7 the first event with the digest of a separator, whatever its type claims.
    private(set) var separators = [Int?](repeating: nil, count: 8)
    private(set) var violations: [OrderViolation] = []
    private(set) var alarms: [Fact<BootAlarm>] = []
    private(set) var exitBootServices = ExitBootServices()
    private var called = false
    private var applicationStarted = false

    private var labelledSeparators = PCRMask()

    private static let firmwarePCRs = 0..<8
    /// Where facts hang on the separator, and nothing else that firmware measures has its digest.
    ///
    /// Elsewhere a four-byte value is measured bare at times: a boot order of 1, 0 has the digest of an error.
    private static let strictPCRs: PCRMask = [4, 7]

    init(_ authenticated: AuthenticatedLog) {
        let known = KnownDigests.of(authenticated.hash)
        let log = authenticated.log
        let bytes = log.bytes.span
        let events = log.events.span
        for index in events.indices where Self.firmwarePCRs.contains(events[index].pcr) {
            let event = events[index]
            guard let digest = authenticated.digestOffset(of: event, bytes) else { continue }
            if !event.unverifiedType.isKnown { violate(.unknownEventType, event, index) }
            if event.pcr == 5, exitBootServices.returned != nil { violate(.eventAfterExitBootServices, event, index) }
            switch (known.landmark(bytes, at: digest), event.pcr) {
            case (.separator, _):
                place(separator: event, index)
                continue
            case (.errorSeparator, let pcr) where event.unverifiedType == .separator || Self.strictPCRs.contains(pcr):
                violate(.errorSeparator, event, index)
                continue
            case (.callingApplication, 4): noteCall(event, index)
            case (.exitBootServicesInvocation, 5): exitBootServices.invoked = index
            case (.exitBootServicesSuccess, 5): exitBootServices.returned = index
            case (.alarm(let alarm), 7): alarms.append(Fact(alarm, event: index))
            default: break
            }
            if event.unverifiedType == .separator { violate(.unknownSeparator, event, index) }
            if event.pcr == 4, separators[4] != nil, event.unverifiedType == .efiBootServicesApplication {
                applicationStarted = true
            }
        }
    }

    /// Whether an event stands before its PCR's separator, where only firmware can have measured it.
    func isBeforeSeparator(_ event: EventLog.Event, _ index: Int) -> Bool {
        guard Self.firmwarePCRs.contains(event.pcr), let separator = separators[event.pcr] else { return false }
        return index < separator
    }

    mutating func violate(_ rule: OrderViolation.Rule, _ event: EventLog.Event, _ index: Int) {
        violations.append(OrderViolation(rule: rule, pcr: event.pcr, event: index))
    }

    /// Facts are taken from before the first event with a separator's digest, whatever its label.
    ///
    /// A second one counts as such by its digest where that is unmistakable, and by its label elsewhere.
    private mutating func place(separator event: EventLog.Event, _ index: Int) {
        let isLabelled = event.unverifiedType == .separator
        let isSecond =
            Self.strictPCRs.contains(event.pcr)
            ? separators[event.pcr] != nil : isLabelled && labelledSeparators.contains(event.pcr)
        if isSecond { violate(.separatorRepeated, event, index) }
        if isLabelled { labelledSeparators.insert(event.pcr) }
        separators[event.pcr] = separators[event.pcr] ?? index
    }

    private mutating func noteCall(_ event: EventLog.Event, _ index: Int) {
        if !called, applicationStarted { violate(.applicationBeforeCall, event, index) }
        called = true
    }
}
