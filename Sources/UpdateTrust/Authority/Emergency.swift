public import Messages

/// A named person says that one release cannot wait for a window, or for somebody to look at a halted rollout.
///
/// One person lifts nothing by it: two different ones have to say so.
public struct Emergency: Hashable, Sendable, Codable {
    /// The release: SHA-256 of its signed payload.
    public var release: ContentDigest
    /// What it is to lift.
    public var overrides: [EmergencyOverride]
    /// Who.
    public var by: Label
    /// Why.
    public var reason: Remark
    /// The first second, since 1970, at which it is over.
    public var until: Int64

    /// The most bytes of the JSON form.
    public static let maximumSize = 4096
    /// How many different people it takes.
    public static let people = 2

    /// States a declaration.
    /// - Parameter now: seconds since 1970 at which it was made.
    public init?(_ order: EmergencyOrder, by: Label, at now: Int64) {
        let (until, overflow) = now.addingReportingOverflow(Int64(order.hours) * 3600)
        guard !overflow else { return nil }
        release = order.release
        overrides = order.overrides
        self.by = by
        reason = order.reason
        self.until = until
    }
}

/// A declaration, and where the ledger has it.
public struct RecordedEmergency: Hashable, Sendable, Codable {
    /// The declaration.
    public var emergency: Emergency
    /// SHA-256 of its entry.
    public var entry: ContentDigest

    /// Joins both.
    public init(_ emergency: Emergency, entry: ContentDigest) {
        self.emergency = emergency
        self.entry = entry
    }
}

extension [RecordedEmergency] {
    /// The declarations by which something is lifted for a release now, of so many people as it takes: those that hold longest.
    ///
    /// Empty when nothing is lifted.
    func lifting(_ what: EmergencyOverride, of release: ContentDigest, at now: Int64) -> [RecordedEmergency] {
        var people: [Label: RecordedEmergency] = [:]
        for recorded in self {
            let emergency = recorded.emergency
            guard emergency.release == release, emergency.overrides.contains(what),
                emergency.until > people[emergency.by]?.emergency.until ?? now
            else { continue }
            people[emergency.by] = recorded
        }
        guard people.count >= Emergency.people else { return [] }
        let longest = people.values.sorted {
            ($1.emergency.until, $0.emergency.by) < ($0.emergency.until, $1.emergency.by)
        }
        return longest.prefix(Emergency.people).sorted { $0.emergency.by < $1.emergency.by }
    }

    /// All that is lifted now.
    public func inForce(at now: Int64) -> [EmergencyInForce] {
        Set(map(\.emergency.release)).sorted().flatMap { release in
            EmergencyOverride.allCases.compactMap { what -> EmergencyInForce? in
                let declared = lifting(what, of: release, at: now)
                guard let until = declared.map(\.emergency.until).min() else { return nil }
                return EmergencyInForce(
                    release: release,
                    lifts: what,
                    by: declared.map(\.emergency.by),
                    until: until
                )
            }
        }
    }
}
