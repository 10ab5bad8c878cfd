import DurableFiles
import FoundationEssentials
import Glibc

/// How far this process's resident memory grows during some work.
///
/// The heap uses again what earlier work freed, and of that no growth is seen: hence it is given back first, as far as whole pages are
/// free.
enum PeakMemory {
    private static let status = "/proc/self/status"

    /// - Returns: KiB between what was resident before and the most during it.
    static func during(_ work: () throws -> Void) throws -> Int {
        try trim()
        // 5 resets the peak (proc(5), /proc/pid/clear_refs).
        try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try field("VmRSS:")
        try work()
        return max(0, try field("VmHWM:") - before)
    }

    /// Gives what the heap does not use back to the system (malloc_trim(3)).
    private static func trim() throws {
        typealias Trim = @convention(c) (Int) -> Int32
        guard let symbol = unsafe dlsym(nil, "malloc_trim") else {
            throw WrongResult(name: "finding malloc_trim", wrong: 1, of: 1)
        }
        _ = unsafe unsafeBitCast(symbol, to: Trim.self)(0)
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
