import HTTPService
import Messages

/// Why an act is not taken for the operator's: the closed list.
enum ActFault: String, CaseIterable {
    case unsigned = "act-unsigned"
    case malformed = "act-malformed"
    case certificate = "act-certificate"
    case signature = "act-signature"
    case verifier = "act-verifier"
    case request = "act-request"
    case time = "act-time"
    case repeated = "act-repeated"

    /// What is wrong, and what to do.
    private var sentence: String {
        switch self {
        case .unsigned:
            "The act is not signed: take a birthmark of this verifier's version, which signs each act with the operator's key."
        case .malformed:
            "What was signed for the act cannot be read: take a birthmark of this verifier's version."
        case .certificate:
            "The act is signed for another certificate than that of the connection: take cert.pem and key.pem of one operator."
        case .signature:
            "The act is not signed with the key of the operator's certificate: take cert.pem and key.pem of one operator."
        case .verifier: "The act is signed for another verifier: take this verifier's trust.json."
        case .request: "The act is signed for another request than this one: sign what is sent."
        case .time:
            """
            The act was signed more than \(ActStatement.tolerance) seconds before or after this verifier's time: set this machine's \
            clock, then run the command again.
            """
        case .repeated: "What was signed for the act was presented before: run the command again, which signs anew."
        }
    }

    func problem(_ detail: String = "") -> ServiceProblem {
        .refused(sentence, reasons: [rawValue], detail: "\(rawValue) \(detail)")
    }
}
