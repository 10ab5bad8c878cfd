import Crypto

/// Event logs, each of few events and with one thing that real logs show.
enum LogSeeds {
    private static let noAction: UInt32 = 3
    private static let separator: UInt32 = 4
    private static let version: UInt32 = 8
    private static let ipl: UInt32 = 0x0D
    private static let variable: UInt32 = 0x8000_0001
    private static let image: UInt32 = 0x8000_0003
    private static let action: UInt32 = 0x8000_0007
    private static let hardwareCRTM: UInt32 = 0x8000_0010

    static let all: [String: [String: [UInt8]]] = [
        "event-log": [
            "one-bank": header([0x0B]) + boot([0x0B]),
            "two-banks": header([0x04, 0x0B]) + boot([0x04, 0x0B]),
            "other-order": header([0x04, 0x0B]) + boot([0x0B, 0x04]),
            "four-banks": header([0x04, 0x0B, 0x0C, 0x0D])
                + event(0, version, text("1.0"), [0x04, 0x0B, 0x0C, 0x0D]),
            "bank-left-out": header([0x04, 0x0B]) + event(7, separator, [0, 0, 0, 0], [0x0B]),
            "startup-locality": header([0x0B]) + event(0, noAction, text("StartupLocality\0") + [3], [0x0B])
                + event(0, version, text("1.0"), [0x0B]),
            "hardware-crtm": header([0x0B]) + event(0, hardwareCRTM, text("HCRTM"), [0x0B])
                + event(0, version, text("1.0"), [0x0B]),
            "padding": header([0x0B]) + event(0, version, text("1.0"), [0x0B]) + [UInt8](repeating: 0xFF, count: 64),
            "trust-points": header([0x0B]) + event(0, version, text("1.0"), [0x0B])
                + event(0xFFFF_FFFF, noAction, [1, 2, 3], [0x0B]),
            "vendor-information": header([0x0B], vendor: [1, 2, 3]) + event(0, version, text("1.0"), [0x0B]),
            "legacy": legacy(0, version, text("1.0")) + legacy(4, separator, [0, 0, 0, 0]),
        ]
    ]

    /// A small boot with what facts are read from: variables, their databases, an image, a loader's commands.
    private static func boot(_ banks: [UInt16]) -> [UInt8] {
        let global: [UInt8] = [
            0x61, 0xDF, 0xE4, 0x8B, 0xCA, 0x93, 0xD2, 0x11, 0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C,
        ]
        let security: [UInt8] = [
            0xCB, 0xB2, 0x19, 0xD7, 0x3A, 0x3D, 0x96, 0x45, 0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F,
        ]
        // EFI_CERT_SHA256_GUID, and one entry of an owner and a digest (UEFI specification, section 32.4.1).
        let sha256: [UInt8] = [
            0x26, 0x16, 0xC4, 0xC1, 0x4C, 0x50, 0x92, 0x40, 0xAC, 0xA9, 0x41, 0xF9, 0x36, 0x93, 0x43, 0x28,
        ]
        let database = sha256 + little(UInt32(28 + 48)) + little(UInt32(0)) + little(UInt32(48)) + security + digest
        var log = event(0, version, text("1.0"), banks)
        log += event(7, variable, variableData(global, "SecureBoot", [1]), banks)
        log += event(7, variable, variableData(global, "PK", []), banks)
        log += event(7, variable, variableData(security, "db", database), banks)
        log += event(7, variable, variableData(security, "dbx", database), banks)
        log += event(4, action, text("Calling EFI Application from Boot Option"), banks)
        for pcr in [UInt32(0), 1, 2, 3, 4, 5, 6, 7] { log += event(pcr, separator, [0, 0, 0, 0], banks) }
        log += event(7, 0x8000_00E0, variableData(security, "db", digest), banks)
        log += event(4, image, [UInt8](repeating: 0, count: 32), banks)
        log += event(8, ipl, text("grub_cmd: linux /vmlinuz root=/dev/sda1 ro\0"), banks)
        log += event(8, ipl, text("kernel_cmdline: /vmlinuz root=/dev/sda1 ro\0"), banks)
        log += event(9, ipl, text("/vmlinuz\0"), banks)
        log += event(5, action, text("Exit Boot Services Invocation"), banks)
        log += event(5, action, text("Exit Boot Services Returned with Success"), banks)
        return log
    }

    private static let digest = (0..<32).map { UInt8($0) }

    private static func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// UEFI_VARIABLE_DATA (PFP, section 10.4.2).
    private static func variableData(_ vendor: [UInt8], _ name: String, _ value: [UInt8]) -> [UInt8] {
        vendor + little(UInt64(name.utf16.count)) + little(UInt64(value.count)) + name.utf16.flatMap { little($0) }
            + value
    }

    private static func event(_ pcr: UInt32, _ type: UInt32, _ data: [UInt8], _ banks: [UInt16]) -> [UInt8] {
        little(pcr) + little(type) + little(UInt32(banks.count)) + banks.flatMap { little($0) + hash(data, $0) }
            + little(UInt32(data.count)) + data
    }

    private static func legacy(_ pcr: UInt32, _ type: UInt32, _ data: [UInt8]) -> [UInt8] {
        little(pcr) + little(type) + hash(data, 0x04) + little(UInt32(data.count)) + data
    }

    private static func header(_ banks: [UInt16], vendor: [UInt8] = []) -> [UInt8] {
        let algorithms = banks.flatMap { little($0) + little(UInt16(hash([], $0).count)) }
        let content =
            text("Spec ID Event03\0") + little(UInt32(0)) + [0, 2, 0, 2] + little(UInt32(banks.count)) + algorithms
            + [UInt8(vendor.count)] + vendor
        return little(UInt32(0)) + little(noAction) + [UInt8](repeating: 0, count: 20) + little(UInt32(content.count))
            + content
    }

    private static func hash(_ data: [UInt8], _ bank: UInt16) -> [UInt8] {
        switch bank {
        case 0x04: Array(Insecure.SHA1.hash(data: data))
        case 0x0C: Array(SHA384.hash(data: data))
        case 0x0D: Array(SHA512.hash(data: data))
        default: Array(SHA256.hash(data: data))
        }
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        (0..<Number.bitWidth / 8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
}
