/// `POST /v1/challenges`: asks for a challenge for one request.
public struct ChallengeRequest: Hashable, Sendable, Codable {
    /// Who will answer it.
    public var instance: InstanceID
    /// What the answer will be for.
    public var purpose: Purpose
    /// The package that the answer will ask for; present exactly when the purpose is `update`.
    public var package: ContentDigest?
    /// The event log that the answer will name, so that it travels only when the verifier does not hold it.
    public var log: ContentDigest?

    /// The most bytes accepted.
    public static let maximumSize = 1024

    /// Asks for a challenge.
    public init(instance: InstanceID, purpose: Purpose, package: ContentDigest? = nil, log: ContentDigest? = nil) {
        self.instance = instance
        self.purpose = purpose
        self.package = package
        self.log = log
    }

    /// Reads a request for a challenge.
    /// - Throws: `MessageError` when the bytes are none, or a package is named for another purpose than `update` or missing for it.
    public init(parsing bytes: some Sequence<UInt8>) throws(MessageError) {
        self = try CanonicalJSON.decode(ChallengeRequest.self, from: bytes, limit: Self.maximumSize)
        guard (package != nil) == (purpose == .update) else {
            throw MessageError(.outOfRange, "\"package\" goes with update, and with nothing else")
        }
    }
}

/// The answer: a challenge, and what the quote has to cover.
public struct ChallengeAnswer: Hashable, Sendable, Codable {
    /// The challenge; opaque to the asker, valid once.
    public var challenge: String
    /// Seconds since 1970 after which it is dead.
    public var expires: Int64
    /// The PCRs to quote: exactly these.
    public var selection: PCRSet
    /// Whether the verifier holds the log that was named.
    public var holdsLog: Bool
    /// The PCR whose IMA list has to come along; absent when none has to.
    public var imaPCR: Int?

    /// The most bytes accepted.
    public static let maximumSize = 2048

    /// Gives a challenge.
    public init(challenge: String, expires: Int64, selection: PCRSet, holdsLog: Bool, imaPCR: Int? = nil) {
        self.challenge = challenge
        self.expires = expires
        self.selection = selection
        self.holdsLog = holdsLog
        self.imaPCR = imaPCR
    }
}
