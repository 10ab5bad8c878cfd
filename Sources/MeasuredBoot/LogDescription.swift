public import TPMWire

/// A log as it is shown to a person or a script; nothing in it is confirmed by a quote.
public struct LogDescription: Sendable {
    /// The replayed values of each bank that can be computed, PCR to value, in the header's order of banks.
    public let banks: [(bank: AlgorithmID, values: [Int: [UInt8]])]
    /// The number of events, the header of a crypto-agile log among them.
    public let events: Int
    /// What the log says about Secure Boot, should a quote confirm it.
    public let secureBoot: SecureBootFact
    /// Everything it says about the boot, in the best bank, should a quote confirm it.
    public let facts: BootFacts
    /// What was tolerated, what cannot be replayed, and what is out of order.
    public let warnings: [String]

    /// The banks in which facts are read, the best first.
    private static let preference: [AlgorithmID] = [.sha256, .sha384, .sha512, .sha1]

    /// Replays a log in every bank; nil when it has none that can be computed.
    public init?(_ log: EventLog) {
        var warnings = log.leniencies.map(\.description)
        var replays: [Replay] = []
        for bank in log.banks {
            do {
                let replay = try Replay(log, bank: bank)
                warnings += replay.obstacles.map { "\(bank): \($0)" }
                replays.append(replay)
            } catch {
                warnings.append("\(error)")
            }
        }
        let best = Self.preference.lazy.compactMap { bank in replays.first { $0.bank == bank } }.first
        guard let best, let unconfirmed = AuthenticatedLog(unconfirmed: best) else { return nil }
        let facts = BootFacts(unconfirmed)
        if let cause = facts.secureBoot.cause { warnings.append("Secure Boot is unknown: \(cause.rawValue)") }
        warnings += facts.alarms.map { "event \($0.event): the firmware announces \"\($0.value.rawValue)\"" }
        warnings += facts.violations.map(\.description)
        banks = replays.map { replay in
            (
                replay.bank,
                Dictionary(
                    uniqueKeysWithValues: EventLogBounds.pcrs.compactMap { pcr in
                        replay.value(of: pcr).map { (pcr, Array($0)) }
                    }
                )
            )
        }
        events = log.events.count
        secureBoot = facts.secureBoot
        self.facts = facts
        self.warnings = warnings
    }
}
