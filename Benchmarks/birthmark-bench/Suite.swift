/// Measurements that are made together.
struct Suite: Sendable {
    /// What the names of its measurements begin with.
    let name: String
    /// Where the page speaks of them.
    let section: PageSection
    /// How long it takes on two idle cores, about.
    let minutes: Double
    let run: @Sendable (_ name: String) async throws -> [Measurement]

    init(
        name: String,
        in section: PageSection,
        minutes: Double = 0.1,
        run: @escaping @Sendable (_ name: String) async throws -> [Measurement]
    ) {
        self.name = name
        self.section = section
        self.minutes = minutes
        self.run = run
    }

    static func all(_ sizes: FleetSizes) -> [Suite] {
        [IMABench.memorySuite] + AppraisalBench.suites + IMABench.suites + EndorsementBench.suites
            + ServiceBench.suites + RenewalBench.suites + LeaseBench.suites(sizes) + RecordBench.suites(sizes)
            + AppendBench.suites + ProofBench.suites(sizes) + AuditBench.suites
            + BirthBench.suites + LineBench.suites + ModelBench.suites
    }
}

/// A section of Benchmarks/README.md, by the anchor of its heading: what its figures are, and where the time goes.
enum PageSection: String, Codable {
    case appraisal
    case linux = "what-linux-measured"
    case certificates = "ek-certificates"
    case grant = "one-grant-through-the-service"
    case ledger = "the-ledger"
    case renewals
    case leases = "leases-that-run-out-together"
    case record = "a-record-of-a-million-devices"
    case birth = "one-birth"
    case line = "a-line-of-births"
    case model = "what-a-line-of-hardware-tpms-would-see"
}
