import AttestationResults
import MeasuredBoot
import Messages
import Synchronization
import Wording

/// Facts of a log, each proven by the PCR that it was measured into.
final class LogFacts: Sendable {
    private let facts: BootFacts
    /// Read when it is first asked for: it costs more than everything else about a log, and few boots are told by it.
    private let commandLine = Mutex<KernelCommandLine?>(nil)

    init(_ facts: BootFacts) { self.facts = facts }

    /// The facts as a result carries them.
    /// - Parameter kernelCommandLine: the one that the recognised boot requires, and thereby has.
    func attested(kernelCommandLine: String?) -> AttestedFacts {
        AttestedFacts(
            secureBoot: isSecureBootOn,
            firmwareVersion: facts.firmwareVersion?.value,
            kernelCommandLine: kernelCommandLine
        )
    }

    /// Where the order of the events is not that of a boot.
    var violations: [OrderViolation] { facts.violations }

    private var kernelCommandLine: KernelCommandLine {
        commandLine.withLock { known in
            let line = known ?? facts.kernelCommandLine()
            known = line
            return line
        }
    }

    private var isSecureBootOn: Bool? {
        switch facts.secureBoot.state {
        case .enabled: true
        case .disabled: false
        case .unknown: nil
        }
    }

    /// What was seen that is not as required; empty when everything is.
    func contradictions(to required: BootFactRequirements) -> [String] {
        var seen: [String] = []
        if let wanted = required.secureBoot, wanted != isSecureBootOn {
            let secureBoot = facts.secureBoot
            seen.append("Secure Boot \(secureBoot.state)" + (secureBoot.cause.map { ": \($0.rawValue)" } ?? ""))
        }
        if let wanted = required.firmwareVersion, wanted != facts.firmwareVersion?.value {
            seen.append("firmware version " + (facts.firmwareVersion.map { Self.quote($0.value) } ?? "not stated"))
        }
        if let wanted = required.bootApplications,
            !wanted.elementsEqual(facts.bootApplications, by: { $0.bytes == $1.digest })
        {
            let digests = facts.bootApplications.prefix(8).map { LowercaseHex.encode($0.digest) }
            seen.append(
                Counted.of(facts.bootApplications.count, "boot application") + ": " + digests.joined(separator: ", ")
            )
        }
        if let wanted = required.kernelCommandLine {
            switch kernelCommandLine {
            case .measured(let line):
                if line.value != wanted { seen.append("kernel command line " + Self.quote(line.value)) }
            case .absent: seen.append("kernel command line not measured")
            case .ambiguous(let events): seen.append("kernel command line ambiguous: events \(events.prefix(8))")
            case .unreadable(let event): seen.append("kernel command line not readable: event \(event)")
            }
        }
        return seen
    }

    /// Text from a log in a form that can stand in another log: a few hundred printable ASCII characters at the most.
    private static func quote(_ text: String) -> String {
        let shown = text.unicodeScalars.prefix(300).map { $0.escaped(asASCII: true) }.joined()
        return "\"" + shown + (text.unicodeScalars.count > 300 ? "…\"" : "\"")
    }
}
