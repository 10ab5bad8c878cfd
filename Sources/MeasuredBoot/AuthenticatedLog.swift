public import TPMWire
import Wording

/// A log whose replay equals the PCR values of a quote: its digests are what the machine measured.
///
/// That holds for the PCRs in `pcrs`, and for the order of the events within each of them. It does not hold for event
/// types, for the order of events of different PCRs, or for data, unless the data hashes to its event's digest.
public struct AuthenticatedLog: Sendable {
    public let log: EventLog
    public let bank: AlgorithmID
    /// The PCRs that were compared.
    public let pcrs: PCRMask
    let hash: BankHash
    let place: DigestPlace

    fileprivate init?(_ replay: Replay, pcrs: PCRMask) {
        guard let hash = BankHash(replay.bank), let place = replay.log.place(of: replay.bank) else { return nil }
        log = replay.log
        bank = replay.bank
        self.hash = hash
        self.place = place
        self.pcrs = pcrs
    }

    /// Treats every replayable PCR out of some as if a quote had confirmed it.
    ///
    /// What it then says holds of no machine, unless somebody compares a quote with the replay: it is for showing a log to
    /// a person, and for reading a log once that many quotes will be compared with.
    public init?(unconfirmed replay: Replay, pcrs: PCRMask = PCRMask(EventLogBounds.pcrs)) {
        self.init(replay, pcrs: pcrs.subtracting(replay.blocked))
    }

    /// Where an event's digest stands in the log's bytes, when it was measured into a PCR that was confirmed.
    func digestOffset(of event: EventLog.Event, _ bytes: Span<UInt8>) -> Int? {
        guard pcrs.contains(event.pcr), event.isExtended else { return nil }
        return place.offset(of: event, bytes)
    }

    /// The digest of an event, when it was measured in this bank into a PCR that was confirmed.
    func digest(of event: EventLog.Event) -> ArraySlice<UInt8>? {
        digestOffset(of: event, log.bytes.span).map { log.bytes[$0..<$0 + place.size] }
    }

    /// Whether some bytes are what was measured by an event of a confirmed PCR.
    func isMeasured(_ data: ArraySlice<UInt8>, by event: EventLog.Event) -> Bool {
        isMeasured(data.span, by: event)
    }

    /// Whether some bytes of the log are what was measured by an event of a confirmed PCR.
    func isMeasured(_ range: Range<Int>, by event: EventLog.Event) -> Bool {
        isMeasured(log.bytes.span.extracting(range), by: event)
    }

    private func isMeasured(_ data: Span<UInt8>, by event: EventLog.Event) -> Bool {
        let bytes = log.bytes.span
        guard let digest = digestOffset(of: event, bytes) else { return false }
        return hash.isDigest(bytes.extracting(digest..<digest + place.size), of: data)
    }

    /// The data of an event, when it hashes to the event's digest.
    func authenticData(of event: EventLog.Event) -> ArraySlice<UInt8>? {
        isMeasured(event.data, by: event) ? log.unverifiedData(of: event) : nil
    }
}

/// Why a log does not belong to a quote.
public struct ReplayMismatch: Error, Hashable, Sendable {
    /// The PCRs that differ, ascending; never empty.
    public let pcrs: [DifferingPCR]

    /// One PCR whose quoted value the log does not lead to.
    public struct DifferingPCR: Hashable, Sendable {
        public let pcr: Int
        /// The value the log leads to; nil when an obstacle keeps the PCR from being replayed.
        public let replayed: [UInt8]?
        public let quoted: [UInt8]
        public let explanation: Explanation
    }

    /// What would explain the difference; none of them is accepted.
    public enum Explanation: Hashable, Sendable {
        /// The quoted value is not one of this bank's size.
        case wrongSize
        /// An event keeps the PCR from being replayed.
        case obstacle(Replay.Obstacle)
        /// The PCR was extended, and the log has no event for it.
        case eventsMissing
        /// The log leads to the value from another start-up locality: its StartupLocality event is missing or false.
        case startupLocality(UInt8)
        /// The firmware measured ExitBootServices and left it out of its log.
        case exitBootServicesOmitted
        /// Only the first events were measured: those after them were added to the log or belong to a later moment.
        case prefix(events: Int)
        /// Events were changed, removed or added.
        case unexplained
    }
}

extension Replay {
    /// Compares the replay with the PCR values of a verified quote.
    ///
    /// - Parameter quoted: the values of the PCRs that the log is to account for, in this replay's bank. A PCR that
    ///   the log has no events for must have its reset value.
    public func authenticated(by quoted: [Int: [UInt8]]) -> Result<AuthenticatedLog, ReplayMismatch> {
        var differing: [ReplayMismatch.DifferingPCR] = []
        for (pcr, value) in quoted where self.value(of: pcr) != value[...] {
            differing.append(
                ReplayMismatch.DifferingPCR(
                    pcr: pcr,
                    replayed: self.value(of: pcr).map(Array.init),
                    quoted: value,
                    explanation: explanation(of: value, for: pcr)
                )
            )
        }
        guard differing.isEmpty, let confirmed = AuthenticatedLog(self, pcrs: PCRMask(quoted.keys)) else {
            return .failure(ReplayMismatch(pcrs: differing.sorted { $0.pcr < $1.pcr }))
        }
        return .success(confirmed)
    }

    private func explanation(of quoted: [UInt8], for pcr: Int) -> ReplayMismatch.Explanation {
        guard let hash = BankHash(bank), quoted.count == hash.digestSize else { return .wrongSize }
        if let obstacle = obstacles.first(where: { $0.pcr == pcr }) { return .obstacle(obstacle) }
        guard extended.contains(pcr), let final = value(of: pcr) else { return .eventsMissing }
        let digests = log.events.lazy.filter { $0.pcr == pcr && $0.isExtended }
            .compactMap { log.digest(of: $0, in: bank) }
        if pcr == 0 {
            for locality: UInt8 in [0, 3, 4] {
                var value = [UInt8](repeating: 0, count: hash.digestSize - 1) + [locality]
                for digest in digests { value = hash.extend(value, by: digest) }
                if value == quoted { return .startupLocality(locality) }
            }
        }
        if pcr == 5 {
            let known = KnownDigests.of(hash)
            let invoked = hash.extend(final, by: known.digest(of: .exitBootServicesInvocation))
            if hash.extend(invoked, by: known.digest(of: .exitBootServicesSuccess)) == quoted {
                return .exitBootServicesOmitted
            }
        }
        // PCR 0 may begin at a locality; a prefix of it is then not recognised and the difference stays unexplained.
        var value = [UInt8](repeating: (17...22).contains(pcr) ? 0xFF : 0x00, count: hash.digestSize)
        for (count, digest) in digests.enumerated() {
            if value == quoted { return .prefix(events: count) }
            value = hash.extend(value, by: digest)
        }
        return .unexplained
    }
}

extension ReplayMismatch.DifferingPCR: CustomStringConvertible {
    public var description: String {
        switch explanation {
        case .wrongSize: "PCR \(pcr): the quoted value is not of the bank's size"
        case .obstacle(let obstacle): obstacle.description
        case .eventsMissing: "PCR \(pcr) was extended, but the log has no event for it"
        case .startupLocality(let locality):
            "PCR \(pcr) would replay from start-up locality \(locality), which the log does not state"
        case .exitBootServicesOmitted:
            "PCR \(pcr) would replay with the two ExitBootServices events, which this firmware left out of its log"
        case .prefix(let events):
            "PCR \(pcr) is reached by its first \(Counted.of(events, "event")); what follows was not measured when it was quoted"
        case .unexplained: "PCR \(pcr) does not replay: events were changed, removed or added"
        }
    }
}
