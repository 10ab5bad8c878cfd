/// What a machine with UEFI, shim and GRUB measures while it boots, in its order.
struct BootSequence {
    let firmware: Firmware
    let tamper: Set<Tamper>

    var events: [MeasuredEvent] {
        firmwareStart + secureBootVariables + bootVariables + readyToBoot + shim + grub + operatingSystem + exit
    }

    private var secureBoot: Bool { firmware.platform.secureBoot && !tamper.contains(.secureBootOff) }

    /// The contents of something, other ones when it was tampered with.
    func contents(_ name: String, unless change: Tamper) -> [UInt8] {
        Contents.of(tamper.contains(change) ? name + ", changed by somebody" : name)
    }
}

// The firmware's own measurements (TCG PC Client Platform Firmware Profile, section 3.3).
extension BootSequence {
    private var firmwareStart: [MeasuredEvent] {
        let version = MeasuredEvent(0, .crtmVersion, .ucs2(firmware.platform.version, terminated: true))
        let volumes = firmware.platform.volumes.enumerated().map { index, name in
            var location: [UInt8] = []
            location.append(littleEndian: UInt64(0xFF00_0000 + 0x40_0000 * index))
            location.append(littleEndian: UInt64(0x40_0000))
            // Somebody who changes one volume changes the first one.
            let image = index == 0 ? contents(name, unless: .firmware) : Contents.of(name)
            return MeasuredEvent(0, .platformFirmwareBlob, data: location, measuring: image)
        }
        return [version] + volumes
    }

    private var secureBootVariables: [MeasuredEvent] {
        let platform = firmware.platform
        let variables = [
            UEFIVariable(vendor: .globalVariable, name: "SecureBoot", contents: [secureBoot ? 1 : 0]),
            UEFIVariable(
                vendor: .globalVariable,
                name: "PK",
                contents: SignatureList.certificates([platform.platformKey])
            ),
            UEFIVariable(
                vendor: .globalVariable,
                name: "KEK",
                contents: SignatureList.certificates(platform.keyExchangeKeys)
            ),
            UEFIVariable(
                vendor: .imageSecurityDatabase,
                name: "db",
                contents: SignatureList.certificates(platform.signatureDatabase)
            ),
            UEFIVariable(
                vendor: .imageSecurityDatabase,
                name: "dbx",
                contents: SignatureList.hashes(platform.forbiddenImages)
            ),
        ]
        return variables.map { MeasuredEvent(7, .variableDriverConfig, $0.data) } + [separator(7)]
    }

    private var bootVariables: [MeasuredEvent] {
        var option: [UInt8] = []
        let path = DevicePath.file(Self.shimPath)
        option.append(littleEndian: UInt32(1))  // LOAD_OPTION_ACTIVE
        option.append(littleEndian: UInt16(path.count))
        option += .ucs2("GNU/Linux", terminated: true) + path
        let variables = [
            UEFIVariable(vendor: .globalVariable, name: "BootOrder", contents: [0x01, 0x00]),
            UEFIVariable(vendor: .globalVariable, name: "Boot0001", contents: option),
        ]
        // Of boot variables, unlike of others, only the contents are measured.
        return variables.map { MeasuredEvent(1, .variableBoot, data: $0.data, measuring: $0.contents) }
    }

    private var readyToBoot: [MeasuredEvent] {
        [action(4, "Calling EFI Application from Boot Option")] + (0...6).map(separator)
    }

    private var exit: [MeasuredEvent] {
        [action(5, "Exit Boot Services Invocation"), action(5, "Exit Boot Services Returned with Success")]
    }

    private func separator(_ pcr: Int) -> MeasuredEvent { MeasuredEvent(pcr, .separator, [0, 0, 0, 0]) }

    private func action(_ pcr: Int, _ text: String) -> MeasuredEvent { MeasuredEvent(pcr, .action, Array(text.utf8)) }
}

// Loading of images: who signed it, when Secure Boot asks, then the image.
extension BootSequence {
    static let shimPath = "\\EFI\\BOOT\\BOOTX64.EFI"

    private var shim: [MeasuredEvent] {
        let loader = firmware.bootLoader
        let signer = UEFIVariable(
            vendor: .imageSecurityDatabase,
            name: "db",
            contents: SignatureList.signature(firmware.platform.signatureDatabase.first ?? "nobody")
        )
        let level = UEFIVariable(vendor: .shimLock, name: "SbatLevel", contents: Array(loader.sbatLevel.utf8))
        return authority(signer) + [
            application(Self.shimPath, image: Contents.of(loader.shim)),
            MeasuredEvent(14, .ipl, data: Array("MokList\0".utf8), measuring: Contents.of("empty MokList")),
            MeasuredEvent(7, .variableAuthority, level.data),
        ]
    }

    private var grub: [MeasuredEvent] {
        let loader = firmware.bootLoader
        let vendor = UEFIVariable(
            vendor: .shimLock,
            name: "Shim",
            contents: SignatureList.signature(loader.shimVendor)
        )
        return [application("\\EFI\\BOOT\\GRUBX64.EFI", image: contents(loader.grub, unless: .bootloader))]
            + authority(vendor)
    }

    private func authority(_ variable: UEFIVariable) -> [MeasuredEvent] {
        secureBoot ? [MeasuredEvent(7, .variableAuthority, variable.data)] : []
    }

    /// UEFI_IMAGE_LOAD_EVENT (section 10.2.3).
    func application(_ path: String, image: [UInt8]) -> MeasuredEvent {
        let path = DevicePath.file(path)
        var data: [UInt8] = []
        data.append(littleEndian: UInt64(0x7D00_0000))
        data.append(littleEndian: UInt64(0x10_0000))
        data.append(littleEndian: UInt64(0))
        data.append(littleEndian: UInt64(path.count))
        return MeasuredEvent(4, .bootServicesApplication, data: data + path, measuring: image)
    }
}
