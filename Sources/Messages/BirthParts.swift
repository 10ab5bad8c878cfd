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
