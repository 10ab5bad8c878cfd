/// What boots on a device: everything that a boot measures follows from this, so two units with the same firmware
/// measure the same.
///
/// Contents of files are named, not kept: a name stands for bytes that are derived from it.
public struct Firmware: Sendable, Hashable, Codable {
    /// Product and version, such as `gateway-os-2.4.0`; also the name of its file.
    public var name: String
    public var platform: Platform
    public var bootLoader: BootLoader
    public var system: System
    /// More events of a boot loader, for measurements of speed.
    public var filler: Filler?

    /// The part that the maker of the board owns.
    public struct Platform: Sendable, Hashable, Codable {
        /// EV_S_CRTM_VERSION.
        public var version: String
        /// Contents of the firmware volumes.
        public var volumes: [String]
        public var secureBoot: Bool
        /// Names of the certificates in PK, KEK and db; the first of db signs the boot loader.
        public var platformKey: String
        public var keyExchangeKeys: [String]
        public var signatureDatabase: [String]
        /// How many image hashes dbx forbids.
        public var forbiddenImages: Int
    }

    /// shim and GRUB.
    public struct BootLoader: Sendable, Hashable, Codable {
        public var shim: String
        /// Name of the certificate in shim that signs GRUB and the kernel.
        public var shimVendor: String
        /// The SbatLevel variable of shim.
        public var sbatLevel: String
        public var grub: String
    }

    /// The operating system.
    public struct System: Sendable, Hashable, Codable {
        /// Contents of kernel and initrd.
        public var version: String
        public var kernelPath: String
        public var initrdPath: String
        public var commandLine: String
    }

    /// Events that say nothing.
    public struct Filler: Sendable, Hashable, Codable {
        public var events: Int
        /// Bytes of data in each.
        public var bytes: Int

        public init(events: Int, bytes: Int) {
            self.events = events
            self.bytes = bytes
        }
    }

    /// A descriptor of this repository, by name or by path.
    public static func named(_ name: String) throws(SoftwareDeviceError) -> Firmware {
        guard case .firmware(let firmware) = try BootFile.named(name) else {
            throw SoftwareDeviceError(.input, "\(name) lists events: it is no machine with UEFI, shim and GRUB")
        }
        return firmware
    }
}

/// A boot that measures something else than the firmware says.
public enum Tamper: String, Sendable, Hashable, CaseIterable, Codable {
    /// Another kernel at the same path.
    case kernel
    /// Another GRUB.
    case bootloader
    /// Another firmware volume.
    case firmware
    /// The right kernel with a shell instead of init.
    case cmdline
    /// Secure Boot switched off in the set-up.
    case secureBootOff = "secureboot-off"
}
