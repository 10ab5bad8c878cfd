import DurableFiles

/// Which boot of the kernel this is (`/proc/sys/kernel/random/boot_id`).
enum BootID {
    private static let path = "/proc/sys/kernel/random/boot_id"

    /// The 36 characters; nil where the kernel does not say it.
    static var current: String? {
        guard let bytes = try? BoundedFile.read(path, limit: 64) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}

extension UpdateRecord {
    /// Whether the kernel was booted since the install ended, as far as it says; of a device without a TPM.
    var isBooted: Bool { bootAtInstall.map { $0 != BootID.current } ?? true }
}
