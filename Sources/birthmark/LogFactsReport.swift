import FoundationEssentials
import MeasuredBoot
import Messages
import TPMWire
import Wording

/// What a log says of the boot, should a quote confirm it; each fact with the index of the event that carries it.
struct LogFactsReport: Encodable {
    struct Stated: Encodable {
        var value: String
        var event: Int
    }

    struct Digested: Encodable {
        var digest: HexBytes
        var event: Int
        /// A name, or what the digest is of.
        var name: String?
        /// The authority that stands last before an image: no PCR covers the order between the two.
        var unverifiedAuthority: Stated?
    }

    struct Variable: Encodable {
        var event: Int
        var size: Int
        /// SHA-256 of each certificate; nil when the value is no list of keys.
        var certificates: [ContentDigest]?
        var hashes: Int?
        var otherEntries: Int?
    }

    struct SecureBoot: Encodable {
        var state: String
        var event: Int?
        var cause: String?
    }

    struct CommandLine: Encodable {
        /// `measured`, `absent`, `ambiguous` or `unreadable`.
        var state: String
        var value: String?
        var events: [Int]
    }

    var bank: String
    var secureBoot: SecureBoot
    var variables: [String: Variable]
    var authorities: [Digested]
    var firmwareVersion: Stated?
    var bootApplications: [Digested]
    var bootLoader: Stated?
    var kernel: Digested?
    var kernelCommandLine: CommandLine
    var grubCommands: [Stated]
    /// What GRUB read (PCR 9); the names are claims of the log.
    var files: [Digested]
    var unifiedKernelSections: [Digested]
    /// Debuggers and other weaknesses that the firmware announces.
    var alarms: [Stated]
    var exitBootServices: [Int]
    /// Where the order of events is not the specified one.
    var orderViolations: [Stated]

    init(_ facts: BootFacts) {
        bank = facts.log.bank.description
        let secure = facts.secureBoot
        secureBoot = SecureBoot(state: secure.state.rawValue, event: secure.event, cause: secure.cause?.rawValue)
        variables = [:]
        for name in SecureBootVariable.allCases where name != .secureBoot {
            guard let variable = facts.variable(name) else { continue }
            let lists = SignatureDatabase(parsing: variable.contents)
            variables[name.rawValue] = Variable(
                event: variable.event,
                size: variable.contents.count,
                certificates: lists?.certificates.map { ContentDigest(of: Array($0.value)) },
                hashes: lists?.hashes.count,
                otherEntries: lists?.others
            )
        }
        let measured = facts.authorities()
        authorities = measured.map {
            Digested(digest: HexBytes($0.digest), event: $0.event, name: $0.name)
        }
        firmwareVersion = facts.firmwareVersion.map { Stated(value: $0.value, event: $0.event) }
        bootApplications = facts.bootApplications.map { image in
            Digested(
                digest: HexBytes(image.digest),
                event: image.event,
                name: facts.log.description(of: image.event)?.meaning,
                unverifiedAuthority: facts.unverifiedAuthority(of: image, among: measured).map {
                    Stated(value: $0.name, event: $0.event)
                }
            )
        }
        bootLoader = facts.bootLoader().map { Stated(value: $0.value.rawValue, event: $0.event) }
        kernel = facts.kernel().map {
            Digested(digest: HexBytes($0.digest), event: $0.event, name: $0.kind.rawValue)
        }
        kernelCommandLine =
            switch facts.kernelCommandLine() {
            case .measured(let line): CommandLine(state: "measured", value: line.value, events: [line.event])
            case .absent: CommandLine(state: "absent", events: [])
            case .ambiguous(let events): CommandLine(state: "ambiguous", events: events)
            case .unreadable(let event): CommandLine(state: "unreadable", events: [event])
            }
        grubCommands = facts.grubCommands().map { Stated(value: $0.value, event: $0.event) }
        files = facts.measuredFiles().map {
            Digested(digest: HexBytes($0.digest), event: $0.event, name: $0.unverifiedName)
        }
        unifiedKernelSections = facts.unifiedKernelSections().map {
            Digested(digest: HexBytes($0.digest), event: $0.event, name: $0.name)
        }
        alarms = facts.alarms.map { Stated(value: $0.value.rawValue, event: $0.event) }
        exitBootServices = [facts.exitBootServices.invoked, facts.exitBootServices.returned].compactMap { $0 }
        orderViolations = facts.violations.map { Stated(value: $0.rule.rawValue, event: $0.event) }
    }

    /// The facts for people, a line each.
    var text: [String] {
        var lines: [String] = []
        func say(_ name: String, _ value: String, _ events: [Int]) {
            let shown = value.unicodeScalars.map { $0.escaped(asASCII: true) }.joined()
            let place = events.isEmpty ? "" : " (event \(events.map(String.init).joined(separator: ", ")))"
            lines.append("\(name): \(shown)\(place)")
        }
        if let firmwareVersion { say("firmware", firmwareVersion.value, [firmwareVersion.event]) }
        for (name, variable) in variables.sorted(by: { $0.key < $1.key }) {
            let lists = variable.certificates.map {
                Counted.of($0.count, "certificate") + ", " + Counted.of(variable.hashes ?? 0, "hash", "hashes")
            }
            say(name, lists ?? Counted.of(variable.size, "byte"), [variable.event])
        }
        for authority in authorities { say("authority", authority.name ?? "", [authority.event]) }
        for image in bootApplications {
            let authority = image.unverifiedAuthority.map { ", after authority \($0.value)" } ?? ""
            say("started", (image.name ?? "image") + " \(image.digest)" + authority, [image.event])
        }
        if let bootLoader { say("boot loader", bootLoader.value, [bootLoader.event]) }
        if let kernel { say("kernel", "\(kernel.digest) (\(kernel.name ?? ""))", [kernel.event]) }
        say("command line", kernelCommandLine.value ?? kernelCommandLine.state, kernelCommandLine.events)
        for section in unifiedKernelSections {
            say("section", "\(section.name ?? "") \(section.digest)", [section.event])
        }
        for file in files { say("read", "\(file.name ?? "") \(file.digest)", [file.event]) }
        for violation in orderViolations { say("out of order", violation.value, [violation.event]) }
        for alarm in alarms { say("announced", alarm.value, [alarm.event]) }
        say("ExitBootServices", exitBootServices.isEmpty ? "not measured" : "measured", exitBootServices)
        return lines
    }
}
