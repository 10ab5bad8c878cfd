import CommandLineContract
import DurableFiles
import FoundationEssentials
import Messages
import TPMWire
import VerifierClient

/// Evidence out of files that came on a stick.
struct CarriedFile {
    let path: String
    let evidence: Evidence
    let request: DecisionRequest

    /// The TPM's clock when it was made: two of one device are in its order.
    private let clock: UInt64

    /// Reads files, and from directories those whose names end so: a device's own in the order in which it made them.
    /// - Parameter maker: the command that writes such files.
    static func read(_ paths: [String], suffix: String, of maker: String) throws(CommandFailure) -> [CarriedFile] {
        var files: [CarriedFile] = []
        for path in paths {
            var isDirectory = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            guard isDirectory else {
                files.append(try CarriedFile(path))
                continue
            }
            let names: [String]
            do { names = try DirectoryEntries.names(in: path) } catch { throw CommandFailure(error) }
            let inside = names.filter { $0.hasSuffix(suffix) }.sorted()
            guard !inside.isEmpty else {
                throw CommandFailure(
                    .malformed,
                    "\(path) has no file whose name ends in \(suffix)",
                    hint: "\(maker) writes them: give them that ending, or name the files themselves"
                )
            }
            for name in inside { files.append(try CarriedFile("\(path)/\(name)")) }
        }
        return files.enumerated().sorted { first, second in
            let (one, other) = (first.element, second.element)
            guard one.request.instance == other.request.instance else { return first.offset < second.offset }
            return (one.clock, first.offset) < (other.clock, second.offset)
        }
        .map(\.element)
    }

    private init(_ path: String) throws(CommandFailure) {
        let bytes = try InputFile.read(path, limit: Evidence.maximumSize, what: "the file")
        self.path = path
        evidence = try parsing(path, of: "birthmark-device request or receipt") { () throws(MessageError) in
            try Evidence(parsing: bytes)
        }
        let request = evidence.request.bytes
        self.request = try parsing(path) { () throws(MessageError) in try DecisionRequest(parsing: request) }
        clock = (try? TPMSAttest(parsing: evidence.attest.bytes))?.clockInfo.clock ?? 0
    }

    /// The file's name without directory and ending.
    func name(without suffix: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(suffix) ? String(name.dropLast(suffix.count)) : name
    }
}

/// What became of one file.
struct CarriedOutcome: Encodable {
    var file: String
    var instance: InstanceID
    /// How the device proves itself, as the verifier says; absent when it took nothing.
    var tier: Tier?
    var outcome: String
    var package: String?
    var grant: String?
    var reasons: [String]
    /// The first of them as a sentence; absent when nothing was refused.
    var because: String?

    /// Takes note of a judgement on this one file; whatever else went wrong is none.
    mutating func refuse(_ error: VerifierClientError) throws(VerifierClientError) {
        guard case .problem(let problem) = error, problem.kind == .refused || problem.kind == .notAuthentic else {
            throw error
        }
        outcome = "refused"
        reasons = problem.reasons ?? [problem.kind?.rawValue ?? "refused"]
        because = problem.title
    }
}

/// A batch of files, brought one after the other.
struct CarriedBatch: Encodable {
    var files: [CarriedOutcome]

    /// Whether one of them was refused.
    var hasRefusals: Bool { files.contains { $0.outcome == "refused" } }

    var text: String {
        let rows = files.map { file in
            [
                file.file, file.instance.text, file.tier?.rawValue ?? "", file.outcome, file.package ?? "",
                file.reasons.isEmpty ? file.grant ?? "" : file.reasons.joined(separator: ", "),
            ]
        }
        // The codes are for scripts.
        let sentences = files.compactMap { file in file.because.map { "\(file.file): \($0)" } }
        let lines = [table(["FILE", "INSTANCE", "TIER", "OUTCOME", "PACKAGE", "GRANT OR REASONS"], rows)] + sentences
        return lines.joined(separator: "\n")
    }
}
