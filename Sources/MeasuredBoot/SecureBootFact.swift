/// Whether Secure Boot was on, as PCR 7 proves it.
public struct SecureBootFact: Hashable, Sendable {
    public enum State: String, Hashable, Sendable {
        case enabled
        case disabled
        case unknown
    }

    /// Why the state is unknown.
    public enum Cause: String, Hashable, Sendable {
        case pcrNotConfirmed = "PCR 7 was not quoted or does not replay"
        case orderViolated = "the events of PCR 7 are not in the specified order"
        case separatorMissing = "PCR 7 has no separator, so what firmware measured cannot be told from what came later"
        case variableMissing = "no authentic SecureBoot variable was measured before the separator"
        case variableRepeated = "the SecureBoot variable was measured more than once"
        case variableEmpty = "the SecureBoot variable was measured without a value"
        case variableMalformed = "the SecureBoot variable has a value that is neither 0 nor 1"
    }

    public let state: State
    /// The index of the event with the variable; nil when there is no single authentic one.
    public let event: Int?
    /// Why the state is unknown; nil when it is known.
    public let cause: Cause?

    static let pcr = 7

    private init(_ cause: Cause, event: Int? = nil) {
        state = .unknown
        self.event = event
        self.cause = cause
    }

    init(_ log: AuthenticatedLog, _ order: inout BootOrder) {
        guard log.pcrs.contains(Self.pcr) else {
            self.init(.pcrNotConfirmed)
            return
        }
        var found: [Fact<Range<Int>>] = []
        let bytes = log.log.bytes.span
        let events = log.log.events.span
        for index in events.indices where events[index].pcr == Self.pcr && events[index].isExtended {
            let event = events[index]
            guard let variable = VariableData(bytes, in: event.data), variable.isNamed(.secureBoot, bytes) else {
                continue
            }
            if let separator = order.separators[Self.pcr], index > separator {
                order.violate(.variableAfterSeparator, event, index)
            } else if log.authenticData(of: event) != nil {
                found.append(Fact(variable.contents, event: index))
            }
        }
        if order.violations.contains(where: { $0.pcr == Self.pcr }) {
            self.init(.orderViolated)
        } else if order.separators[Self.pcr] == nil {
            self.init(.separatorMissing)
        } else if let variable = found.first, found.count == 1 {
            switch Array(log.log.bytes[variable.value]) {
            case [0x00]: self.init(state: .disabled, event: variable.event)
            case [0x01]: self.init(state: .enabled, event: variable.event)
            case []: self.init(.variableEmpty, event: variable.event)
            default: self.init(.variableMalformed, event: variable.event)
            }
        } else {
            self.init(found.isEmpty ? .variableMissing : .variableRepeated)
        }
    }

    private init(state: State, event: Int) {
        self.state = state
        self.event = event
        cause = nil
    }
}

/// A variable of Secure Boot as the firmware measured it.
public struct MeasuredVariable: Hashable, Sendable {
    public let variable: SecureBootVariable
    /// The digest of the variable with its name, in the log's bank.
    public let digest: [UInt8]
    /// The variable's value; a list of keys or hashes is read by `SignatureDatabase`.
    public let contents: ArraySlice<UInt8>
    /// The index of the event in the log.
    public let event: Int
}

/// What vouched for an image that was started (EV_EFI_VARIABLE_AUTHORITY).
public struct Authority: Hashable, Sendable {
    /// The variable or list the authority was found in, such as `db`, `MokList` or `Shim`.
    public let name: String
    /// The entry of that list: EFI_SIGNATURE_DATA, or from shim a bare certificate or text.
    public let entry: ArraySlice<UInt8>
    /// The digest of the authority with its name, in the log's bank.
    public let digest: [UInt8]
    /// The index of the event in the log.
    public let event: Int
}

extension BootFacts {
    /// A variable as firmware measured it before the separator of PCR 7; nil unless it did so exactly once.
    ///
    /// Costs one hash of the variable: `dbx` has 4 to 20 KB.
    public func variable(_ wanted: SecureBootVariable) -> MeasuredVariable? {
        var found: MeasuredVariable?
        let bytes = log.log.bytes.span
        for (index, event) in log.log.events.enumerated()
        where event.pcr == SecureBootFact.pcr && order.isBeforeSeparator(event, index) {
            guard let variable = VariableData(bytes, in: event.data), variable.isNamed(wanted, bytes),
                log.authenticData(of: event) != nil, let digest = log.digest(of: event)
            else { continue }
            guard found == nil else { return nil }
            found = MeasuredVariable(
                variable: wanted,
                digest: Array(digest),
                contents: log.log.bytes[variable.contents],
                event: index
            )
        }
        return found
    }

    /// The authorities after the separator of PCR 7, in the order in which they were first used.
    ///
    /// An operating system can add to this list, so it tells what was used at the most.
    public func authorities() -> [Authority] {
        let bytes = log.log.bytes.span
        var authorities: [Authority] = []
        for (index, event) in log.log.events.enumerated()
        where event.pcr == SecureBootFact.pcr && !order.isBeforeSeparator(event, index) {
            guard let variable = VariableData(bytes, in: event.data, slack: Self.shimSlack),
                let digest = log.digest(of: event), isAuthority(event),
                let name = EventText.utf16(log.log.bytes[variable.name])
            else { continue }
            authorities.append(
                Authority(
                    name: name,
                    entry: log.log.bytes[variable.contents],
                    digest: Array(digest),
                    event: index
                )
            )
        }
        return authorities
    }

    /// The authority that stands last before an image in the log.
    ///
    /// No PCR covers the order of events of different PCRs: this is for people, never for a policy.
    /// - Parameter authorities: ``authorities()``, which hashes all of them: a log can have thousands, and as many images.
    public func unverifiedAuthority(of image: MeasuredImage, among authorities: [Authority]) -> Authority? {
        authorities.last { $0.event < image.event }
    }

    /// Old versions of shim counted the padding of a C structure into its record, and measured all of that but the last byte.
    private static let shimSlack = 6

    private func isAuthority(_ event: EventLog.Event) -> Bool {
        let data = log.log.unverifiedData(of: event)
        return log.isMeasured(data, by: event) || log.isMeasured(data.dropLast(), by: event)
    }
}
