import FactoryAuthority
public import Messages

/// What became of one device of a line.
public struct LineResult: Hashable, Sendable, Codable {
    public enum Outcome: String, Hashable, Sendable, Codable, CaseIterable {
        /// Born in this run.
        case born
        /// Born before; nothing was changed.
        case bornBefore = "born-before"
        /// Something speaks against the device or its order; the reasons say what.
        case refused
        /// The TPM, a file or the station failed; nothing speaks against the device.
        case failed
    }

    public var serial: Label
    public var tcti: String
    public var outcome: Outcome
    /// The instance, where there is one.
    public var instance: InstanceID?
    /// Codes of the reasons of a refusal.
    public var reasons: [String]
    /// Why it is not born, in words; absent where it is.
    public var detail: String?
    /// What to do, where that is known.
    public var hint: String?
    /// What a clear had taken from the TPM and was put back; absent where nothing was.
    public var restored: [String]?
    /// How long it took.
    public var microseconds: Int64
    /// How long each step took, in microseconds, by the step's words.
    public var steps: [String: Int64]

    /// Whether the device has a birth now.
    public var isBorn: Bool { outcome == .born || outcome == .bornBefore }

    /// By what devices that are not born are counted together.
    public var cause: String? { isBorn ? nil : reasons.first ?? "malfunction" }
}

/// What became of a whole line.
public struct LineReport: Hashable, Sendable, Codable {
    /// The station.
    public var station: Label
    /// When it began and ended, in seconds since 1970.
    public var began: Int64
    public var ended: Int64
    /// How long it took.
    public var microseconds: Int64
    /// How many devices were worked on at once, at most.
    public var workers: Int
    /// Every device that was begun, in the order of the list.
    public var devices: [LineResult]
    /// What a hot line could not do: boards that were not born, or are no longer what their birth says, and orders whose
    /// serial number is another's; under the order that was tried.
    public var setAside: [LineResult]
    /// Devices that were not begun, because the run was stopped.
    public var notBegun: Int

    /// How many devices and boards had an outcome.
    public func count(_ outcome: LineResult.Outcome) -> Int { (devices + setAside).count { $0.outcome == outcome } }

    /// Whether every device of the order list has a birth now.
    public var isComplete: Bool { notBegun == 0 && devices.allSatisfy(\.isBorn) }

    /// The part of the order list's devices that have a birth, from 0 to 1.
    public var yield: Double {
        let all = devices.count + notBegun
        return all == 0 ? 0 : Double(devices.count(where: \.isBorn)) / Double(all)
    }

    /// Births of this run in a minute.
    public var birthsPerMinute: Double {
        microseconds > 0 ? Double(count(.born)) / Double(microseconds) * 60_000_000 : 0
    }

    /// Devices that are not born by their cause, the commonest first.
    public var failures: [(cause: String, devices: [LineResult])] {
        Dictionary(grouping: (devices + setAside).filter { !$0.isBorn }) { $0.cause ?? "" }
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            .map { ($0.key, $0.value) }
    }

    /// The mean and the longest time of each step of the births of this run, in milliseconds, in the steps' order.
    public var steps: [(step: BirthStep, mean: Double, longest: Double)] {
        BirthStep.allCases.compactMap { step in
            let times = devices.filter { $0.outcome == .born }.compactMap { $0.steps[step.rawValue] }
            guard let longest = times.max() else { return nil }
            return (step, Double(times.reduce(0, +)) / Double(times.count) / 1000, Double(longest) / 1000)
        }
    }
}
