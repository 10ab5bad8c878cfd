/// One published advisory about the firmware of one vendor's TPMs.
public struct TPMAdvisory: Sendable, Hashable, Codable {
    /// A kind of key that a TPM makes and uses.
    public enum KeyKind: String, Sendable, Hashable, Codable, CaseIterable {
        case rsa
        case ecc
    }

    /// What it means for a TPM whose firmware is affected and whose keys are of a kind that is.
    public enum Verdict: String, Sendable, Hashable, Codable {
        /// Nothing is born in it.
        case refuse
        /// People are told.
        case remark
    }

    /// The advisory's own number, such as `CVE-2017-15361`: what a waiver names.
    public var id: String
    /// What people call it.
    public var name: String
    /// TPM_PT_MANUFACTURER without its padding, such as `IFX`.
    public var manufacturer: String
    /// What it breaks, in one sentence without an end.
    public var breaks: String
    /// The kinds of key that it touches.
    public var keys: [KeyKind]
    /// The firmware that its source says is affected; empty where the source states no versions that a TPM reports.
    public var firmware: [TPMFirmwareRange]
    /// What it means.
    public var verdict: Verdict
    /// Where it is published.
    public var origin: String
    /// The day on which this entry was taken from there, such as `2026-11-28`.
    public var taken: String
    /// What else there is to know; absent when there is nothing.
    public var note: String?
}

/// What an advisory says of one TPM.
public struct TPMAdvisoryFinding: Sendable, Hashable {
    /// What follows from it.
    public enum Consequence: Sendable, Hashable {
        /// Firmware and keys are affected.
        case refused
        /// The same, and somebody who answers for it has let it pass by name.
        case waived
        /// The firmware is affected, and no key that will be made is.
        case otherKeysOnly
        /// The firmware is affected, and the list takes it for no reason to refuse.
        case remarked
        /// The vendor is affected, and the source does not say which firmware.
        case firmwareUnstated
    }

    /// The advisory.
    public let advisory: TPMAdvisory
    /// What follows.
    public let consequence: Consequence
    /// The key that has the weakness, such as `endorsement key`; nil when the firmware's version says so.
    public let key: String?

    init(_ advisory: TPMAdvisory, _ consequence: Consequence, key: String? = nil) {
        self.advisory = advisory
        self.consequence = consequence
        self.key = key
    }
}

/// A list of known-bad TPM firmware, as people keep it in a file.
///
/// It can only hold what a TPM's maker and firmware version tell. Not so CVE-2018-6622 (PCRs forged over S3 sleep): that is
/// a fault of the board's firmware. No TPM vendor has published firmware versions with CVE-2023-1018.
public struct TPMAdvisories: Sendable, Hashable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// One entry for each advisory and manufacturer.
    public var advisories: [TPMAdvisory]

    /// The most bytes of a file.
    public static let maximumSize = 1 << 20

    /// What is wrong with the entries as a list; nil when it can be used.
    public var fault: String? {
        guard formatVersion == 1 else { return "advisory list format \(formatVersion) is not known here" }
        var seen: Set<[String]> = []
        for entry in advisories {
            guard seen.insert([entry.id, entry.manufacturer]).inserted else {
                return "\(entry.id) stands twice for \(entry.manufacturer)"
            }
            guard !entry.keys.isEmpty else { return "\(entry.id) touches no kind of key" }
            guard ![entry.id, entry.manufacturer, entry.breaks, entry.origin, entry.taken].contains("") else {
                return "\(entry.id.isEmpty ? "an entry" : entry.id) leaves out what it says or where it comes from"
            }
        }
        return nil
    }

    /// Judges a TPM by who made it and what runs in it, both as the TPM says: nothing signs that at birth.
    ///
    /// - Parameters:
    ///   - manufacturer: TPM_PT_MANUFACTURER without its padding.
    ///   - firmware: TPM_PT_FIRMWARE_VERSION_1 and 2.
    ///   - keys: the kinds of key that will be used.
    ///   - waived: the advisories that are let pass.
    /// - Returns: what each advisory about it says, in the list's order; those that do not concern it say nothing.
    public func judge(
        manufacturer: String,
        firmware: UInt64,
        keys: Set<TPMAdvisory.KeyKind>,
        waived: Set<String> = []
    ) -> [TPMAdvisoryFinding] {
        let version = TPMFirmwareVersion(firmware)
        return advisories.filter { $0.manufacturer == manufacturer }.compactMap { advisory in
            let consequence: TPMAdvisoryFinding.Consequence
            if advisory.firmware.isEmpty {
                consequence = .firmwareUnstated
            } else if !advisory.firmware.contains(where: { $0.contains(version) }) {
                return nil
            } else if keys.isDisjoint(with: advisory.keys) {
                consequence = .otherKeysOnly
            } else if advisory.verdict == .remark {
                consequence = .remarked
            } else {
                consequence = waived.contains(advisory.id) ? .waived : .refused
            }
            return TPMAdvisoryFinding(advisory, consequence)
        }
    }
}

extension TPMAdvisoryFinding: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        let what = (key.map { "\($0): " } ?? "") + "\(advisory.id) (\(advisory.name)): \(advisory.breaks)"
        return switch consequence {
        case .refused: what
        case .waived: "\(what); let pass by the profile"
        case .otherKeysOnly: "\(what); this profile has no such key"
        case .remarked: what
        case .firmwareUnstated:
            "\(what); its source names no firmware versions that a TPM reports: ask the board's maker"
        }
    }
}
