import Crypto
import Glibc
import MeasuredBoot
import Messages
import TPMWire

/// The least that replaying a log can cost: somebody else has found the digests, SHA-256 alone is left.
struct BareReplay: Sendable {
    /// The values that the selected PCRs come to.
    private(set) var values: [Int: [UInt8]] = [:]
    /// How many events are extended, and of how many the data is hashed.
    var extended: Int { extensions.count }
    var hashed: Int { data.count }

    private let bytes: [UInt8]
    /// The PCR, and where in the log its digest begins, of every extended event.
    private let extensions: [(pcr: Int, digest: Int)]
    /// The data that a fact is read from, and where in the log its digest begins.
    private let data: [(range: Range<Int>, digest: Int)]

    private static let size = SHA256.byteCount

    init(_ log: EventLog, selection: PCRSet) {
        bytes = log.bytes
        var extensions: [(pcr: Int, digest: Int)] = []
        var data: [(range: Range<Int>, digest: Int)] = []
        for event in log.events where event.isExtended {
            guard let digest = log.digest(of: event, in: .sha256) else { continue }
            extensions.append((event.pcr, digest.startIndex))
            if let range = Self.fact(event, in: log, digest) { data.append((range, digest.startIndex)) }
        }
        self.extensions = extensions
        self.data = data
        let final = replayed()
        for pcr in selection.pcrs { values[pcr] = Array(final[pcr * 2 * Self.size..<(pcr * 2 + 1) * Self.size]) }
    }

    /// Which part of an event's data must be hashed before something may be believed of it.
    ///
    /// The facts are the firmware's version (PCR 0), Secure Boot (PCR 7), the boot applications, which must be told from
    /// the other events of PCR 4, and the kernel's command line, which must be told from GRUB's commands (PCR 8).
    private static func fact(
        _ event: EventLog.Event,
        in log: EventLog,
        _ digest: ArraySlice<UInt8>
    ) -> Range<Int>? {
        let whole = event.data
        let isRead =
            switch event.pcr {
            case 0: event.unverifiedType == .crtmVersion
            case 4: event.unverifiedType != .efiBootServicesApplication
            case 7: log.bytes[whole].starts(with: globalVariable) && whole.count == secureBootSize
            case 8: true
            default: false
            }
        guard isRead else { return nil }
        // GRUB's label before the text and the zero behind it are not measured.
        let labels = [0, "grub_cmd: ".utf8.count, "kernel_cmdline: ".utf8.count]
        let parts = labels.flatMap { label in
            [0, 1].compactMap { end in
                whole.count > label + end ? whole.lowerBound + label..<whole.upperBound - end : nil
            }
        }
        return parts.first { Array(SHA256.hash(data: log.bytes[$0])) == Array(digest) }
    }

    // UEFI_VARIABLE_DATA of SecureBoot: GUID, two lengths, ten characters, one byte.
    private static let globalVariable: [UInt8] = [0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11]
    private static let secureBootSize = 16 + 8 + 8 + 20 + 1

    /// Extends every digest into its PCR; whether the selected PCRs then have the values they should.
    func replay() -> Bool {
        let final = replayed()
        return values.allSatisfy {
            final[$0.key * 2 * Self.size..<($0.key * 2 + 1) * Self.size].elementsEqual($0.value)
        }
    }

    /// Hashes the data that facts are read from; whether all of it has its event's digest.
    func hashData() -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            data.allSatisfy { part in
                var function = SHA256()
                unsafe function.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[part.range]))
                // Not ==, which takes as long again as the hash does.
                return unsafe function.finalize().withUnsafeBytes { computed in
                    guard let computed = computed.baseAddress, let log = bytes.baseAddress else {
                        return false
                    }
                    return unsafe memcmp(computed, log + part.digest, Self.size) == 0
                }
            }
        }
    }

    /// All PCRs, each followed by room for the digest that is extended, so that both are hashed in one piece.
    private func replayed() -> [UInt8] {
        var values = [UInt8](repeating: 0, count: PCRSet.indices.count * 2 * Self.size)
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe values.withUnsafeMutableBytes { values in
                for (pcr, digest) in extensions {
                    let pair = unsafe UnsafeMutableRawBufferPointer(
                        rebasing: values[pcr * 2 * Self.size..<(pcr + 1) * 2 * Self.size]
                    )
                    unsafe UnsafeMutableRawBufferPointer(rebasing: pair[Self.size...])
                        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[digest..<digest + Self.size]))
                    var function = SHA256()
                    unsafe function.update(bufferPointer: UnsafeRawBufferPointer(pair))
                    unsafe function.finalize().withUnsafeBytes { unsafe pair.copyMemory(from: $0) }
                }
            }
        }
        return values
    }
}
