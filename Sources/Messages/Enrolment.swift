/// What a station says to the factory's CA to have a device's keys certified, and what it is answered.

/// The question whether the TPM with this endorsement key may be enrolled.
public struct EnrolmentRequest: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The serial number that the device is to have.
    public var serial: Label
    /// The model.
    public var model: Label
    /// Hardware or virtual TPM, as the line knows its boards.
    public var tier: Tier
    /// TPMT_PUBLIC of the endorsement key.
    public var endorsementKey: Blob
    /// The NV index where its certificate belongs.
    public var certificateIndex: UInt32
    /// The content of that index; absent when the TPM has none.
    public var certificate: Blob?
    /// CA certificates from the TPM's own NV, in DER.
    public var intermediates: [Blob]
    /// TPMT_PUBLIC of the enrolment key.
    public var enrolmentKey: Blob
    /// SHA-256 of the endorsement keys (TPMT_PUBLIC) of boards that had this serial number and were taken out for good.
    public var retired: [ContentDigest]
    /// Advisories about its keys that the line lets pass; absent when there are none.
    public var waivedAdvisories: [AdvisoryWaiver]?
    /// The retired instance that this TPM was before; absent in its first life.
    public var follows: InstanceID?

    /// More boards than a device ever had.
    static let maximumRetired = 256
    /// The most bytes of a request.
    public static let maximumSize = 128 << 10

    /// Joins the parts.
    public init(
        serial: Label,
        model: Label,
        tier: Tier,
        endorsementKey: Blob,
        certificateIndex: UInt32,
        certificate: Blob?,
        intermediates: [Blob],
        enrolmentKey: Blob,
        retired: [ContentDigest] = [],
        waivedAdvisories: [AdvisoryWaiver]? = nil,
        follows: InstanceID? = nil
    ) {
        formatVersion = 1
        self.serial = serial
        self.model = model
        self.tier = tier
        self.endorsementKey = endorsementKey
        self.certificateIndex = certificateIndex
        self.certificate = certificate
        self.intermediates = intermediates
        self.enrolmentKey = enrolmentKey
        self.retired = retired
        self.waivedAdvisories = waivedAdvisories
        self.follows = follows
    }

    /// Reads a request.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(EnrolmentRequest.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "enrolment request format \(formatVersion) is not known here")
        }
        guard intermediates.count <= BirthRecord.maximumIntermediates,
            intermediates.reduce(0, { $0 + $1.bytes.count }) <= BirthRecord.maximumIntermediateBytes
        else { throw MessageError(.outOfRange, "more intermediate endorsement certificates than are accepted") }
        guard retired.count <= Self.maximumRetired else {
            throw MessageError(.outOfRange, "more boards were taken out than a device ever had")
        }
        guard waivedAdvisories.map({ (1...AdvisoryWaiver.maximumCount).contains($0.count) }) ?? true else {
            throw MessageError(.outOfRange, "\"waivedAdvisories\" is there when there are some, and not without bound")
        }
    }
}

/// A secret that only the TPM with the endorsement key can read, and only for the enrolment key.
public struct EnrolmentChallenge: Hashable, Sendable, Codable {
    /// 16 random bytes.
    public var identifier: HexBytes
    /// The contents of TPM2B_ID_OBJECT.
    public var idObject: Blob
    /// The contents of TPM2B_ENCRYPTED_SECRET.
    public var secret: Blob

    /// The most bytes of a challenge.
    public static let maximumSize = 8 << 10

    /// Joins the parts.
    public init(identifier: HexBytes, idObject: Blob, secret: Blob) {
        self.identifier = identifier
        self.idObject = idObject
        self.secret = secret
    }
}

/// The certification request of a device, made for one challenge.
public struct EnrolmentAnswer: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// TCG-CSR-IDEVID; its `prodCaData` is an ``EnrolmentProof``.
    public var request: Blob
    /// How it is written.
    public var form: CSRForm

    /// The most bytes of an answer.
    public static let maximumSize = 256 << 10

    /// Joins the parts.
    public init(request: Blob, form: CSRForm) {
        formatVersion = 1
        self.request = request
        self.form = form
    }

    /// Reads an answer.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(EnrolmentAnswer.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "enrolment answer format \(formatVersion) is not known here")
        }
    }
}

/// `prodCaData` of our stations: that the TPM has read the challenge's secret, and which key it was activated on.
public struct EnrolmentProof: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The challenge.
    public var challenge: HexBytes
    /// TPMT_PUBLIC of the enrolment key.
    public var enrolmentKey: Blob
    /// HMAC-SHA256, keyed with the secret, over the challenge and the Names of all keys: the secret itself travels no
    /// further than it must.
    public var proof: HexBytes

    private static let maximumSize = 4 << 10

    /// Joins the parts.
    public init(challenge: HexBytes, enrolmentKey: Blob, proof: HexBytes) {
        formatVersion = 1
        self.challenge = challenge
        self.enrolmentKey = enrolmentKey
        self.proof = proof
    }

    /// Reads `prodCaData`.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(EnrolmentProof.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "enrolment proof format \(formatVersion) is not known here")
        }
    }
}

/// What the CA has issued; asked again for the same keys, it gives the same again.
public struct EnrolmentCertificates: Hashable, Sendable, Codable {
    /// When, in seconds since 1970: the birth's date.
    public var bornAt: Int64
    /// The attestation key's certificate in DER.
    public var iak: Blob
    /// The identity key's certificate in DER.
    public var idevid: Blob

    /// The most bytes of both.
    public static let maximumSize = 32 << 10

    /// Joins the parts.
    public init(bornAt: Int64, iak: Blob, idevid: Blob) {
        self.bornAt = bornAt
        self.iak = iak
        self.idevid = idevid
    }
}
