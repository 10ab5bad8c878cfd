public import Messages
import TPMCrypto
public import TPMWire

/// How the TPMs of one product are provisioned: key templates, handles, NV layout and PCRs; a file people edit.
public struct ProvisioningProfile: Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// The name, as birth records carry it.
    public var name: Label
    /// The endorsement key.
    public var endorsementKey: EndorsementKey
    /// IAK and IDevID.
    public var keys: Keys
    /// NV indices.
    public var nv: NonVolatile
    /// By whose authorization the NV indices are defined and written; absent is `owner`.
    public var nvAuthority: NVOwner?
    /// The PCRs that the device quotes.
    public var selection: PCRSet
    /// The PCR of the selection that Linux extends while it runs (IMA); absent when none is quoted.
    public var imaPCR: Int?
    /// The advisories about TPM firmware that do not keep devices of this product from being born; absent when all do.
    public var waivedAdvisories: [AdvisoryWaiver]?
    /// Which hierarchies get authorization values of their own; absent when none does.
    public var authorizations: Authorizations?
    /// How the TPM defends itself against guessing; absent when that stays as it is.
    public var dictionaryAttack: DictionaryAttack?
    /// How certification requests are written; absent for Birthmark's own form.
    public var csr: CSRForm?

    /// Which endorsement key, and where it is kept.
    public struct EndorsementKey: Codable, Hashable, Sendable {
        /// `L-1` (RSA-2048) or `L-2` (P-256) of the TCG EK Credential Profile.
        public var template: Label
        /// Where it is kept.
        public var handle: HandleText
    }

    /// How the identity keys are made, and where they are kept.
    public struct Keys: Codable, Hashable, Sendable {
        /// `H-1` (RSA-2048), `H-2` (P-256) or `H-3` (P-384) of the TCG Keys for Device Identity.
        public var template: Label
        /// What stands in unique.y of an ECC template: `empty` as swtpm has it, or `repeated`.
        ///
        /// Another value is another key.
        public var eccUniqueY: Label
        /// Where the attestation key is kept.
        public var iakHandle: HandleText
        /// Where the identity key is kept.
        public var idevidHandle: HandleText
    }

    /// Where certificates, counters and the birth tag are kept.
    public struct NonVolatile: Codable, Hashable, Sendable {
        /// The attestation key's certificate, in DER.
        public var iakCertificate: HandleText
        /// The identity key's certificate, in DER.
        public var idevidCertificate: HandleText
        /// The counter of the security floor.
        public var securityFloor: HandleText
        /// The counter of installs.
        public var grants: HandleText
        /// The birth tag, in canonical JSON.
        public var birthTag: HandleText

        var certificates: [UInt32] { [iakCertificate, idevidCertificate].map(\.handle.rawValue) }
        var all: [HandleText] { [iakCertificate, idevidCertificate, securityFloor, grants, birthTag] }
    }

    /// The most bytes of a profile.
    public static let maximumSize = 64 << 10

    /// Reads a profile file.
    ///
    /// - Throws: `MessageError` that names what is wrong: every key must be there, and mean something.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try EditedJSON.decode(ProvisioningProfile.self, from: bytes, limit: Self.maximumSize)
        guard formatVersion == 1 else {
            throw MessageError(.outOfRange, "profile format \(formatVersion) is not known here")
        }
        _ = try endorsementTemplate
        _ = try identityTemplate
        _ = try uniqueY
        guard requestForm.envelope != .none, requestForm.certification == .creation else {
            throw MessageError(
                .outOfRange,
                "\"csr\" must have an envelope, since request and signature travel together, and certification by creation"
            )
        }
        guard requestForm.signature == .tpmt || keys.template.text != DeviceIdentityTemplate.rsa2048.rawValue else {
            throw MessageError(.outOfRange, "\"csr\": signatures in DER are those of elliptic-curve keys (H-2, H-3)")
        }
        guard imaPCR.map({ BirthRecord.imaPCRs.contains($0) && selection.pcrs.contains($0) }) ?? true else {
            throw MessageError(.outOfRange, "\"imaPCR\" must be one of the selection, 8 to 14")
        }
        guard waivedAdvisories.map({ (1...AdvisoryWaiver.maximumCount).contains($0.count) }) ?? true else {
            throw MessageError(.outOfRange, "\"waivedAdvisories\" names 1 to \(AdvisoryWaiver.maximumCount)")
        }
        try authorizations?.check()
        try dictionaryAttack?.check()
        let persistent = [endorsementKey.handle, keys.iakHandle, keys.idevidHandle]
        for handle in persistent where !Self.ownerHandles.contains(handle.handle.rawValue) {
            throw MessageError(
                .outOfRange,
                "\(handle) is not a persistent handle of the owner's (0x81000000 to 0x817FFFFF)"
            )
        }
        for index in nv.all where index.handle.kind != .nvIndex {
            throw MessageError(.outOfRange, "\(index) is not an NV index (0x01000000 to 0x01FFFFFF)")
        }
        guard Set(persistent.map(\.handle)).count == persistent.count, Set(nv.all.map(\.handle)).count == nv.all.count
        else { throw MessageError(.outOfRange, "a handle or NV index stands twice") }
    }

    /// Part 2, section 7.5: what lies above belongs to the platform.
    private static let ownerHandles: ClosedRange<UInt32> = 0x8100_0000...0x817F_FFFF

    var requestForm: CSRForm { csr ?? .own }

    var endorsementTemplate: EndorsementKeyTemplate {
        get throws(MessageError) {
            guard let template = EndorsementKeyTemplate(rawValue: endorsementKey.template.text), template != .eccP384
            else { throw MessageError(.outOfRange, "the endorsement key's template must be L-1 or L-2") }
            return template
        }
    }

    var identityTemplate: DeviceIdentityTemplate {
        get throws(MessageError) {
            guard let template = DeviceIdentityTemplate(rawValue: keys.template.text) else {
                throw MessageError(.outOfRange, "the keys' template must be H-1, H-2 or H-3")
            }
            return template
        }
    }

    var uniqueY: DeviceIdentityTemplate.UniqueY {
        get throws(MessageError) {
            guard let value = DeviceIdentityTemplate.UniqueY(rawValue: keys.eccUniqueY.text) else {
                throw MessageError(.outOfRange, "eccUniqueY must be \"empty\" or \"repeated\"")
            }
            return value
        }
    }

    /// The same as birth records state it.
    var recordedUniqueY: ECCUniqueY? {
        get throws(MessageError) {
            guard try identityTemplate != .rsa2048 else { return nil }
            switch try uniqueY {
            case .empty: return .empty
            case .repeated: return .repeated
            }
        }
    }
}

/// A TPM handle as people write it: `0x` and eight hexadecimal digits.
public struct HandleText: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The handle.
    public let handle: Handle
    /// As it was written, upper or lower case.
    public let description: String

    /// Reads the text.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        let digits = text.dropFirst(2)
        guard text.hasPrefix("0x"), digits.utf8.count == 8, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }),
            let number = UInt32(digits, radix: 16)
        else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not a handle (0x and eight hexadecimal digits)"
            )
        }
        handle = Handle(rawValue: number)
        description = text
    }

    /// Writes the text as it was read.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
