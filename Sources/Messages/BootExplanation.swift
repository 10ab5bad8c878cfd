/// Why the boot of an instance was refused, event by event; for operators and auditors, never for a device.
public struct BootExplanation: Hashable, Sendable, Codable {
    /// The instance.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label
    /// When the evidence was refused, in seconds since 1970.
    public var refusedAt: Int64
    /// SHA-256 of the TPMS_ATTEST bytes: names the evidence that an addition to the boot profile is reviewed on.
    public var quote: ContentDigest
    /// SHA-256 of the event log that came with it.
    public var log: ContentDigest?
    /// The log that it is compared with: of the instance's own last accepted boot or its birth, or the release's.
    public var expectedLog: ContentDigest?
    /// The expected boot whose log that is.
    public var expectedBoot: String?
    /// The codes of the reasons.
    public var reasons: [String]
    /// Each boot that was expected, and the PCRs that are not as it says.
    public var boots: [Boot]
    /// The first event that differs, of each PCR that differs.
    public var events: [Difference]
    /// What keeps this from saying more.
    public var notes: [String]

    /// The most bytes accepted: three boots and two events for each of 24 PCRs.
    public static let maximumSize = 256 << 10

    /// One expected boot.
    public struct Boot: Hashable, Sendable, Codable {
        /// `current`, `granted` or `rescue`.
        public var boot: String
        /// The PCRs that differ, ascending.
        public var differing: [PCR]

        /// Joins both.
        public init(boot: String, differing: [PCR]) {
            self.boot = boot
            self.differing = differing
        }
    }

    /// One PCR that differs.
    public struct PCR: Hashable, Sendable, Codable {
        /// The PCR.
        public var pcr: Int
        /// What was expected in it.
        public var expected: HexBytes
        /// What was quoted; absent when it was not.
        public var seen: HexBytes?

        /// Joins the parts.
        public init(pcr: Int, expected: HexBytes, seen: HexBytes?) {
            self.pcr = pcr
            self.expected = expected
            self.seen = seen
        }
    }

    /// The first place at which one PCR's events part.
    public struct Difference: Hashable, Sendable, Codable {
        /// The PCR.
        public var pcr: Int
        /// How many events of it are equal before.
        public var position: Int
        /// What stands there in the expected log; absent when it ends before.
        public var expected: Event?
        /// What came; absent when the log ends before.
        public var seen: Event?

        /// Joins the parts.
        public init(pcr: Int, position: Int, expected: Event?, seen: Event?) {
            self.pcr = pcr
            self.position = position
            self.expected = expected
            self.seen = seen
        }
    }

    /// One event of a log.
    public struct Event: Hashable, Sendable, Codable {
        /// Its index in the log.
        public var event: Int
        /// The kind that the log claims.
        public var type: String
        /// What was extended.
        public var digest: HexBytes?
        /// What it says, in words.
        public var meaning: String?
        /// Whether the words are read from what was measured; otherwise they are a claim of the log.
        public var isMeasured: Bool

        /// Joins the parts.
        public init(event: Int, type: String, digest: HexBytes?, meaning: String?, isMeasured: Bool) {
            self.event = event
            self.type = type
            self.digest = digest
            self.meaning = meaning
            self.isMeasured = isMeasured
        }
    }

    /// Joins the parts.
    public init(
        instance: InstanceID,
        serial: Label,
        refusedAt: Int64,
        quote: ContentDigest,
        log: ContentDigest?,
        expectedLog: ContentDigest?,
        expectedBoot: String?,
        reasons: [String],
        boots: [Boot],
        events: [Difference],
        notes: [String]
    ) {
        self.instance = instance
        self.serial = serial
        self.refusedAt = refusedAt
        self.quote = quote
        self.log = log
        self.expectedLog = expectedLog
        self.expectedBoot = expectedBoot
        self.reasons = reasons
        self.boots = boots
        self.events = events
        self.notes = notes
    }
}

/// `POST /v1/instances/{name}/allow-boot`: an addition to what this instance may boot, reviewed on its refused evidence.
public struct BootAddition: Hashable, Sendable, Codable {
    /// The evidence that was reviewed: SHA-256 of its TPMS_ATTEST bytes.
    public var quote: ContentDigest
    /// The PCRs that may have the values of that evidence from now on, instead of the expected ones; the others stay as they are.
    public var pcrs: [Int]
    /// Why, for the ledger.
    public var reason: Remark

    /// The most bytes of the message.
    public static let maximumSize = 4096

    /// Joins the parts; `nil` when the reason is no `Remark`, or the PCRs are none, repeated or above 23.
    public init?(quote: ContentDigest, pcrs: [Int], reason: String) {
        guard let reason = Remark(reason) else { return nil }
        self.quote = quote
        self.pcrs = pcrs.sorted()
        self.reason = reason
        guard isSound else { return nil }
    }

    private var isSound: Bool {
        PCRSet(bank: .sha256, pcrs: pcrs)?.pcrs == pcrs
    }

    /// Reads the message.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(BootAddition.self, from: bytes, limit: Self.maximumSize)
        guard isSound else {
            throw MessageError(.outOfRange, "an addition names PCRs from 0 to 23, ascending")
        }
    }
}
