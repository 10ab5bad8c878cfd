/// The kind of an event (TCG PC Client Platform Firmware Profile, PFP, section 10.4.1).
///
/// No PCR covers it: whoever writes the log can put any type on any measurement.
public struct EventType: RawRepresentable, Hashable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let noAction = EventType(rawValue: 0x0000_0003)
    public static let separator = EventType(rawValue: 0x0000_0004)
    public static let action = EventType(rawValue: 0x0000_0005)
    public static let eventTag = EventType(rawValue: 0x0000_0006)
    public static let crtmContents = EventType(rawValue: 0x0000_0007)
    public static let crtmVersion = EventType(rawValue: 0x0000_0008)
    public static let ipl = EventType(rawValue: 0x0000_000D)
    public static let efiVariableDriverConfig = EventType(rawValue: 0x8000_0001)
    public static let efiBootServicesApplication = EventType(rawValue: 0x8000_0003)
    public static let efiBootServicesDriver = EventType(rawValue: 0x8000_0004)
    public static let efiRuntimeServicesDriver = EventType(rawValue: 0x8000_0005)
    public static let efiAction = EventType(rawValue: 0x8000_0007)
    public static let efiPlatformFirmwareBlob = EventType(rawValue: 0x8000_0008)
    public static let efiHCRTM = EventType(rawValue: 0x8000_0010)
    public static let efiVariableAuthority = EventType(rawValue: 0x8000_00E0)

    /// Whether the profile defines this type.
    public var isKnown: Bool {
        switch rawValue {
        case 0x0000_0000...0x0000_0013, 0x8000_0001...0x8000_000D, 0x8000_0010, 0x8000_00E0...0x8000_00E4: true
        default: false
        }
    }

    private static let names: [UInt32: String] = [
        0x0000_0000: "EV_PREBOOT_CERT",
        0x0000_0001: "EV_POST_CODE",
        0x0000_0002: "EV_UNUSED",
        0x0000_0003: "EV_NO_ACTION",
        0x0000_0004: "EV_SEPARATOR",
        0x0000_0005: "EV_ACTION",
        0x0000_0006: "EV_EVENT_TAG",
        0x0000_0007: "EV_S_CRTM_CONTENTS",
        0x0000_0008: "EV_S_CRTM_VERSION",
        0x0000_0009: "EV_CPU_MICROCODE",
        0x0000_000A: "EV_PLATFORM_CONFIG_FLAGS",
        0x0000_000B: "EV_TABLE_OF_DEVICES",
        0x0000_000C: "EV_COMPACT_HASH",
        0x0000_000D: "EV_IPL",
        0x0000_000E: "EV_IPL_PARTITION_DATA",
        0x0000_000F: "EV_NONHOST_CODE",
        0x0000_0010: "EV_NONHOST_CONFIG",
        0x0000_0011: "EV_NONHOST_INFO",
        0x0000_0012: "EV_OMIT_BOOT_DEVICE_EVENTS",
        0x0000_0013: "EV_POST_CODE2",
        0x8000_0001: "EV_EFI_VARIABLE_DRIVER_CONFIG",
        0x8000_0002: "EV_EFI_VARIABLE_BOOT",
        0x8000_0003: "EV_EFI_BOOT_SERVICES_APPLICATION",
        0x8000_0004: "EV_EFI_BOOT_SERVICES_DRIVER",
        0x8000_0005: "EV_EFI_RUNTIME_SERVICES_DRIVER",
        0x8000_0006: "EV_EFI_GPT_EVENT",
        0x8000_0007: "EV_EFI_ACTION",
        0x8000_0008: "EV_EFI_PLATFORM_FIRMWARE_BLOB",
        0x8000_0009: "EV_EFI_HANDOFF_TABLES",
        0x8000_000A: "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
        0x8000_000B: "EV_EFI_HANDOFF_TABLES2",
        0x8000_000C: "EV_EFI_VARIABLE_BOOT2",
        0x8000_000D: "EV_EFI_GPT_EVENT2",
        0x8000_0010: "EV_EFI_HCRTM_EVENT",
        0x8000_00E0: "EV_EFI_VARIABLE_AUTHORITY",
        0x8000_00E1: "EV_EFI_SPDM_FIRMWARE_BLOB",
        0x8000_00E2: "EV_EFI_SPDM_FIRMWARE_CONFIG",
        0x8000_00E3: "EV_EFI_SPDM_DEVICE_POLICY",
        0x8000_00E4: "EV_EFI_SPDM_DEVICE_AUTHORITY",
    ]
}

extension EventType: CustomStringConvertible {
    /// The profile's name, or the number in hexadecimal.
    public var description: String { Self.names[rawValue] ?? "0x" + String(rawValue, radix: 16) }
}
