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

/// What stands in unique.y of an ECC template (TCG Keys for Device Identity, 7.3.4): implementations differ.
public enum ECCUniqueY: String, Hashable, Sendable, Codable, CaseIterable {
    /// Nothing.
    case empty
    /// The same text as in unique.x.
    case repeated
}

/// The package an instance leaves the line with.
public struct BornWith: Hashable, Sendable, Codable {
    /// The package's name.
    public var name: Label
    /// The version, for people.
    public var version: Label
    /// The security floor at birth.
    public var securityVersion: UInt64

    /// Names a package.
    public init(name: Label, version: Label, securityVersion: UInt64) {
        self.name = name
        self.version = version
        self.securityVersion = securityVersion
    }
}

/// A key born in the TPM.
public struct BornKey: Hashable, Sendable, Codable {
    /// The template it was made from: `L-1`, `L-2`, `H-1`, `H-2`, `H-3`.
    public var template: Label
    /// The persistent handle.
    public var handle: UInt32
    /// TPMT_PUBLIC, exactly.
    public var publicArea: Blob
    /// Its Name.
    public var name: HexBytes
    /// Its qualified Name, under the endorsement hierarchy.
    public var qualifiedName: HexBytes
    /// Its X.509 certificate in DER; an EK may have none.
    public var certificate: Blob?

    /// Joins the parts.
    public init(
        template: Label,
        handle: UInt32,
        publicArea: Blob,
        name: HexBytes,
        qualifiedName: HexBytes,
        certificate: Blob?
    ) {
        self.template = template
        self.handle = handle
        self.publicArea = publicArea
        self.name = name
        self.qualifiedName = qualifiedName
        self.certificate = certificate
    }
}

/// The proof that IAK and IDevID live in the TPM that holds the EK: a transient enrolment key activated a credential made to the EK,
/// and certified the creation of both.
public struct Residency: Hashable, Sendable, Codable {
    /// TPMT_PUBLIC of the enrolment key, exactly.
    public var enrolmentKey: Blob
    /// TPMS_ATTEST of TPM2_CertifyCreation of the IAK, exactly, and its TPMT_SIGNATURE.
    public var iakCreation: Blob
    public var iakSignature: Blob
    /// The same for the IDevID.
    public var idevidCreation: Blob
    public var idevidSignature: Blob

    /// Joins the parts.
    public init(enrolmentKey: Blob, iakCreation: Blob, iakSignature: Blob, idevidCreation: Blob, idevidSignature: Blob)
    {
        self.enrolmentKey = enrolmentKey
        self.iakCreation = iakCreation
        self.iakSignature = iakSignature
        self.idevidCreation = idevidCreation
        self.idevidSignature = idevidSignature
    }
}

/// The NV counters defined at birth.
///
/// A TPM counter begins at an arbitrary value, so the record keeps the base.
public struct BornCounters: Hashable, Sendable, Codable {
    /// Counts the security floor: its value minus its base is the security version below which nothing is installed.
    public var securityFloor: BornCounter
    /// Counts installs: each spends one.
    public var grants: BornCounter

    /// Joins both.
    public init(securityFloor: BornCounter, grants: BornCounter) {
        self.securityFloor = securityFloor
        self.grants = grants
    }
}

/// One NV counter at birth.
public struct BornCounter: Hashable, Sendable, Codable {
    /// The NV index.
    public var index: UInt32
    /// Its value that means zero.
    public var base: UInt64

    /// Joins both.
    public init(index: UInt32, base: UInt64) {
        self.index = index
        self.base = base
    }
}

/// What TPM2_GetCapability says of the TPM.
public struct TPMIdentity: Hashable, Sendable, Codable {
    /// TPM_PT_MANUFACTURER as four characters, trimmed of zeros.
    public var manufacturer: String
    /// TPM_PT_VENDOR_STRING_1 to 4, joined.
    public var vendor: String
    /// TPM_PT_FIRMWARE_VERSION_1 and 2, as the quote's firmwareVersion shows it.
    public var firmwareVersion: UInt64

    /// Joins the parts.
    public init(manufacturer: String, vendor: String, firmwareVersion: UInt64) {
        self.manufacturer = manufacturer
        self.vendor = vendor
        self.firmwareVersion = firmwareVersion
    }
}

/// The boot that was running at birth, quoted by the IAK.
public struct FirstBoot: Hashable, Sendable, Codable {
    /// The quoted values.
    public var pcrs: PCRValues
    /// TPMS_ATTEST, exactly; its qualifying data is the digest of the instance's EK and IAK Names under a domain tag.
    public var attest: Blob
    /// TPMT_SIGNATURE, exactly.
    public var signature: Blob
    /// SHA-256 of the event log, when the station had one.
    public var log: ContentDigest?

    /// Joins the parts.
    public init(pcrs: PCRValues, attest: Blob, signature: Blob, log: ContentDigest?) {
        self.pcrs = pcrs
        self.attest = attest
        self.signature = signature
        self.log = log
    }

    /// The qualifying data of the first quote: no challenge exists yet, so the quote is bound to the two keys instead.
    public static func qualifyingData(ekName: [UInt8], iakName: [UInt8]) -> [UInt8] {
        ContentDigest(of: Array("birthmark first boot v1\0".utf8) + ekName + iakName).bytes
    }
}
