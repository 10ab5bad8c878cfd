import FoundationEssentials
import Testing

/// `birthmark log replay` against `tpm2_eventlog` 5.4, on every log that there is.
@Suite(.timeLimit(.minutes(20))) struct EventLogToolTests {
    /// Where the two do not say the same, and who is right.
    enum Disagreement: String {
        /// The tool begins PCR 0 with zeros whatever StartupLocality and H-CRTM events say. TCG PFP 10.4.5.3 has it otherwise.
        case startOfPCR0
        /// The tool goes on into what firmware left behind the last event, and fails on it. Kernels hand that out.
        case padding
        /// SM3 banks are not computed here; nothing is claimed of them.
        case sm3
        /// The tool dies of a signal.
        case crash
    }

    private static let seeds = URL(filePath: #filePath)
        .appending(path: "../../../../Fuzz/Seeds/event-log").standardized.path

    /// Our own logs, with what is known of each.
    @Test(
        arguments: [
            ("one-bank", []), ("two-banks", []), ("four-banks", []), ("other-order", []), ("legacy", []),
            ("vendor-information", []), ("startup-locality", [.startOfPCR0]), ("hardware-crtm", [.startOfPCR0]),
            ("padding", [.padding]), ("trust-points", [.padding]),
        ] as [(String, Set<Disagreement>)]
    )
    func ownLogs(name: String, known: Set<Disagreement>) async throws {
        #expect(try await compare(Self.seeds + "/" + name) == known)
    }

    private static let corpus = ProcessInfo.processInfo.environment["BIRTHMARK_CORPUS"]

    /// What real firmware wrote: nothing but the known disagreements, and each log in full agreement where there is none.
    @Test(.enabled(if: corpus != nil, "needs BIRTHMARK_CORPUS")) func logsOfRealMachines() async throws {
        let logs = tree(Self.corpus ?? "").filter { file in
            file.isFile && ["eventlog", "measurements", "event-", "tpm12_"].contains { file.path.contains($0) }
                && !["json", "yaml", "warn", "txt", "md"].contains { file.path.hasSuffix("." + $0) }
        }
        var agreed = 0
        var met: [Disagreement: Int] = [:]
        for log in logs {
            guard let found = try await compare(log.path) else { continue }
            agreed += found.isEmpty ? 1 : 0
            for disagreement in found { met[disagreement, default: 0] += 1 }
        }
        #expect(agreed > 20, "\(agreed) of \(logs.count)")
        #expect(Set(met.keys).isSuperset(of: [.startOfPCR0, .padding, .sm3, .crash]), "\(met)")
    }

    /// - Returns: the ways in which both differ; nil when neither takes the log, or there is no value to compare.
    private func compare(_ path: String) async throws -> Set<Disagreement>? {
        let tool = try await Tool(name: "tpm2_eventlog").run([path])
        let ours = try await Program.auditor.run(["log", "replay", path, "--json"], in: Transcript())
        guard ours.code == 0 else {
            #expect(!tool.succeeded, "\(path): \(ours)")
            return nil
        }
        guard tool.succeeded else {
            if tool.crashed { return [.crash] }
            #expect(tool.error.contains("PCR Index -1 is out of bounds"), "\(path): \(tool.error)")
            return [.padding]
        }
        let banks = try ours.json["banks"]
        var found: Set<Disagreement> = []
        let values = Self.values(tool.output)
        guard !values.isEmpty else { return nil }
        for (bank, pcr, value) in values {
            guard banks[bank].isObject else {
                #expect(bank == "sm3_256", "\(path): \(bank)")
                found.insert(.sm3)
                continue
            }
            guard banks[bank + "." + pcr].text != value else { continue }
            #expect(pcr == "0", "\(path): \(bank):\(pcr) is \(value), and we say \(banks[bank + "." + pcr])")
            found.insert(.startOfPCR0)
        }
        return found
    }

    /// The values at the end of the tool's YAML: `pcrs:`, then `  sha256:`, then `    0  : 0x…`.
    private static func values(_ yaml: String) -> [(bank: String, pcr: String, value: String)] {
        var bank = ""
        var values: [(String, String, String)] = []
        let lines = yaml.split(separator: "\n").drop { $0 != "pcrs:" }.dropFirst()
        for line in lines {
            let parts = line.split(separator: ":").map { $0.filter { !$0.isWhitespace } }
            if parts.count == 1 { bank = parts[0] }
            if parts.count == 2 { values.append((bank, parts[0], parts[1].dropFirst(2).lowercased())) }
        }
        return values
    }
}
