/// A UEFI variable as it is measured (TCG PC Client Platform Firmware Profile, section 10.2.6, UEFI_VARIABLE_DATA).
struct UEFIVariable {
    let vendor: GUID
    let name: String
    let contents: [UInt8]

    var data: [UInt8] {
        var data = vendor.bytes
        data.append(littleEndian: UInt64(name.utf16.count))
        data.append(littleEndian: UInt64(contents.count))
        return data + [UInt8].ucs2(name, terminated: false) + contents
    }
}

/// A GUID in the mixed-endian order of UEFI.
struct GUID {
    let bytes: [UInt8]

    init(_ first: UInt32, _ second: UInt16, _ third: UInt16, _ rest: [UInt8]) {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: first)
        bytes.append(littleEndian: second)
        bytes.append(littleEndian: third)
        self.bytes = bytes + rest
    }

    static let globalVariable = GUID(0x8BE4_DF61, 0x93CA, 0x11D2, [0xAA, 0x0D, 0x00, 0xE0, 0x98, 0x03, 0x2B, 0x8C])
    static let imageSecurityDatabase = GUID(
        0xD719_B2CB,
        0x3D3A,
        0x4596,
        [0xA3, 0xBC, 0xDA, 0xD0, 0x0E, 0x67, 0x65, 0x6F]
    )
    static let shimLock = GUID(0x605D_AB50, 0xE046, 0x4300, [0xAB, 0xB6, 0x3D, 0xD8, 0x10, 0xDD, 0x8B, 0x23])
    static let certX509 = GUID(0xA5C0_59A1, 0x94E4, 0x4AA7, [0x87, 0xB5, 0xAB, 0x15, 0x5C, 0x2B, 0xF0, 0x72])
    static let certSHA256 = GUID(0xC1C4_1626, 0x504C, 0x4092, [0xAC, 0xA9, 0x41, 0xF9, 0x36, 0x93, 0x43, 0x28])
    /// The owner of every signature here.
    static let owner = GUID(0xB1B7_4A2C, 0x5E0D, 0x4C6B, [0x9A, 0x11, 0x42, 0x69, 0x72, 0x74, 0x68, 0x6D])
}

/// EFI_SIGNATURE_LIST and EFI_SIGNATURE_DATA (UEFI specification, section 32.4.1).
enum SignatureList {
    /// One list for each certificate, as key databases have them, because certificates differ in size.
    static func certificates(_ names: [String]) -> [UInt8] {
        names.flatMap { list(.certX509, [signature($0)]) }
    }

    static func hashes(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return list(.certSHA256, (0..<count).map { GUID.owner.bytes + Contents.of("forbidden image \($0)") })
    }

    /// EFI_SIGNATURE_DATA of a certificate: what EV_EFI_VARIABLE_AUTHORITY names as the signer.
    static func signature(_ name: String) -> [UInt8] {
        GUID.owner.bytes + Contents.of("certificate \(name)", size: certificateSize)
    }

    private static func list(_ type: GUID, _ signatures: [[UInt8]]) -> [UInt8] {
        let size = signatures.first?.count ?? 0
        var list = type.bytes
        list.append(littleEndian: UInt32(28 + signatures.count * size))
        list.append(littleEndian: UInt32(0))
        list.append(littleEndian: UInt32(size))
        return list + signatures.flatMap { $0 }
    }

    /// About what an RSA-2048 certificate takes.
    private static let certificateSize = 800
}

/// EFI_DEVICE_PATH_PROTOCOL of a file on the boot volume (UEFI specification, section 10.3.5.4).
enum DevicePath {
    static func file(_ path: String) -> [UInt8] {
        let name = [UInt8].ucs2(path, terminated: true)
        var node: [UInt8] = [0x04, 0x04]
        node.append(littleEndian: UInt16(4 + name.count))
        return node + name + [0x7F, 0xFF, 0x04, 0x00]
    }
}
