/// The factory's statement about one instance, signed in an envelope by a station's key.
public struct BirthRecord: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The instance: derived from the IAK's Name, and held to it when the record is read.
    public var instance: InstanceID
    /// The serial number.
    public var serial: Label
    /// The model.
    public var model: Label
    /// The hardware revision.
    public var hardwareRevision: Label
    /// Where it may run (for example `production`, `lab`): from the record, never from a request.
    public var environment: Label
    /// How it proves itself.
    public var tier: Tier
    /// The provisioning profile it was born by.
    public var profile: Label
    /// When, in seconds since 1970.
    public var bornAt: Int64
    /// The station that signed.
    public var station: Label
    /// The instance that had the serial number before, when its board was swapped; a verifier retires it.
    public var replaces: Replacement?
    /// The retired instance that this TPM was before, whose keys were others; absent in a TPM's first life.
    public var follows: Replacement?
    /// The former owner's instance, whose keys these are; absent when the TPM had no owner before.
    public var takesOver: Takeover?
    /// The package it was born with.
    public var bornWith: BornWith
    /// The endorsement key.
    public var ek: BornKey
    /// The attestation key: restricted, quotes only.
    public var iak: BornKey
    /// The identity key: unrestricted, authenticates connections.
    public var idevid: BornKey
    /// CA certificates from the TPM's own NV (0x01C00100 and up), in DER: they help on the way to a vendor's root, and are
    /// trusted by nobody.
    public var endorsementIntermediates: [Blob]
    /// What stood in unique.y of the ECC templates of IAK and IDevID; absent for RSA.
    ///
    /// Another value makes other keys.
    public var eccUniqueY: ECCUniqueY?
    /// How the residency of both keys beside the EK was proven.
    public var residency: Residency
    /// The NV counters.
    public var counters: BornCounters
    /// What the TPM says it is.
    public var tpm: TPMIdentity
    /// The PCRs that this instance quotes.
    public var selection: PCRSet
    /// The PCR of the selection that Linux extends while it runs; absent when the instance quotes none.
    ///
    /// Its value is not part of any boot: a list explains it, and every policy rule says what may stand there.
    public var imaPCR: Int?
    /// The first measured boot.
    public var firstBoot: FirstBoot
    /// The advisories about this TPM's firmware that were let pass by name; absent when none was.
    public var waivedAdvisories: [AdvisoryWaiver]?

    /// DSSE payload type.
    public static let payloadType = "application/vnd.birthmark.birth.v1+json"
    /// The most bytes of a payload; a real one has about 8 KB.
    static let maximumSize = 64 << 10

    /// Chains that vendors ship have up to four certificates of up to 1.5 KB.
    static let maximumIntermediates = 8
    /// The most bytes of all of them together.
    static let maximumIntermediateBytes = 16 << 10

    /// Reads a payload whose signature was checked, and holds its parts to one another as far as no cryptography is needed.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(BirthRecord.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "birth record format \(formatVersion) is not known here")
        }
        guard tier != .compensated else {
            throw MessageError(.outOfRange, "an instance with a TPM is not of the tier \(Tier.compensated.rawValue)")
        }
        guard instance == InstanceID(iakName: iak.name.bytes) else {
            throw MessageError(.outOfRange, "the instance id does not follow from the IAK's Name")
        }
        guard firstBoot.pcrs.bank == selection.bank, firstBoot.pcrs.values.keys.sorted() == selection.pcrs else {
            throw MessageError(.outOfRange, "the first boot's PCRs are not the selection's")
        }
        guard Set([ek.name, iak.name, idevid.name]).count == 3, Set([ek.handle, iak.handle, idevid.handle]).count == 3
        else { throw MessageError(.outOfRange, "EK, IAK and IDevID are three keys at three handles") }
        guard endorsementIntermediates.count <= Self.maximumIntermediates,
            endorsementIntermediates.reduce(0, { $0 + $1.bytes.count }) <= Self.maximumIntermediateBytes
        else { throw MessageError(.outOfRange, "more intermediate endorsement certificates than are accepted") }
        guard (iak.template.text == Self.rsaTemplate) == (eccUniqueY == nil) else {
            throw MessageError(.outOfRange, "\"eccUniqueY\" stands in the records of ECC keys, and in no others")
        }
        guard imaPCR.map({ Self.imaPCRs.contains($0) && selection.pcrs.contains($0) }) ?? true else {
            throw MessageError(.outOfRange, "\"imaPCR\" is one of the selection, and not one of the firmware's")
        }
        guard waivedAdvisories.map({ (1...AdvisoryWaiver.maximumCount).contains($0.count) }) ?? true else {
            throw MessageError(.outOfRange, "\"waivedAdvisories\" is there when there are some, and not without bound")
        }
        guard counters.securityFloor.index != counters.grants.index else {
            throw MessageError(.outOfRange, "both counters are at one NV index")
        }
        guard replaces?.instance != instance else {
            throw MessageError(.outOfRange, "an instance cannot replace itself")
        }
        try checkTakeover()
        guard let follows else { return }
        guard follows.instance != instance, follows.instance != replaces?.instance else {
            throw MessageError(
                .outOfRange,
                "an instance follows another one, which had another TPM than the one it replaces"
            )
        }
    }

    /// What a kernel can be built to extend (CONFIG_IMA_MEASURE_PCR_IDX).
    public static let imaPCRs = 8...14
    /// TCG Keys for Device Identity, template H-1.
    private static let rsaTemplate = "H-1"

    /// Joins the parts of a birth.
    public init(
        serial: Label,
        model: Label,
        hardwareRevision: Label,
        environment: Label,
        tier: Tier,
        profile: Label,
        bornAt: Int64,
        station: Label,
        replaces: Replacement? = nil,
        follows: Replacement? = nil,
        takesOver: Takeover? = nil,
        bornWith: BornWith,
        ek: BornKey,
        iak: BornKey,
        idevid: BornKey,
        endorsementIntermediates: [Blob] = [],
        eccUniqueY: ECCUniqueY?,
        residency: Residency,
        counters: BornCounters,
        tpm: TPMIdentity,
        selection: PCRSet,
        imaPCR: Int? = nil,
        firstBoot: FirstBoot,
        waivedAdvisories: [AdvisoryWaiver]? = nil
    ) {
        self.formatVersion = 1
        self.instance = InstanceID(iakName: iak.name.bytes)
        self.serial = serial
        self.model = model
        self.hardwareRevision = hardwareRevision
        self.environment = environment
        self.tier = tier
        self.profile = profile
        self.bornAt = bornAt
        self.station = station
        self.replaces = replaces
        self.follows = follows
        self.takesOver = takesOver
        self.bornWith = bornWith
        self.ek = ek
        self.iak = iak
        self.idevid = idevid
        self.endorsementIntermediates = endorsementIntermediates
        self.eccUniqueY = eccUniqueY
        self.residency = residency
        self.counters = counters
        self.tpm = tpm
        self.selection = selection
        self.imaPCR = imaPCR
        self.firstBoot = firstBoot
        self.waivedAdvisories = waivedAdvisories
    }
}
