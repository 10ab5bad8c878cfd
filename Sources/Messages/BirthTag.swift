/// What an instance knows of itself without a disk: written to TPM NV at birth and locked there.
///
/// The IAK's own Name is held against `instance`, so a tag copied into another TPM names nobody.
public struct BirthTag: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance.
    public var instance: InstanceID
    /// The serial number.
    public var serial: Label
    /// The NV counters and their bases.
    public var counters: BornCounters
    /// The PCRs that this instance quotes.
    public var selection: PCRSet
    /// The persistent handle of the attestation key.
    public var iakHandle: UInt32
    /// The provisioning profile it was born by.
    public var profile: Label
    /// The persistent handle of the identity key; absent in tags of stations that did not write it.
    public var idevidHandle: UInt32?
    /// The NV indices of both keys' certificates; absent like the handle.
    public var certificates: [UInt32]?
    /// When the instance was taken over from another owner, in seconds since 1970; absent for the first owner's.
    ///
    /// So an agent knows what the former owner's agent has left on the disk from its own.
    public var takenOver: Int64?

    /// The NV index in the range kept for Linux (0x01D10200 to 0x01D105FF), beside our counters.
    public static let defaultIndex: UInt32 = 0x01D1_0242
    /// What TPM2_NV_Read gives in one command on every PC Client TPM (MAX_NV_BUFFER_SIZE is at least 1024).
    public static let maximumSize = 1024
    private static let maximumCertificates = 2

    /// Joins the parts.
    public init(
        instance: InstanceID,
        serial: Label,
        counters: BornCounters,
        selection: PCRSet,
        iakHandle: UInt32,
        profile: Label,
        idevidHandle: UInt32? = nil,
        certificates: [UInt32]? = nil,
        takenOver: Int64? = nil
    ) {
        self.formatVersion = 1
        self.instance = instance
        self.serial = serial
        self.counters = counters
        self.selection = selection
        self.iakHandle = iakHandle
        self.profile = profile
        self.idevidHandle = idevidHandle
        self.certificates = certificates
        self.takenOver = takenOver
    }

    /// Reads a tag as NV holds it.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(BirthTag.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "birth tag format \(formatVersion) is not known here")
        }
        guard certificates.map({ $0.count <= Self.maximumCertificates }) ?? true else {
            throw MessageError(.outOfRange, "a birth tag names the certificates of two keys")
        }
    }
}
