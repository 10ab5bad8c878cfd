public import Messages

/// Why the verifier gave no answer that counts.
public enum VerifierClientError: Error, Sendable, CustomStringConvertible {
    /// The trust bundle or the operator's certificate cannot be used.
    case unusable(String)
    /// Nobody answered there.
    case unreachable(url: String, String)
    /// Somebody answered whom the trust bundle does not vouch for.
    case untrusted(url: String, String)
    /// The verifier does not accept the operator's certificate that was shown.
    case turnedAway(url: String, isExpired: Bool)
    /// The answer did not come in time.
    case timedOut(url: String)
    /// What came is not an answer of a verifier.
    case malformedAnswer(String)
    /// The verifier said no, or that it cannot now.
    case problem(Problem)

    /// Who was asked: others than verifiers answer in the same form.
    public enum Peer: Sendable {
        case verifier
        /// A factory's CA host, asked by a station.
        case factoryCA
        /// A witness of ledgers, asked by a ledger's keeper.
        case witness

        fileprivate var name: String {
            switch self {
            case .verifier: "the verifier"
            case .factoryCA: "the factory's CA"
            case .witness: "the witness"
            }
        }

        fileprivate var caller: String {
            switch self {
            case .verifier: "operator"
            case .factoryCA: "station"
            case .witness: "verifier"
            }
        }
    }

    /// One line for people who asked a verifier.
    public var description: String { description(asking: .verifier) }

    /// One line for people.
    /// - Parameter peer: who was asked.
    public func description(asking peer: Peer) -> String {
        let asked = peer.name
        return switch self {
        case .unusable(let detail): peer == .verifier ? detail : "\(asked): \(detail)"
        case .unreachable(let url, let detail): "\(asked) at \(url) cannot be reached: \(detail)"
        case .untrusted(let url, let detail):
            "whoever answers at \(url) is not \(asked)\(peer == .verifier ? " of this trust bundle" : ""): \(detail)"
        case .turnedAway(let url, let isExpired):
            "\(asked) at \(url) does not accept this \(peer.caller)'s certificate"
                + (isExpired ? ": it has expired" : ": it is not one of its own")
        case .timedOut(let url): "\(asked) at \(url) did not answer in time"
        case .malformedAnswer(let detail): "the answer of \(asked) cannot be understood: \(detail)"
        case .problem(let problem):
            (["\(asked) says: \(problem.title)"]
                + (problem.reasons.map { ["(\($0.joined(separator: ", ")))"] } ?? []))
                .joined(separator: " ")
        }
    }

    /// What to do next.
    public var hint: String {
        switch self {
        case .unusable: "ask the verifier's operator for a fresh trust.json, or a fresh operator certificate"
        case .unreachable(let url, _) where url.hasPrefix("line:"):
            "check the line's path and speed, and that birthmark-gateway line serves its other end; then run the same command again"
        case .unreachable:
            "check that the verifier runs and that the network leads there, then run the same command again"
        case .untrusted:
            "check the address, this machine's clock, and whether the verifier's TLS certificate was renewed; "
                + "where its CA is a new one, birthmark trust follow, or birthmark-device trust, finds the bundle that names it"
        case .turnedAway: "ask whoever runs the verifier for a fresh one, made with birthmark-verifier operator"
        case .timedOut: "run the same command again; if it stays so, the verifier's operator should look at its load"
        case .malformedAnswer: "check that the address is the verifier's and that both sides are of fitting versions"
        case .problem(let problem): Self.hint(for: problem)
        }
    }

    /// The same, whoever was asked.
    public func hint(asking peer: Peer) -> String {
        guard peer == .factoryCA else { return hint }
        switch self {
        case .unusable, .turnedAway: return Self.reissuing
        case .unreachable, .timedOut, .malformedAnswer:
            return
                "check that birthmark-factory ca serve runs there and that the network leads there, then run the same command again"
        case .untrusted:
            return "check the address and this machine's clock; where the CA host was made anew: " + Self.reissuing
        case .problem(let problem):
            switch problem.kind {
            case .unauthenticated, .forbidden: return Self.reissuing
            default: return "wait a moment and run the same command again; the CA host's log says more"
            }
        }
    }

    /// How a station comes by what a CA host lets it in with.
    private static let reissuing =
        "on the CA host, move stations/NAME away and run birthmark-factory ca station; at the station, birthmark-factory init with --ca-host takes over what that made"

    private static func hint(for problem: Problem) -> String {
        let entry = problem.entry.map { ", ledger entry \($0)" } ?? ""
        let details = problem.instance.map { "; the verifier's operator finds the details under \($0)\(entry)" } ?? ""
        switch problem.kind {
        case .busy, .undecided: return "wait a moment and run the same command again" + details
        case .notAuthentic:
            return "check that this instance was imported at the verifier, that its clock is right, and try again"
                + details
        case .unauthenticated, .forbidden:
            return "use the certificate of an operator who has the role for this; "
                + "birthmark-verifier operator --help says which role may what"
        case .notFound: return "check the name; birthmark device list and birthmark release list show what there is"
        case .conflict:
            return "nothing was changed; birthmark device show and birthmark release list say what is on record"
        case .malformed, .tooLarge: return "check that both sides are of fitting versions" + details
        case .refused, nil:
            if let hint = problem.reasons?.compactMap({ Self.hints[$0] }).first { return hint }
            return "ask the verifier's operator"
                + (problem.instance.map { ", who finds the details under \($0)\(entry)" } ?? "")
        }
    }

    /// What the caller himself can do, by the reason that the verifier gives.
    private static let hints = [
        "trust-not-signed-before": signing, "trust-not-signed-after": signing,
        "trust-went-back": drafting, "trust-version-skipped": drafting,
        "trust-strands-devices":
            "draft it anew with what it lacks, have it signed again, and publish that: birthmark trust draft, sign, publish",
        "release-not-signed":
            "have it signed by more of those whose keys count: birthmark key list names the keys, birthmark release cosign adds a signature",
        "log-missing": namingLog, "log-required": namingLog,
        "ima-missing":
            "name the list of what Linux measured with --ima-list, or in agent.json of the agent's directory, and run the same command again",
        "policy-unusable":
            "mend the file, look at it with birthmark policy check, and put it again; nothing was changed",
        "act-time": "set this machine's clock, and run the same command again; nothing was changed",
    ]
    private static let namingLog =
        "name the event log of this boot with --event-log, or in agent.json of the agent's directory, and run the same command again"
    private static let signing =
        "have more of the people sign it who hold the trust keys, those of before and those that it names: birthmark trust sign; then publish it again"
    private static let drafting =
        "birthmark trust follow takes up the newest bundle; draft the next one from that: birthmark trust draft"

    /// Whether the verifier judged and said no: a verdict, not a failure of the environment.
    public var isRefusal: Bool {
        guard case .problem(let problem) = self else { return false }
        switch problem.kind {
        case .refused, .notAuthentic, .forbidden, .unauthenticated, .notFound, .conflict: return true
        case .malformed, .tooLarge, .busy, .undecided, nil: return false
        }
    }

    /// Whether a file that was given is at fault: the trust bundle, or the operator's certificate and key.
    public var isMalformedInput: Bool { if case .unusable = self { true } else { false } }

    /// Whether asking again the same way may help.
    var isPassing: Bool {
        switch self {
        case .unreachable, .timedOut: true
        case .problem(let problem): problem.kind == .busy
        case .unusable, .untrusted, .turnedAway, .malformedAnswer: false
        }
    }
}
