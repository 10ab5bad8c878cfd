import FoundationEssentials
import Messages
import UpdateTrust

extension ParserTarget {
    static let messages = [
        canonical("evidence", longestInput: 8192) { try? Evidence(parsing: $0) },
        canonical("decision-request", longestInput: DecisionRequest.maximumSize) { try? DecisionRequest(parsing: $0) },
        canonical("challenge-request", longestInput: ChallengeRequest.maximumSize) {
            try? ChallengeRequest(parsing: $0)
        },
        canonical("enrolment-request", longestInput: 4096) { try? EnrolmentRequest(parsing: $0) },
        canonical("enrolment-answer", longestInput: 4096) { try? EnrolmentAnswer(parsing: $0) },
        canonical("birth-bundle", longestInput: 8192) { try? BirthBundle(parsing: $0) },
        canonical("bundle-manifest", longestInput: 4096) { try? BundleList(parsing: $0) },
        stationKeys,
        canonical("rework", longestInput: Rework.maximumSize) { try? Rework(parsing: $0) },
        canonical("restoration", longestInput: Restoration.maximumSize) { try? Restoration(parsing: $0) },
        canonical("birth-record", longestInput: 8192) { try? BirthRecord(parsing: $0) },
        canonical("birth-tag", longestInput: BirthTag.maximumSize) { try? BirthTag(parsing: $0) },
        canonical("release-envelope", longestInput: 4096) { try? SignedEnvelope(parsing: $0) },
        canonical("release", longestInput: 4096) { try? Release(parsing: $0) },
        canonical("rollout-order", longestInput: 4096) { try? RolloutOrder(parsing: $0) },
        canonical("trust-chain", longestInput: 8192) { try? TrustChain(parsing: $0) },
        canonical("compromise-order", longestInput: CompromiseOrder.maximumSize) {
            try? CompromiseOrder(parsing: $0)
        },
        canonical("policy-order", longestInput: 4096) { try? PolicyOrder(parsing: $0) },
        canonical("freshness", longestInput: Freshness.maximumSize) { try? Freshness(parsing: $0) },
        canonical("grant-file", longestInput: 8192) { try? GrantFile(parsing: $0) },
        canonical("ledger-entry", longestInput: 8192) { try? LedgerEntry(parsing: $0) },
    ]

    /// The stations that a verifier trusts: a file that people join, in any layout.
    private static let stationKeys = ParserTarget("station-keys", longestInput: 4096) {
        (input) throws(BrokenProperty) in
        guard let keys = try? StationKeys(parsing: input) else { return false }
        for tail in [[0x00], Array("}".utf8), Array("0".utf8), input] as [[UInt8]] {
            try hold(
                (try? StationKeys(parsing: input + tail)) == nil,
                "nothing but white space may follow the stations"
            )
        }
        try hold((try? StationKeys(parsing: input + [0x0A])) == keys, "layout does not change the stations")
        guard let written = try? EditedJSON.encode(keys) else { throw BrokenProperty("every list can be written") }
        try hold((try? StationKeys(parsing: written)) == keys, "a list says the same as it is written")
        for station in keys.stations {
            try hold(keys.station(keyID: station.key.id) == station, "each station is found by its own key")
            try hold(station.isValid(at: station.from), "no station's time is over before it begins")
            try hold(!station.isValid(at: station.until), "every station's time ends")
        }
        return true
    }

    /// A message in canonical JSON: one text for each meaning.
    static func canonical<Message: Codable & Hashable & Sendable>(
        _ name: String,
        longestInput: Int,
        parse: @escaping @Sendable ([UInt8]) -> Message?
    ) -> ParserTarget {
        ParserTarget(name, longestInput: longestInput) { (input) throws(BrokenProperty) in
            guard let message = parse(input) else { return false }
            try hold((try? CanonicalJSON.encode(message)) == input, "what is read is written back byte for byte")
            for tail in [[0x20], [0x0A], [0x00], Array("}".utf8), Array("0".utf8), input] as [[UInt8]] {
                try hold(parse(input + tail) == nil, "nothing may follow a message")
            }
            try hold(parse([0x20] + input) == nil, "nothing may stand before a message")
            // Another reader, which knows nothing of canonical form, finds the same meaning.
            let other = try? JSONDecoder().decode(Message.self, from: Data(input))
            try hold(other == message, "every reader of JSON finds the same meaning")
            return true
        }
    }
}
