/// Constant data that firmware measures, by whose digest an event is recognised whatever its type claims.
enum Landmark: Hashable, Sendable {
    /// Between what firmware measures and what boot loaders do (PFP section 10.4.1, EV_SEPARATOR).
    case separator
    /// A separator that reports an error of the firmware.
    case errorSeparator
    case callingApplication
    case exitBootServicesInvocation
    case exitBootServicesSuccess
    case alarm(BootAlarm)
}

/// The digests of the landmarks in one bank.
struct KnownDigests: Sendable {
    private struct Entry {
        /// The beginning of the digest: one comparison of eight bytes excludes nearly every event.
        let key: UInt64
        let digest: [UInt8]
        let landmark: Landmark
    }

    private let entries: [Entry]

    private init(_ hash: BankHash) {
        func entry(_ landmark: Landmark, _ data: [UInt8]) -> Entry {
            let digest = hash.digest(of: data[...])
            return Entry(key: LittleEndian.uint64(digest.span, at: 0), digest: digest, landmark: landmark)
        }
        func entry(_ landmark: Landmark, _ text: String) -> Entry { entry(landmark, Array(text.utf8)) }
        entries =
            [
                entry(.separator, [0, 0, 0, 0]),
                entry(.separator, [0xFF, 0xFF, 0xFF, 0xFF]),
                entry(.errorSeparator, [1, 0, 0, 0]),
                entry(.callingApplication, "Calling EFI Application from Boot Option"),
                entry(.exitBootServicesInvocation, "Exit Boot Services Invocation"),
                entry(.exitBootServicesSuccess, "Exit Boot Services Returned with Success"),
            ]
            + BootAlarm.allCases.flatMap { alarm in
                // Some firmware measures the string with the NUL that ends it in memory.
                [entry(.alarm(alarm), alarm.rawValue), entry(.alarm(alarm), alarm.rawValue + "\0")]
            }
    }

    /// The landmark whose digest stands at an offset; nil when none does.
    func landmark(_ bytes: Span<UInt8>, at offset: Int) -> Landmark? {
        guard bytes.count - offset >= 8 else { return nil }
        let key = LittleEndian.uint64(bytes, at: offset)
        for entry in entries where entry.key == key {
            guard entry.digest.count <= bytes.count - offset else { return nil }
            for index in entry.digest.indices where entry.digest[index] != bytes[offset + index] { return nil }
            return entry.landmark
        }
        return nil
    }

    /// The digest of a landmark that has only one.
    func digest(of landmark: Landmark) -> [UInt8] {
        entries.first { $0.landmark == landmark }?.digest ?? []
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
