/// Digests of the constant data that firmware measures, by which events are recognised whatever their type claims.
struct KnownDigests: Sendable {
    /// Separators between firmware and boot loader (PFP section 10.4.1, EV_SEPARATOR): 0x00000000 and 0xFFFFFFFF.
    let separators: [[UInt8]]
    /// The separator that reports an error, 0x00000001.
    let errorSeparator: [UInt8]
    let callingApplication: [UInt8]
    let exitBootServicesInvocation: [UInt8]
    let exitBootServicesSuccess: [UInt8]
    /// What weakens a boot and is announced in PCR 7, each with its digest.
    let alarms: [(alarm: BootAlarm, digest: [UInt8])]

    private init(_ hash: BankHash) {
        func digest(_ text: String) -> [UInt8] { hash.digest(of: Array(text.utf8)[...]) }
        separators = [[0, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0xFF]].map { hash.digest(of: $0) }
        errorSeparator = hash.digest(of: [1, 0, 0, 0])
        callingApplication = digest("Calling EFI Application from Boot Option")
        exitBootServicesInvocation = digest("Exit Boot Services Invocation")
        exitBootServicesSuccess = digest("Exit Boot Services Returned with Success")
        alarms = BootAlarm.allCases.flatMap { alarm in
            // Some firmware measures the string with the NUL that ends it in memory.
            [(alarm, digest(alarm.rawValue)), (alarm, digest(alarm.rawValue + "\0"))]
        }
    }

    /// The digests in a bank, computed once.
    static func of(_ hash: BankHash) -> KnownDigests {
        switch hash {
        case .sha1: sha1
        case .sha256: sha256
        case .sha384: sha384
        case .sha512: sha512
        }
    }

    private static let sha1 = KnownDigests(.sha1)
    private static let sha256 = KnownDigests(.sha256)
    private static let sha384 = KnownDigests(.sha384)
    private static let sha512 = KnownDigests(.sha512)
}

/// A state that firmware announces in PCR 7 because it makes the boot less than it seems.
public enum BootAlarm: String, Hashable, Sendable, CaseIterable {
    /// A firmware debugger was enabled (PFP section 3.3.4.8).
    case firmwareDebugger = "UEFI Debug Mode"
    /// Devices could reach memory while the machine booted (Microsoft kernel DMA protection).
    case dmaProtectionDisabled = "DMA Protection Disabled"
    /// A vendor's own announcement of a lowered security level.
    case securityLevelDowngraded = "Security Level is Downgraded to 0"
}
