import MeasuredBoot
import TPMWire

extension ParserTarget {
    static let eventLogs = [
        ParserTarget("event-log", longestInput: 16 << 10) { (input) throws(BrokenProperty) in
            guard let log = try? EventLog(parsing: input) else { return false }
            try hold(log.bytes == input, "a log keeps the bytes it was read from")
            try holdEveryByteAccountedFor(log)
            try hold((try? EventLog(parsing: input + [1, 2, 3])) == nil, "bytes behind the last event are refused")
            for bank in log.banks { try holdReplay(log, bank) }
            return true
        }
    ]

    /// Events follow one another without gap or overlap, from the first byte to padding or the end.
    private static func holdEveryByteAccountedFor(_ log: EventLog) throws(BrokenProperty) {
        var end = 0
        for (index, event) in log.events.enumerated() {
            let start = end
            if log.format == .sha1Legacy {
                end += 32
            } else if index == 0 {
                end += 32
            } else {
                end += 12 + 4
                for bank in log.banks { end += log.digest(of: event, in: bank).map { 2 + $0.count } ?? 0 }
            }
            try hold(event.data.lowerBound == end, "event \(index) begins at \(start), where the one before it ends")
            end = event.data.upperBound
            for case .vendorInformationOutsideHeader(let bytes) in log.leniencies where index == 0 { end += bytes }
            try hold(EventLogBounds.pcrs.contains(event.pcr), "event \(index) is on a PCR")
        }
        var tail = 0
        for leniency in log.leniencies {
            switch leniency {
            case .trailingPadding(let bytes): tail += bytes
            // Records that are not kept: their size is not known here.
            case .windowsTrustPoints: return
            case .vendorInformationOutsideHeader, .digestsOmitted: break
            }
        }
        try hold(end + tail == log.bytes.count, "every byte of a log is an event or named padding")
    }

    /// A replay equals one made from its digests in the plainest way, confirms itself, and bears every question.
    private static func holdReplay(_ log: EventLog, _ bank: AlgorithmID) throws(BrokenProperty) {
        guard let replay = try? Replay(log, bank: bank) else { return }
        var quoted: [Int: [UInt8]] = [:]
        for pcr in EventLogBounds.pcrs {
            guard let value = replay.value(of: pcr) else { continue }
            try hold(value.count == bank.digestSize, "a PCR is as long as a digest of its bank")
            quoted[pcr] = Array(value)
            // PCR 0 does not begin with zeros always; the others do, or with ones.
            if pcr > 0 {
                let plain = PlainReplay.value(of: pcr, in: log, bank)
                try hold(plain == nil || plain == quoted[pcr], "PCR \(pcr) is what its digests add up to")
            }
        }
        if case .success(let authentic) = replay.authenticated(by: quoted) { askEverything(of: authentic) }
        if let unconfirmed = AuthenticatedLog(unconfirmed: replay) { askEverything(of: unconfirmed) }
        if replay.obstacles.isEmpty {
            guard case .success = replay.authenticated(by: quoted) else {
                throw BrokenProperty("a replay without obstacle equals itself")
            }
        }
        if let (pcr, value) = quoted.first(where: { replay.extended.contains($0.key) }), let first = value.first {
            quoted[pcr] = [first ^ 1] + value.dropFirst()
            guard case .failure = replay.authenticated(by: quoted) else {
                throw BrokenProperty("a quote with another PCR \(pcr) does not confirm the log")
            }
        }
    }

    private static func askEverything(of log: AuthenticatedLog) {
        let facts = BootFacts(log)
        _ = (facts.kernelCommandLine(), facts.grubCommands())
    }
}
