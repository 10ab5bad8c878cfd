import TPMDevice

/// A birth whose steps were watched, or not.
struct MeasuredBirth: Sendable {
    var whole: Duration
    var usage: TPMConnection.Usage
    var steps: [MeasuredStep]
}

/// One step: what passed, and what of it was spent in calls of ESAPI.
struct MeasuredStep: Sendable {
    var name: String
    var whole: Duration
    var inTPM: Duration
    var commands: Int
}

/// Looks at clock and TPM whenever a step begins.
actor StepWatch {
    private let tpm: TPM
    private var begun: [(name: String, at: ContinuousClock.Instant, usage: TPMConnection.Usage)]

    init(since start: ContinuousClock.Instant, of tpm: TPM) {
        self.tpm = tpm
        begun = [("open the TPM", start, TPMConnection.Usage())]
    }

    func begin(_ name: String) async throws {
        let usage = try await tpm.perform { connection throws(TPMError) in connection.usage }
        begun.append((name, ContinuousClock.now, usage))
    }

    func steps(until end: ContinuousClock.Instant, _ usage: TPMConnection.Usage) -> [MeasuredStep] {
        let ends = begun.dropFirst().map { ($0.at, $0.usage) } + [(end, usage)]
        return zip(begun, ends).map { step, end in
            MeasuredStep(
                name: step.name,
                whole: end.0 - step.at,
                inTPM: end.1.time - step.usage.time,
                commands: end.1.commands - step.usage.commands
            )
        }
    }
}

/// Where the time of a birth goes, for people.
struct Breakdown: CustomStringConvertible {
    private let birth: MeasuredBirth

    init(_ birth: MeasuredBirth) { self.birth = birth }

    var description: String {
        let steps = birth.steps.map { step in
            "  \(Self.text(step.whole)) ms, \(Self.text(step.whole - step.inTPM)) of them ours"
                + "  \(Self.right(step.commands)) commands  \(step.name)"
        }
        let commands = birth.usage.byCommand.sorted { ($1.value.time, $0.key) < ($0.value.time, $1.key) }
            .map { name, spent in "  \(Self.text(spent.time)) ms  \(Self.right(spent.commands)) x \(name)" }
        return (steps + commands).joined(separator: "\n")
    }

    private static func text(_ duration: Duration) -> String {
        let hundredths = Int((duration / .microseconds(10)).rounded())
        let fraction = String(hundredths % 100)
        return right(hundredths / 100) + "." + String(repeating: "0", count: 2 - fraction.count) + fraction
    }

    private static func right(_ number: Int) -> String {
        String(repeating: " ", count: max(0, 4 - String(number).count)) + String(number)
    }
}
