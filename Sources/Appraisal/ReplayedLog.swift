import AttestationResults
public import Messages

/// An event log, parsed, replayed and read once, so that it can be kept under its digest and serve every later quote.
public struct ReplayedLog: Sendable {
    /// SHA-256 of its bytes.
    public let digest: ContentDigest
    /// The PCRs it was replayed for.
    public let selection: PCRSet

    /// Replays a log for the PCRs of a selection; one that cannot be read is kept as that.
    public init(_ bytes: [UInt8], selection: PCRSet) {
        digest = ContentDigest(of: bytes)
        self.selection = selection
    }

    var facts: LogFacts { LogFacts() }
    func unexplained(in pcrs: PCRValues) -> [Int] { [] }
}

struct LogFacts {
    var attested: AttestedFacts {
        AttestedFacts(secureBoot: nil, firmwareVersion: nil, kernelCommandLine: nil)
    }
    func contradictions(to required: BootFactRequirements) -> [String] { ["no facts are known yet"] }
}

/// E1 to E4.
enum LogChecks {
    static func form(_ log: ReplayedLog) -> Reason? { Reason(.logMalformed, "logs are not read yet") }
    static func replay(_ log: ReplayedLog, leadsTo: PCRValues) -> Reason? { nil }
    static func order(_ log: ReplayedLog) -> Reason? { nil }
}
