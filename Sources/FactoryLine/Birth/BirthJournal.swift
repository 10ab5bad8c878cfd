import Messages

/// What a station knows of a birth whose certificates are issued and whose record is not signed yet.
///
/// Written down before any certificate goes into the TPM, because a second certificate for the same key would be
/// another birth. The finished birth itself is the signed record, not this.
struct BirthJournal: Codable, Hashable, Sendable {
    var formatVersion: Int
    var order: BirthOrder
    /// The profile, whole: an edited file must not change a birth half-way.
    var profile: ProvisioningProfile
    /// When the keys were certified, in seconds since 1970: the birth's date.
    var bornAt: Int64
    /// What enrolment left behind.
    var enrolled: Enrolled
    /// The birth tag that the former owner's factory has left, exactly as it stood in NV; absent when there was none.
    var formerTag: Blob?

    /// The keys, their certificates, and the proof that they are in this TPM.
    struct Enrolled: Codable, Hashable, Sendable {
        var ek: BornKey
        /// CA certificates from the TPM's NV on the way from the endorsement certificate.
        var intermediates: [Blob]
        var iak: BornKey
        var idevid: BornKey
        var residency: Residency
    }

    static let maximumSize = 256 << 10

    init(order: BirthOrder, profile: ProvisioningProfile, bornAt: Int64, enrolled: Enrolled, formerTag: Blob?) {
        formatVersion = 1
        self.order = order
        self.profile = profile
        self.bornAt = bornAt
        self.enrolled = enrolled
        self.formerTag = formerTag
    }
}
