public import Endorsement
public import Messages
public import TPMWire

/// Why a birth is refused.
///
/// Nothing has been signed then; what the journal holds is kept for the next attempt.
public enum BirthReason: Sendable, Hashable {
    /// The endorsement key is not trusted.
    case endorsement(CertificateReason)
    /// The TPM has no certificate for its endorsement key, and it is on no allow list.
    case endorsementCertificateMissing(index: Handle)
    /// What lies in the certificate's index is no certificate.
    case endorsementCertificateUnreadable(CertificateError)
    /// The keys are not proven to be in this TPM.
    case residency(ResidencyReason)
    /// An advisory says that this TPM's firmware cannot be trusted with the profile's keys.
    case firmwareUntrusted(TPMAdvisoryFinding)
    /// An advisory says that a key of this TPM is weak, whatever firmware it runs now.
    case keyUntrusted(TPMAdvisoryFinding)
    /// The certification request cannot be read in the form that is stated.
    case requestUnreadable(String)
    /// The certification request is not one of these keys for each other.
    case request(CSRReason)
    /// The factory's CA says no; what it says, and its codes.
    case refusedByAuthority(String, codes: [String])
    /// The order says hardware, the certificate says software.
    case tierOverstated(model: String)
    /// The order says hardware, and only the owner's allow list speaks for the key.
    case tierUnendorsed
    /// Another TPM has this serial number (attack 45).
    case serialTaken(by: ContentDigest)
    /// This TPM was begun or born under another serial number (attack 52).
    case bornAs(serial: Label)
    /// This TPM was taken out of the device with this serial number.
    case retired(serial: Label)
    /// This TPM carries the tag of a birth that this station knows nothing of.
    case bornElsewhere(serial: Label)
    /// The keys that are to be taken over are not those of this TPM: by its tag, or by the profile's templates, it is this instance.
    case takesOverAnother(InstanceID)
    /// The same TPM and serial, and something else differs from what was begun.
    case orderDiffers([String])
    /// Another key is kept at a handle of the profile.
    case handleTaken(Handle)
    /// Somebody has set authorization values of these hierarchies before.
    case hierarchyOwned([String])
    /// Something else is kept in an NV index of the profile.
    case indexTaken(Handle)
    /// The birth was signed, and the TPM no longer holds what it says.
    case changedSinceBirth([String])
    /// The TPM was cleared; keys and certificates are back, and nobody said what the verifier's floor is.
    case securityFloorUnknown
    /// The floor that was named is below the one at birth.
    case securityFloorTooLow(UInt64, atBirth: UInt64)
    /// The event log does not lead to the PCRs that the TPM has.
    case logDoesNotMatch([Int])
    /// The event log cannot be read.
    case logUnreadable(String)
    /// The package's security version needs more increments of a fresh counter than a line should wait for.
    case securityVersionTooHigh(UInt64)

    /// The codes of ``serialTaken(by:)``, ``bornAs(serial:)`` and of a challenge that is not open, by which a CA's
    /// refusal is told apart.
    public static let serialTakenCode = "serial-taken"
    public static let bornAsCode = "born-as-another"
    public static let challengeUnknownCode = ResidencyReason.challengeUnknown.rawValue

    /// The code that scripts see; it never changes.
    public var code: String {
        switch self {
        case .endorsement(let reason): reason.code
        case .endorsementCertificateMissing: "endorsement-certificate-missing"
        case .endorsementCertificateUnreadable: "endorsement-certificate-unreadable"
        case .residency(let reason): reason.rawValue
        case .firmwareUntrusted: "firmware-untrusted"
        case .keyUntrusted: "key-untrusted"
        case .requestUnreadable: "request-unreadable"
        case .request(let reason): reason.rawValue
        case .refusedByAuthority(_, let codes): codes.first ?? "refused-by-authority"
        case .tierOverstated: "tier-overstated"
        case .tierUnendorsed: "tier-unendorsed"
        case .serialTaken: Self.serialTakenCode
        case .bornAs: Self.bornAsCode
        case .retired: "retired"
        case .bornElsewhere: "born-elsewhere"
        case .takesOverAnother: "takes-over-another"
        case .orderDiffers: "order-differs"
        case .handleTaken: "handle-taken"
        case .hierarchyOwned: "hierarchy-owned"
        case .indexTaken: "index-taken"
        case .changedSinceBirth: "changed-since-birth"
        case .securityFloorUnknown: "security-floor-unknown"
        case .securityFloorTooLow: "security-floor-too-low"
        case .logDoesNotMatch: "log-does-not-match"
        case .logUnreadable: "log-unreadable"
        case .securityVersionTooHigh: "security-version-too-high"
        }
    }
}

extension BirthReason: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .endorsement(let reason): "endorsement key: \(reason)"
        case .endorsementCertificateMissing(let index):
            "the TPM holds no endorsement key certificate at \(index), and the key is not on the allow list"
        case .endorsementCertificateUnreadable(let error): "the endorsement key certificate cannot be read: \(error)"
        case .residency(let reason): "\(reason)"
        case .firmwareUntrusted(let finding): "the TPM's firmware is known to be bad: \(finding)"
        case .keyUntrusted(let finding): "a key of the TPM is known to be weak: \(finding)"
        case .requestUnreadable(let detail): "the certification request cannot be read: \(detail)"
        case .request(let reason): "\(reason)"
        case .refusedByAuthority(let sentence, _): "the factory's CA refuses: \(sentence)"
        case .tierOverstated(let model):
            "the certificate says that this TPM is software (\(model)), the order says hardware"
        case .tierUnendorsed:
            "no vendor's certificate says that this TPM is hardware, the order does; the allow list cannot"
        case .serialTaken(let tpm): "the serial number belongs to another TPM (\(tpm))"
        case .bornAs(let serial): "this TPM has the serial number \(serial) already"
        case .retired(let serial): "this TPM was retired when the board of \(serial) was swapped"
        case .bornElsewhere(let serial): "this TPM was born as \(serial) at another station"
        case .takesOverAnother(let found):
            "what is to be taken over is another instance than this TPM, which is \(found)"
        case .orderDiffers(let names): "the birth was begun with another \(names.joined(separator: ", another "))"
        case .handleTaken(let handle): "another key is kept at \(handle)"
        case .hierarchyOwned(let hierarchies):
            "somebody has set another authorization value of \(hierarchies.joined(separator: " and "))"
        case .indexTaken(let index): "something else is kept at \(index)"
        case .changedSinceBirth(let what):
            "the TPM no longer holds what the birth says: \(what.joined(separator: ", "))"
        case .securityFloorUnknown:
            "the TPM was cleared: keys and certificates are restored, its counters are not, and the verifier alone knows "
                + "how far the security floor had risen"
        case .securityFloorTooLow(let floor, let born):
            "the security floor \(floor) is below \(born), the one at birth"
        case .logDoesNotMatch(let pcrs):
            "the event log does not lead to the TPM's PCR \(pcrs.map(String.init).joined(separator: ", "))"
        case .logUnreadable(let detail): "the event log cannot be read: \(detail)"
        case .securityVersionTooHigh(let version):
            "the security version \(version) is too high for a counter that begins anew"
        }
    }

    /// What to do next.
    public var hint: String {
        switch self {
        case .endorsement(.issuerUnknown), .endorsementCertificateUnreadable:
            "compare the vendor's CA certificates and put them into ek-roots/"
        case .endorsement: "set the board aside and ask its vendor"
        case .endorsementCertificateMissing:
            "check the endorsement key template in the profile, or list the key's SHA-256 in ek-allowed.txt"
        case .residency:
            "run the same command again; if it repeats, set the board aside: keys and TPM do not belong together"
        case .firmwareUntrusted(let finding):
            "update the TPM's firmware (\(finding.advisory.origin)); or waive \(finding.advisory.id) in the profile, with a reason"
        case .keyUntrusted(let finding):
            "set the board aside, no update of its firmware mends the key (\(finding.advisory.origin)); or waive \(finding.advisory.id) in the profile, with a reason"
        case .requestUnreadable: "state the form of requests that the profile's \"csr\" and the CA agree on"
        case .request: "set the board aside: its keys do not certify one another"
        case .refusedByAuthority(_, let codes) where codes.first == Self.serialTakenCode:
            "read the serial number again: the CA has certified another board for it; if that was taken out, birthmark-factory rework at the station where it was born; if its birth was interrupted, put it in again"
        case .refusedByAuthority(_, let codes) where codes.first == Self.bornAsCode:
            "the CA has certified this board before: use the serial number that it names, at the station that asked for it"
        case .refusedByAuthority: "ask whoever runs the CA, who finds the details in its log"
        case .tierOverstated: "order it with --tier vtpm, or take the software TPM's CA out of ek-roots/"
        case .tierUnendorsed: "order it with --tier vtpm, the tier of TPMs for which no vendor speaks"
        case .serialTaken:
            "read the serial number again, two boards must not share one; if the first was taken out: birthmark-factory rework"
        case .bornAs(let serial):
            "use --serial \(serial), or read the serial number again; another life of a retired TPM takes --follows"
        case .retired: "put the new board in; this one has no way back to its name"
        case .bornElsewhere:
            "import that station's births; to make it another device: birthmark device retire, birthmark-device retire on it, then --follows; if it was bought, --takes-over"
        case .takesOverAnother:
            "name the instance that its former owner knows; with the profile of its keys, and --takes-over-record when they were not the TPM's first"
        case .orderDiffers:
            "repeat the order as it was begun; a birth is never changed: one that is born becomes another by birthmark device retire, birthmark-device retire on it, then --follows"
        case .handleTaken(let handle):
            "if nothing needs that key: tpm2_evictcontrol -c \(handle), then run the same command again"
        case .hierarchyOwned:
            "clear the TPM in the firmware setup, or give back the empty values (tpm2_changeauth); a former owner's go with --takes-over-authorizations; then run the same command"
        case .indexTaken(let index): "if nothing needs it: tpm2_nvundefine \(index), then run the same command again"
        case .changedSinceBirth: "somebody has changed the TPM after its birth; retire this instance at the verifier"
        case .securityFloorUnknown:
            "ask the verifier (birthmark device show SERIAL, floor), then run the same command with --security-floor N"
        case .securityFloorTooLow: "a floor never falls: take the one that birthmark device show SERIAL names"
        case .logDoesNotMatch: "reboot the board and give the log of this boot; it must not have been changed since"
        case .logUnreadable: "give the log as the kernel shows it (binary_bios_measurements)"
        case .securityVersionTooHigh: "number security versions from 1; each release that fixes a hole adds 1"
        }
    }
}

/// A refusal on its way up to whoever makes a value of it.
public struct BirthRefusal: Error {
    public let reasons: [BirthReason]

    public init(_ reasons: [BirthReason]) { self.reasons = reasons }
    public init(_ reason: BirthReason) { reasons = [reason] }
}
