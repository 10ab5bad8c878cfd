import FoundationEssentials
import Glibc
import Subprocess

/// Kills a real program at a chosen moment, or its TPM, or takes the room from its disk: the program knows nothing of it.
///
/// The moments are before and after each file is made, written, made durable or put in its place, and before each command
/// goes to the TPM, while it is there, and when its answer has come.
public struct MachineFaults: Sendable {
    private let library: String

    /// Whether a call has been made when it happens.
    public enum Moment: String, Sendable, CaseIterable {
        case before
        case after
    }

    /// Compiles, into a directory, the library that is put between a program and libc and libtss2-sys; once a directory.
    public init(in directory: String) async throws {
        library = directory + "/faults.so"
        guard !FileManager.default.fileExists(atPath: library) else { return }
        let source = "\(#filePath)".split(separator: "/").dropLast().joined(separator: "/")
        let made = "\(library).\(UInt64.random(in: 0 ... .max))"
        let compiled = try await Subprocess.run(
            .name("clang"),
            arguments: ["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", made, "/\(source)/faults.c", "-ldl"],
            output: .discarded,
            error: .string(limit: 1 << 16)
        )
        // In one step, since several tests may do it at once.
        guard compiled.terminationStatus.isSuccess, unsafe rename(made, library) == 0 else {
            throw NotCompiled(errors: compiled.standardError)
        }
    }

    private struct NotCompiled: Error {
        var errors: String
    }

    /// The environment under which every moment writes a line to a file: its phase, the call, and the path where there is one.
    public func noting(in file: String) -> [String: String] { ["LD_PRELOAD": library, "FAULT_NOTES": file] }

    /// The environment under which a program is killed at a moment, counted from 1; or another one, by its process id, in its place.
    public func killing(_ other: Int32? = nil, at number: Int) -> [String: String] {
        fault("kill before+after+answered \(number) * \(other ?? 0)")
    }

    /// The environment under which a program is killed at a step, counted from 1 from when a file is there: one more kind of moment
    /// is when it has sent something to another.
    public func killing(atStep number: Int, while flag: String) -> [String: String] {
        fault("kill before+after+answered+sent \(number) *").merging(["FAULT_WHILE": flag]) { $1 }
    }

    /// The environment under which a program is killed when it has sent something, the `number`th time.
    public func killing(sending number: Int) -> [String: String] { fault("kill sent \(number) *") }

    /// The environment under which a program is killed when it puts a file whose path ends with `name` in its place for
    /// the `number`th time.
    public func killing(_ moment: Moment, placing number: Int, of name: String) -> [String: String] {
        fault("kill \(moment.rawValue) \(number) \(name)")
    }

    /// The environment under which the disk has no room at the `number`th call that needs some.
    /// - Parameters:
    ///   - isLasting: whether it stays full; otherwise there is room again right after.
    ///   - name: only calls are counted that concern a file whose path ends so.
    public func fullDisk(at number: Int, isLasting: Bool, of name: String = "*") -> [String: String] {
        fault("\(isLasting ? "full" : "once") \(Self.needingRoom) \(number) \(name)")
    }

    /// The environment under which the disk has no room while a file exists.
    public func fullDisk(while flag: String) -> [String: String] {
        fault("full \(Self.needingRoom) 1 *").merging(["FAULT_WHILE": flag]) { $1 }
    }

    /// The phases in which a full disk refuses a call.
    private static let needingRoom = "room+bytes"

    private func fault(_ text: String) -> [String: String] { ["LD_PRELOAD": library, "FAULT": text] }
}

/// What a program wrote under ``MachineFaults/noting(in:)``.
public struct NotedMoments: Sendable {
    /// The moments at which it could be killed, in their order: phase, call and path.
    public let moments: [String]
    /// The calls that a full disk would refuse, in their order.
    public let needsOfRoom: [String]

    public init(readingFrom file: String) throws {
        let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        needsOfRoom = lines.filter { $0.hasPrefix("room ") || $0.hasPrefix("bytes ") }
        moments = lines.filter { line in !["room ", "bytes ", "sent "].contains { line.hasPrefix($0) } }
    }

    /// The kinds of moments: phase and call.
    public static func kinds(_ moments: [String]) -> Set<String> {
        Set(moments.map { $0.split(separator: " ").prefix(2).joined(separator: " ") })
    }
}
