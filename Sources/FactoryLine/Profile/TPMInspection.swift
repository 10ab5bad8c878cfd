public import Endorsement
import Messages
import TPMCrypto
public import TPMDevice
import TPMWire

/// A TPM held against a profile: what is there, and what would stand in the way of a birth.
///
/// Nothing is changed.
public struct TPMInspection: Encodable, Sendable {
    /// TPM_PT_MANUFACTURER as text.
    public var manufacturer: String
    /// TPM_PT_VENDOR_STRING_1 to 4.
    public var vendor: String
    /// TPM_PT_FIRMWARE_VERSION_1 and 2 in hexadecimal.
    public var firmwareVersion: String
    /// What the list of known-bad firmware says of it; nil when no list was given.
    public var advisories: [Advisory]?
    /// The profile's endorsement key.
    public var endorsementKey: Key
    /// The attestation key, when it is kept.
    public var iak: Key?
    /// The identity key, when it is kept.
    public var idevid: Key?
    /// What the birth tag says, when there is one.
    public var born: Born?
    /// Why a birth by this profile would be refused; empty when it may begin, or is done.
    public var problems: [String]

    /// What one advisory says.
    public struct Advisory: Encodable, Sendable {
        /// Its number.
        public var id: String
        /// `refused`, `waived`, or `remark`.
        public var verdict: String
        /// One sentence.
        public var detail: String
        /// Where it is published.
        public var origin: String
    }

    /// One key.
    public struct Key: Encodable, Sendable {
        /// The persistent handle; nil when the key can be made and is not kept.
        public var handle: String?
        /// Its Name in hexadecimal.
        public var name: String
        /// SHA-256 of its public area: what ek-allowed.txt lists of an endorsement key.
        public var publicAreaSHA256: String
        /// Whose certificate NV holds: the issuer's name; nil when there is none.
        public var issuer: String?
    }

    /// A birth.
    public struct Born: Encodable, Sendable {
        /// The instance.
        public var instance: String
        /// The serial number.
        public var serial: String
        /// Whether tag and keys belong together, and the tag can no longer be changed.
        public var complete: Bool
    }

    /// Looks at a TPM.
    ///
    /// - Parameter advisories: known-bad firmware; nil when there is no list.
    public static func of(
        _ tpm: isolated TPM,
        profile: ProvisioningProfile,
        advisories: TPMAdvisories? = nil
    ) throws -> TPMInspection {
        let connection = try tpm.connection
        let identity = Messages.TPMIdentity(try connection.identity())
        let findings = try advisories?.judge(identity, profile: profile)
        var problems = findings?.refusals.map(\.description) ?? []
        let endorsementKey = try endorsementKey(connection, profile, &problems)
        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        let nv = profile.nv
        let iak = try key(
            connection,
            profile.keys.iakHandle,
            template.iak(uniqueY: uniqueY),
            nv.iakCertificate,
            &problems
        )
        let idevid = try key(
            connection,
            profile.keys.idevidHandle,
            template.idevid(uniqueY: uniqueY),
            nv.idevidCertificate,
            &problems
        )
        for handle in [nv.securityFloor, nv.grants] {
            guard let index = try connection.nvIndex(at: handle.handle) else { continue }
            if try connection.existingCounter(index) == nil { problems.append("\(handle) is no counter of a birth") }
        }
        let lockout = try connection.dictionaryAttackState()
        if lockout.isLockedOut { problems.append(lockout.description) }
        let bank = profile.selection.bank.algorithm
        let allocated = try connection.pcrBanks().selections.first { $0.hash == bank }?.pcrs ?? []
        if !Set(profile.selection.pcrs).isSubset(of: allocated) {
            problems.append("PCRs of the profile are missing in the \(profile.selection.bank.rawValue) bank")
        }
        let born = try born(connection, profile, iak: iak, &problems)
        return TPMInspection(
            manufacturer: identity.manufacturer,
            vendor: identity.vendor,
            firmwareVersion: identity.firmwareVersion.hexadecimal16,
            advisories: findings?.map(Advisory.init),
            endorsementKey: endorsementKey,
            iak: iak,
            idevid: idevid,
            born: born,
            problems: problems
        )
    }

    private static func endorsementKey(
        _ connection: TPMConnection,
        _ profile: ProvisioningProfile,
        _ problems: inout [String]
    ) throws -> Key {
        let template = try profile.endorsementTemplate
        let handle = profile.endorsementKey.handle
        let area: TPMTPublic
        let kept: Bool
        if let object = try connection.persistentObject(at: handle.handle) {
            area = try connection.readPublic(object).publicArea
            kept = true
            if !area.isKey(of: template.area) {
                problems.append("\(handle) holds another key than \(template.rawValue)")
            }
        } else {
            area = try connection.createPrimary(template.area, in: .endorsement).object.publicArea
            kept = false
        }
        var issuer: String?
        if let content = try connection.content(of: template.certificateIndex) {
            do throws(CertificateError) {
                let certificate = try EKCertificate(fromNV: content).certificate
                issuer = certificate.issuer.description
                if certificate.subjectKey != (try? PublicKey(area)) {
                    problems.append("the certificate at \(template.certificateIndex) is for another key")
                }
            } catch {
                problems.append("the certificate at \(template.certificateIndex) cannot be read: \(error)")
            }
        }
        return try Key(area, handle: kept ? handle.description : nil, issuer: issuer)
    }

    private static func key(
        _ connection: TPMConnection,
        _ handle: HandleText,
        _ template: TPMTPublic,
        _ index: HandleText,
        _ problems: inout [String]
    ) throws -> Key? {
        guard let object = try connection.persistentObject(at: handle.handle) else { return nil }
        let area = try connection.readPublic(object).publicArea
        if !area.isKey(of: template) {
            problems.append("\(handle) holds another key than the profile's template makes")
        }
        let certificate = try connection.content(of: index.handle).flatMap { try? ParsedCertificate(der: $0) }
        return try Key(area, handle: handle.description, issuer: certificate?.issuer.description)
    }

    private static func born(
        _ connection: TPMConnection,
        _ profile: ProvisioningProfile,
        iak: Key?,
        _ problems: inout [String]
    ) throws -> Born? {
        let index = profile.nv.birthTag
        guard let content = try connection.content(of: index.handle) else { return nil }
        guard let tag = try? BirthTag(parsing: content) else {
            problems.append("\(index) holds no birth tag")
            return nil
        }
        let name = iak.flatMap { [UInt8](hexadecimal: $0.name) } ?? []
        let isOwn = InstanceID(iakName: name) == tag.instance
        if !isOwn { problems.append("the birth tag names another instance than the attestation key") }
        let isLocked = try connection.isLocked(index.handle)
        return Born(instance: tag.instance.text, serial: tag.serial.text, complete: isOwn && isLocked)
    }
}

extension TPMInspection.Advisory {
    fileprivate init(_ finding: TPMAdvisoryFinding) {
        id = finding.advisory.id
        verdict =
            switch finding.consequence {
            case .refused: "refused"
            case .waived: "waived"
            case .otherKeysOnly, .remarked, .firmwareUnstated: "remark"
            }
        detail = finding.description
        origin = finding.advisory.origin
    }
}

extension TPMInspection.Key {
    fileprivate init(_ area: TPMTPublic, handle: String?, issuer: String?) throws {
        self.handle = handle
        name = try Name(of: area).contents.hexadecimal
        publicAreaSHA256 = EKAllowList.digest(of: area).hexadecimal
        self.issuer = issuer
    }
}

extension UInt64 {
    /// Sixteen hexadecimal digits.
    fileprivate var hexadecimal16: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, 16 - digits.count)) + digits
    }
}
