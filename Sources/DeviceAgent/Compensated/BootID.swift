import DurableFiles

/// Which boot of the system this is: what a file says that is another after each one.
public struct BootID: Hashable, Sendable {
    private let path: String

    /// Where Linux says it.
    public static let defaultPath = "/proc/sys/kernel/random/boot_id"
    /// The most bytes of the file; on Linux it has 37.
    private static let maximumSize = 64

    /// Names the file.
    public init(path: String = defaultPath) { self.path = path }

    /// The file's first line.
    ///
    /// Without it nobody knows whether an install was booted: "it was" would confirm what never ran, "it was not" would hide what runs now.
    /// - Throws: `AgentError` where nothing says it.
    var current: String {
        get throws(AgentError) {
            let bytes: [UInt8]
            do throws(FileError) { bytes = try BoundedFile.readKept(path, limit: Self.maximumSize) } catch {
                throw Self.unknown(error.description)
            }
            guard let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first else {
                throw Self.unknown("\(path) says nothing")
            }
            return String(line)
        }
    }

    private static func unknown(_ why: String) -> AgentError {
        AgentError(
            .environment,
            "nothing says which boot of the system this is: \(why)",
            hint: "name a file that says something else after each boot: \"bootID\" in agent.json"
        )
    }
}

extension UpdateRecord {
    /// Whether a boot is another one than that in which the install ended; of a device without a TPM.
    func isBooted(in boot: String) -> Bool {
        // Only a journal of before an install had to know its boot does not name it.
        bootAtInstall.map { $0 != boot } ?? true
    }
}
