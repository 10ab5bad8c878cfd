public import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
public import TPMDevice
import TPMWire

extension TPMInspection {
    /// Looks at a TPM.
    ///
    /// - Parameter advisories: known-bad firmware; nil when there is no list.
    public static func of(
        _ tpm: isolated TPM,
        profile: ProvisioningProfile,
        advisories: TPMAdvisories? = nil
    ) throws -> TPMInspection {
        try Inspector(connection: tpm.connection, profile: profile).inspect(advisories)
    }
}

/// One look at one TPM; what it finds in the way or different collects here.
private struct Inspector {
    let connection: TPMConnection
    let profile: ProvisioningProfile
    var problems: [String] = []
    var differences: [String] = []

    init(connection: TPMConnection, profile: ProvisioningProfile) {
        self.connection = connection
        self.profile = profile
    }

    consuming func inspect(_ advisories: TPMAdvisories?) throws -> TPMInspection {
        let identity = Messages.TPMIdentity(try connection.identity())
        let findings = try advisories?.judge(identity, profile: profile)
        problems += findings?.refusals.map(\.description) ?? []
        let attributes = try connection.permanentAttributes()
        let canAsk = !attributes.contains(.endorsementAuthSet)
        let endorsementKey = try endorsementKey(canAsk: canAsk)
        let iak = try key(.iak, at: profile.keys.iakHandle, certificate: profile.nv.iakCertificate, canAsk)
        let idevid = try key(.idevid, at: profile.keys.idevidHandle, certificate: profile.nv.idevidCertificate, canAsk)
        let indices = try indices()
        let born = try born(iak)
        let ownership = try ownership(attributes, isBorn: born?.complete ?? false)
        try banks()
        return TPMInspection(
            manufacturer: identity.manufacturer,
            vendor: identity.vendor,
            firmwareVersion: identity.firmwareVersion.hexadecimal16,
            advisories: findings?.map(TPMInspection.Advisory.init),
            endorsementKey: endorsementKey,
            iak: iak?.key,
            idevid: idevid?.key,
            indices: indices,
            ownership: ownership,
            born: born,
            elsewhere: try elsewhere([iak?.area, idevid?.area].compactMap(\.self), canAsk),
            differences: differences,
            problems: problems
        )
    }

    private mutating func endorsementKey(canAsk: Bool) throws -> TPMInspection.Key {
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
            guard canAsk else { throw BirthInterruption.endorsementClosed }
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
        } else {
            differences.append(
                "no endorsement certificate at \(template.certificateIndex): the key needs a line in ek-allowed.txt, and "
                    + "the order --tier vtpm"
            )
        }
        let name = area.isKey(of: template.area) ? template.rawValue : nil
        return try TPMInspection.Key(area, handle: kept ? handle.description : nil, issuer: issuer, template: name)
    }

    private mutating func key(
        _ role: KeyDiagnosis.Role,
        at handle: HandleText,
        certificate index: HandleText,
        _ canAsk: Bool
    ) throws -> (key: TPMInspection.Key, area: TPMTPublic)? {
        guard let object = try connection.persistentObject(at: handle.handle) else { return nil }
        let area = try connection.readPublic(object).publicArea
        let diagnosis = try connection.diagnosis(of: area, canAsk: canAsk)
        let wanted = KeyDiagnosis(
            role: role,
            template: try profile.identityTemplate,
            uniqueY: try profile.identityTemplate == .rsa2048 ? .empty : profile.uniqueY,
            isAsked: true
        )
        if let diagnosis {
            if diagnosis != wanted, diagnosis.isAsked || diagnosis.template != wanted.template {
                problems.append("\(handle) holds this: \(diagnosis); the profile says: \(wanted)")
            }
        } else {
            problems.append("\(handle) holds a key of another kind; the profile says: \(wanted)")
        }
        let certificate = try connection.content(of: index.handle).flatMap { try? ParsedCertificate(der: $0) }
        if let certificate, certificate.subjectKey != (try? PublicKey(area)) {
            problems.append("the certificate at \(index) is for another key than the one at \(handle)")
        }
        let key = try TPMInspection.Key(
            area,
            handle: handle.description,
            issuer: certificate?.issuer.description,
            template: diagnosis?.description
        )
        return (key, area)
    }

    private mutating func indices() throws -> [TPMInspection.Index] {
        let nv = profile.nv
        return try [
            index(nv.iakCertificate, "attestation key's certificate", isCounter: false),
            index(nv.idevidCertificate, "identity key's certificate", isCounter: false),
            index(nv.securityFloor, "counter of the rollback floor", isCounter: true),
            index(nv.grants, "counter of installs", isCounter: true),
            index(nv.birthTag, "birth tag", isCounter: false),
        ]
    }

    private mutating func index(
        _ handle: HandleText,
        _ purpose: String,
        isCounter: Bool
    ) throws -> TPMInspection.Index {
        guard let index = try connection.nvIndex(at: handle.handle) else {
            return TPMInspection.Index(
                handle: handle.description,
                purpose: purpose,
                isThere: false,
                isLocked: false,
                survivesClear: profile.nvOwner == .platform
            )
        }
        let attributes = try connection.nvReadPublic(index).publicArea.attributes
        let count = isCounter ? try connection.existingCounter(index) : nil
        if isCounter, count == nil, attributes.contains(.written) || attributes.indexType != .counter {
            problems.append("\(handle) is no counter of a birth")
        }
        let definer: NVOwner = attributes.contains(.platformCreate) ? .platform : .owner
        if definer != profile.nvOwner {
            differences.append("\(handle) was defined by the \(definer), the profile says \(profile.nvOwner)")
        }
        return TPMInspection.Index(
            handle: handle.description,
            purpose: purpose,
            isThere: true,
            isLocked: attributes.contains(.writeLocked),
            count: count,
            definedBy: definer.rawValue,
            survivesClear: definer == .platform
        )
    }

    private mutating func born(_ iak: (key: TPMInspection.Key, area: TPMTPublic)?) throws -> TPMInspection.Born? {
        let index = profile.nv.birthTag
        guard let content = try connection.content(of: index.handle) else { return nil }
        guard let tag = try? BirthTag(parsing: content) else {
            problems.append("\(index) holds no birth tag")
            return nil
        }
        let name = try iak.map { try Name(of: $0.area).contents } ?? []
        let isOwn = InstanceID(iakName: name) == tag.instance
        if iak == nil {
            differences.append("the TPM was cleared since its birth: provision with the same order puts the keys back")
        } else if !isOwn {
            problems.append("the birth tag names another instance than the attestation key")
        }
        let isLocked = try connection.isLocked(index.handle)
        return TPMInspection.Born(instance: tag.instance.text, serial: tag.serial.text, complete: isOwn && isLocked)
    }

    private mutating func ownership(_ attributes: TPMAPermanent, isBorn: Bool) throws -> TPMInspection.Ownership {
        let state = try connection.dictionaryAttackState()
        if state.isLockedOut { problems.append(state.description) }
        let parameters = try connection.dictionaryAttackParameters()
        let set = attributes.owned(of: OwnedHierarchy.allCases)
        let wanted = profile.authorizations?.set ?? []
        // Who is in the way is whoever came before us: a birth sets them last, and needs the owner's until then.
        let inTheWay = isBorn ? [] : profile.authorizations == nil ? set.filter { $0 == .owner } : set
        if !inTheWay.isEmpty { problems.append(BirthReason.hierarchyOwned(inTheWay.map(\.rawValue)).description) }
        if isBorn, !Set(wanted).isSubset(of: set) {
            let missing = wanted.filter { !set.contains($0) }.map(\.rawValue).joined(separator: ", ")
            differences.append("no authorization value of \(missing), which the profile sets")
        }
        if let wanted = profile.dictionaryAttack?.parameters, isBorn, wanted != parameters {
            differences.append("the parameters against guessing are not the profile's")
        }
        return TPMInspection.Ownership(
            set: set.map(\.rawValue),
            isClearForbidden: attributes.contains(.disableClear),
            isLockedOut: state.isLockedOut,
            failures: state.failures,
            maxTries: parameters.maximumTries,
            recoveryTime: parameters.recoveryTime,
            lockoutRecovery: parameters.lockoutRecovery
        )
    }

    private mutating func banks() throws {
        let bank = profile.selection.bank.algorithm
        let allocated = try connection.pcrBanks().selections.first { $0.hash == bank }?.pcrs ?? []
        if !Set(profile.selection.pcrs).isSubset(of: allocated) {
            problems.append("PCRs of the profile are missing in the \(profile.selection.bank.rawValue) bank")
        }
    }

    /// What is at places where the profile keeps nothing.
    private func elsewhere(_ own: [TPMTPublic], _ canAsk: Bool) throws -> [TPMInspection.Place] {
        let keys = profile.keys
        let ours = Set(
            ([profile.endorsementKey.handle, keys.iakHandle, keys.idevidHandle] + profile.nv.all).map(\.handle)
        )
        var places: [TPMInspection.Place] = []
        for handle in try connection.handles(.persistent) where !ours.contains(handle) {
            guard let object = try connection.persistentObject(at: handle) else { continue }
            let area = try connection.readPublic(object).publicArea
            let kind = try connection.diagnosis(of: area, canAsk: canAsk)?.description ?? "key"
            let same = own.contains(area) ? ", the same as the profile's" : ""
            places.append(TPMInspection.Place(handle: handle.asInProfiles, what: Self.text(kind + same, at: handle)))
        }
        let publicKeys = own.compactMap { try? PublicKey($0) }
        for handle in try connection.handles(.nvIndex) where !ours.contains(handle) {
            var kind = "index"
            if let content = try? connection.content(of: handle), let found = try? ParsedCertificate(der: content) {
                kind = publicKeys.contains(found.subjectKey) ? "certificate of a key of the profile" : "certificate"
            }
            places.append(TPMInspection.Place(handle: handle.asInProfiles, what: Self.text(kind, at: handle)))
        }
        return places
    }

    private static func text(_ kind: String, at handle: Handle) -> String {
        KnownPlaces.meaning(of: handle).map { "\(kind); place of: \($0)" } ?? kind
    }
}

extension Handle {
    /// As profiles write it.
    fileprivate var asInProfiles: String { "0x" + description.dropFirst(2).uppercased() }
}

extension UInt64 {
    /// Sixteen hexadecimal digits.
    fileprivate var hexadecimal16: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, 16 - digits.count)) + digits
    }
}
