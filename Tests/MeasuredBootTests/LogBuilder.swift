import Crypto
import MeasuredBoot
import TPMWire

/// Writes event logs byte by byte, so that a test can also write one that no firmware would.
struct LogBuilder {
    /// The banks each event gets digests for, in this order.
    var banks: [AlgorithmID]
    /// What the header lists; usually the same banks.
    var listed: [AlgorithmID]
    private(set) var bytes: [UInt8] = []
    /// The PCR values a TPM would have after all that was measured.
    private(set) var values: [AlgorithmID: [Int: [UInt8]]] = [:]
    private let isLegacy: Bool

    init(banks: [AlgorithmID] = [.sha256], listed: [AlgorithmID]? = nil) {
        self.banks = banks
        self.listed = listed ?? banks
        isLegacy = false
        bytes = Self.header(self.listed.map { ($0.rawValue, UInt16($0.digestSize ?? 0)) })
    }

    private init(legacy: Void) {
        banks = [.sha1]
        listed = [.sha1]
        isLegacy = true
    }

    static func legacy() -> LogBuilder { LogBuilder(legacy: ()) }

    /// A Spec ID event with any algorithm list, count and vendor information.
    static func header(
        _ algorithms: [(id: UInt16, size: UInt16)],
        count: UInt32? = nil,
        vendor: [UInt8] = [0],
        pcr: UInt32 = 0
    ) -> [UInt8] {
        var body = Array("Spec ID Event03\0".utf8) + le32(0) + [0, 2, 0, 2] + le32(count ?? UInt32(algorithms.count))
        for algorithm in algorithms { body += le16(algorithm.id) + le16(algorithm.size) }
        body += vendor
        return le32(pcr) + le32(3) + [UInt8](repeating: 0, count: 20) + le32(UInt32(body.count)) + body
    }

    /// Appends an event and extends what was measured; what was measured is the data unless said otherwise.
    mutating func measure(
        _ pcr: Int,
        _ type: EventType,
        _ data: [UInt8],
        measured: [UInt8]? = nil,
        in banks: [AlgorithmID]? = nil
    ) {
        let banks = banks ?? self.banks
        for bank in banks { extend(pcr, by: Self.hash(bank, measured ?? data), in: bank) }
        append(pcr: UInt32(pcr), type, banks.map { ($0, Self.hash($0, measured ?? data)) }, data)
    }

    /// Appends an EV_NO_ACTION event with digests of zeros.
    mutating func note(_ pcr: Int, _ data: [UInt8]) {
        append(
            pcr: UInt32(pcr),
            .noAction,
            banks.map { ($0, [UInt8](repeating: 0, count: $0.digestSize ?? 0)) },
            data
        )
    }

    /// Appends an event as it is told, measured nowhere.
    mutating func append(
        pcr: UInt32,
        _ type: EventType,
        _ digests: [(AlgorithmID, [UInt8])],
        _ data: [UInt8],
        count: UInt32? = nil,
        size: UInt32? = nil
    ) {
        bytes += Self.le32(pcr) + Self.le32(type.rawValue)
        if isLegacy {
            bytes += digests.first?.1 ?? []
        } else {
            bytes += Self.le32(count ?? UInt32(digests.count))
            for (bank, digest) in digests { bytes += Self.le16(bank.rawValue) + digest }
        }
        bytes += Self.le32(size ?? UInt32(data.count)) + data
    }

    mutating func append(raw: [UInt8]) { bytes += raw }

    /// Sets where PCR 0 begins, as the hardware did before the first event.
    mutating func startPCR0(at locality: UInt8) {
        for bank in banks {
            values[bank, default: [:]][0] = [UInt8](repeating: 0, count: (bank.digestSize ?? 1) - 1) + [locality]
        }
    }

    mutating func extend(_ pcr: Int, by digest: [UInt8], in bank: AlgorithmID) {
        let reset = [UInt8](repeating: (17...22).contains(pcr) ? 0xFF : 0, count: bank.digestSize ?? 0)
        let old = values[bank]?[pcr] ?? reset
        values[bank, default: [:]][pcr] = Self.hash(bank, old + digest)
    }

    func parse() throws -> EventLog { try EventLog(parsing: bytes) }

    /// The facts of this log, confirmed by a quote of all that was measured in the first bank.
    func facts() throws -> BootFacts {
        let bank = banks[0]
        let replay = try Replay(parse(), bank: bank)
        return BootFacts(try replay.authenticated(by: values[bank] ?? [:]).get())
    }

    static func hash(_ bank: AlgorithmID, _ data: [UInt8]) -> [UInt8] {
        switch bank {
        case .sha1: Array(Insecure.SHA1.hash(data: data))
        case .sha256: Array(SHA256.hash(data: data))
        case .sha384: Array(SHA384.hash(data: data))
        case .sha512: Array(SHA512.hash(data: data))
        // A bank the tests cannot compute gets something of the right size.
        default: [UInt8](repeating: 0x5A, count: bank.digestSize ?? 0)
        }
    }

    static func le16(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

    static func le32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    static func le64(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

/// Events as firmware and boot loaders write them.
extension LogBuilder {
    static let globalVariable: [UInt8] = [
        0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C,
    ]
    static let imageSecurityDatabase: [UInt8] = [
        0xCB, 0xB2, 0x19, 0xD7, 0x3A, 0x3D, 0x96, 0x45, 0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F,
    ]

    static func utf16(_ text: String) -> [UInt8] { text.utf16.flatMap { le16($0) } }

    static func variable(_ name: String, _ contents: [UInt8], vendor: [UInt8] = globalVariable) -> [UInt8] {
        vendor + le64(UInt64(name.utf16.count)) + le64(UInt64(contents.count)) + utf16(name) + contents
    }

    static let separator: [UInt8] = [0, 0, 0, 0]

    mutating func separate(_ pcrs: some Sequence<Int>) {
        for pcr in pcrs { measure(pcr, .separator, Self.separator) }
    }

    mutating func measureSecureBoot(_ value: [UInt8]) {
        measure(7, .efiVariableDriverConfig, Self.variable("SecureBoot", value))
        for name in ["PK", "KEK"] {
            measure(7, .efiVariableDriverConfig, Self.variable(name, Array("keys of \(name)".utf8)))
        }
        for name in ["db", "dbx"] {
            measure(
                7,
                .efiVariableDriverConfig,
                Self.variable(name, Array("lists of \(name)".utf8), vendor: Self.imageSecurityDatabase)
            )
        }
    }

    mutating func load(_ image: String) {
        // UEFI_IMAGE_LOAD_EVENT is binary; its contents are not what is measured.
        measure(4, .efiBootServicesApplication, [0, 1, 2, 3] + Array(image.utf8), measured: Array("PE \(image)".utf8))
    }

    mutating func grub(_ label: String, _ text: String) {
        measure(8, .ipl, Array((label + text).utf8) + [0], measured: Array(text.utf8))
    }

    /// A whole boot: firmware, Secure Boot variables, shim, GRUB, kernel.
    static func machine(secureBoot: [UInt8] = [1], banks: [AlgorithmID] = [.sha256], legacy: Bool = false) -> LogBuilder
    {
        var log = legacy ? LogBuilder.legacy() : LogBuilder(banks: banks)
        log.measure(0, .crtmVersion, utf16("Firmware 1.2") + [0, 0])
        log.measure(0, .efiPlatformFirmwareBlob, [UInt8](repeating: 7, count: 16), measured: [1, 2, 3])
        log.measureSecureBoot(secureBoot)
        log.separate([7])
        log.measure(4, .efiAction, Array("Calling EFI Application from Boot Option".utf8))
        log.separate(0...6)
        log.measure(
            7,
            .efiVariableAuthority,
            variable("db", Array("owner and certificate".utf8), vendor: imageSecurityDatabase)
        )
        log.load("shim")
        log.load("grub")
        log.measure(9, .ipl, Array("/boot/grub/grub.cfg".utf8) + [0], measured: Array("set default=0".utf8))
        log.grub("grub_cmd: ", "set default=0")
        log.grub("grub_cmd: ", "linux /vmlinuz root=/dev/sda2 ro")
        log.load("vmlinuz")
        log.grub("kernel_cmdline: ", "/vmlinuz root=/dev/sda2 ro")
        log.measure(9, .ipl, Array("/initrd".utf8) + [0], measured: Array("initrd contents".utf8))
        log.measure(5, .efiAction, Array("Exit Boot Services Invocation".utf8))
        log.measure(5, .efiAction, Array("Exit Boot Services Returned with Success".utf8))
        return log
    }
}
