import Foundation
import SoftwareDevice

extension SoftwareDevice {
    /// The process of its software TPM, if it has power.
    nonisolated var process: pid_t? {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return all.compactMap { pid_t($0) }.first { id in
            let line = (try? String(contentsOfFile: "/proc/\(id)/cmdline", encoding: .utf8)) ?? ""
            let words = line.split(separator: "\0")
            return words.first?.hasSuffix("swtpm") == true
                && words.contains { $0.hasSuffix("path=\(directory.path)/sock") }
        }
    }
}
