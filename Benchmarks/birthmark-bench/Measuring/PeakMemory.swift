import DurableFiles
import FoundationEssentials

/// How far this process's resident memory grows during some work.
///
/// Only the first work of a process is seen in full: the heap uses again what earlier work freed.
enum PeakMemory {
    private static let status = "/proc/self/status"

    /// - Returns: KiB between what was resident before and the most during it.
    static func during(_ work: () throws -> Void) throws -> Int {
        // 5 resets the peak (proc(5), /proc/pid/clear_refs).
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try field("VmRSS:")
        try work()
        return max(0, try field("VmHWM:") - before)
    }

    private static func field(_ name: String) throws -> Int {
        let text = String(decoding: try BoundedFile.read(status, limit: 1 << 16), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        guard let value = line?.split(whereSeparator: \.isWhitespace).dropFirst().first, let number = Int(value) else {
            throw WrongResult(name: "\(name) of \(status)", wrong: 1, of: 1)
        }
        return number
    }
}
