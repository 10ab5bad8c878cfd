import FoundationEssentials
public import Glibc

/// Whether a process is there and has not ended; one of whose end nobody has taken notice yet is in state Z.
///
/// The state stands behind the name in parentheses (proc(5)). Arguments would not say: a program that begins has none for a moment.
public func isRunning(_ process: pid_t) -> Bool {
    guard let stat = try? Data(contentsOf: URL(filePath: "/proc/\(process)/stat")) else { return false }
    let state = String(decoding: stat, as: UTF8.self).split(separator: ")").last?.split(separator: " ").first
    return state != "Z" && state != "X"
}
