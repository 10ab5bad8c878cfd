public import Endorsement
import FactoryAuthority
import Messages
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
struct Inspector {
    let connection: TPMConnection
    let profile: ProvisioningProfile
    var problems: [String] = []
    var differences: [String] = []
    var weaknesses: [TPMAdvisoryFinding] = []

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
            weakKeys: weaknesses.map(TPMInspection.Advisory.init),
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

    private mutating func banks() throws {
        let bank = profile.selection.bank.algorithm
        let allocated = try connection.pcrBanks().selections.first { $0.hash == bank }?.pcrs ?? []
        if !Set(profile.selection.pcrs).isSubset(of: allocated) {
            problems.append("PCRs of the profile are missing in the \(profile.selection.bank.rawValue) bank")
        }
    }
}

extension UInt64 {
    /// Sixteen hexadecimal digits.
    fileprivate var hexadecimal16: String {
        let digits = String(self, radix: 16)
        return String(repeating: "0", count: Swift.max(0, 16 - digits.count)) + digits
    }
}
