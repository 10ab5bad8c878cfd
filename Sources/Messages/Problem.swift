/// An error as it goes over the wire (RFC 9457, `application/problem+json`): uniform, and never an expected value.
public struct Problem: Hashable, Sendable, Codable {
    /// The kind, as `urn:birthmark:problem:<kind>`.
    public var type: String
    /// One sentence for people.
    public var title: String
    /// The HTTP status.
    public var status: Int
    /// Reason codes of a refusal; absent when the evidence was not authentic, because a stranger learns nothing.
    public var reasons: [String]?
    /// The id under which the operator finds the details.
    public var instance: String?
    /// The number of the ledger entry that states the decision, when it was one.
    public var entry: Int?
    /// The attestation result for relying parties (an EAR as a JWT): what the refused evidence says, when that was asked for.
    public var ear: String?

    /// The media type.
    public static let mediaType = "application/problem+json"
    /// The most bytes accepted.
    public static let maximumSize = 8192

    /// The kinds of problem.
    public enum Kind: String, Sendable, CaseIterable {
        case malformed
        case tooLarge = "too-large"
        case unauthenticated
        case forbidden
        case notFound = "not-found"
        case conflict
        case notAuthentic = "not-authentic"
        case refused
        case busy
        case undecided
    }

    /// Makes a problem of a kind.
    public init(
        _ kind: Kind,
        title: String,
        status: Int,
        reasons: [String]? = nil,
        instance: String? = nil,
        entry: Int? = nil,
        ear: String? = nil
    ) {
        self.type = "urn:birthmark:problem:" + kind.rawValue
        self.title = title
        self.status = status
        self.reasons = reasons
        self.instance = instance
        self.entry = entry
        self.ear = ear
    }

    /// The same as people can be shown it: a gateway, or who stands in for a verifier, could have written anything there.
    public var inPlainLines: Problem {
        var plain = self
        plain.title = PlainLine.of(title.unicodeScalars)
        plain.reasons = reasons?.map { PlainLine.of($0.unicodeScalars) }
        plain.instance = instance.map { PlainLine.of($0.unicodeScalars) }
        return plain
    }

    /// The kind, when it is one of ours.
    public var kind: Kind? {
        let prefix = "urn:birthmark:problem:"
        return type.hasPrefix(prefix) ? Kind(rawValue: String(type.dropFirst(prefix.count))) : nil
    }
}
