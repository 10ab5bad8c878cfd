import AttestationResults
import MeasuredBoot
import Messages

/// Facts of a log, each proven by the PCR that it was measured into.
struct LogFacts: Sendable {
    private let secureBoot: SecureBootFact
    private let firmwareVersion: String?
    private let bootApplications: [[UInt8]]
    private let kernelCommandLine: KernelCommandLine

    init(_ facts: BootFacts) {
        secureBoot = facts.secureBoot
        firmwareVersion = facts.firmwareVersion?.value
        bootApplications = facts.bootApplications.map(\.digest)
        kernelCommandLine = facts.kernelCommandLine()
    }

    /// The facts as a result carries them.
    var attested: AttestedFacts {
        AttestedFacts(
            secureBoot: isSecureBootOn,
            firmwareVersion: firmwareVersion,
            kernelCommandLine: measuredCommandLine
        )
    }

    private var isSecureBootOn: Bool? {
        switch secureBoot.state {
        case .enabled: true
        case .disabled: false
        case .unknown: nil
        }
    }

    private var measuredCommandLine: String? {
        if case .measured(let line) = kernelCommandLine { line.value } else { nil }
    }

    /// What was seen that is not as required; empty when everything is.
    func contradictions(to required: BootFactRequirements) -> [String] {
        var seen: [String] = []
        if let wanted = required.secureBoot, wanted != isSecureBootOn {
            seen.append("Secure Boot \(secureBoot.state)" + (secureBoot.cause.map { ": \($0.rawValue)" } ?? ""))
        }
        if let wanted = required.firmwareVersion, wanted != firmwareVersion {
            seen.append("firmware version " + (firmwareVersion.map(Self.quote) ?? "not stated"))
        }
        if let wanted = required.bootApplications, wanted.map(\.bytes) != bootApplications {
            seen.append("boot applications " + bootApplications.map(LowercaseHex.encode).joined(separator: ", "))
        }
        if let wanted = required.kernelCommandLine, wanted != measuredCommandLine {
            switch kernelCommandLine {
            case .measured(let line): seen.append("kernel command line " + Self.quote(line.value))
            case .absent: seen.append("kernel command line not measured")
            case .ambiguous(let events): seen.append("kernel command line ambiguous: events \(events)")
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
