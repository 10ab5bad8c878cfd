import DurableFiles

/// Which boot of the system this is: what a file says that is another after each one.
public struct BootID: Hashable, Sendable {
    private let path: String

    /// Where Linux says it.
    public static let defaultPath = "/proc/sys/kernel/random/boot_id"

    /// Names the file.
    public init(path: String = defaultPath) { self.path = path }

    /// What it says, 36 characters on Linux; nil where nothing says it.
    var current: String? {
        guard let bytes = try? BoundedFile.readKept(path, limit: 64) else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
    }
}

extension UpdateRecord {
    /// Whether the system was booted since the install ended, as far as it says; of a device without a TPM.
    func isBooted(since boot: BootID) -> Bool { bootAtInstall.map { $0 != boot.current } ?? true }
}
