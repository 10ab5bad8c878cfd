public import TPMWire

/// The first place at which one PCR of a log departs from another log.
public struct LogDifference: Hashable, Sendable {
    public let pcr: Int
    /// How many events of this PCR are equal before it.
    public let position: Int
    /// The index of the event in the expected log; nil when that has no further event for the PCR.
    public let expected: Int?
    /// The index of the event in the actual log; nil when that has no further event for the PCR.
    public let actual: Int?

    /// The first difference of each PCR, ascending; digests are compared, types and data are not.
    ///
    /// - Returns: nil when one of the logs does not have the bank.
    public static func between(
        expected: EventLog,
        actual: EventLog,
        bank: AlgorithmID
    ) -> [LogDifference]? {
        guard expected.banks.contains(bank), actual.banks.contains(bank) else { return nil }
        let left = eventsByPCR(expected)
        let right = eventsByPCR(actual)
        return EventLogBounds.pcrs.compactMap { pcr in
            let count = max(left[pcr].count, right[pcr].count)
            for position in 0..<count {
                let one = position < left[pcr].count ? left[pcr][position] : nil
                let other = position < right[pcr].count ? right[pcr][position] : nil
                if let one, let other,
                    expected.digest(of: expected.events[one], in: bank)
                        == actual.digest(of: actual.events[other], in: bank)
                {
                    continue
                }
                return LogDifference(pcr: pcr, position: position, expected: one, actual: other)
            }
            return nil
        }
    }

    private static func eventsByPCR(_ log: EventLog) -> [[Int]] {
        var events = [[Int]](repeating: [], count: EventLogBounds.pcrs.count)
        for (index, event) in log.events.enumerated() where event.isExtended { events[event.pcr].append(index) }
        return events
    }
}
