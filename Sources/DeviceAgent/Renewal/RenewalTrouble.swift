import DurableFiles
import Glibc
public import Messages

/// That the lease is not renewed, since when and why: kept in `renewal.json` until it is.
public struct RenewalTrouble: Hashable, Sendable, Codable {
    /// When the first of these attempts failed, in seconds since 1970.
    public var since: Int64
    /// When the last one did.
    public var lastTried: Int64
    /// How many there were.
    public var attempts: Int
    /// Whether somebody said no; otherwise nothing could be decided.
    public var isRefusal: Bool
    /// Why, in one sentence for people.
    public var because: String
    /// Reason codes of a refusal.
    public var reasons: [String]
    /// When the lease ended that was there then: a later one has been renewed since.
    public var leaseExpires: Int64?

    /// Counted no further: one each five seconds for a hundred years are fewer.
    private static let mostAttempts = 1 << 30

    /// Notes a failure, the first or another.
    init(
        _ error: AgentError,
        after earlier: RenewalTrouble?,
        lease: LeaseStatement?,
        now: Int64
    ) {
        // A clock that was put back must not date the trouble into the future.
        self.since = min(earlier?.since ?? now, now)
        self.lastTried = now
        self.attempts = min(max(earlier?.attempts ?? 0, 0), Self.mostAttempts) + 1
        self.isRefusal = error.kind == .refused
        self.because = error.line
        self.reasons = error.reasons
        self.leaseExpires = lease?.expires
    }

    /// Whether a lease that is held now was given after this.
    func isOver(given lease: LeaseStatement?) -> Bool {
        guard let lease else { return false }
        return leaseExpires.map { lease.expires > $0 } ?? true
    }
}

/// `renewal.json`.
private struct RenewalNote: Codable {
    /// The format; 1 is the only one.
    var formatVersion = 1
    var trouble: RenewalTrouble

    /// The most bytes of the file.
    static let maximumSize = 16 << 10
}

extension StateDirectory {
    private var troublePath: String { path + "/renewal.json" }

    /// What is noted of renewals that fail; nil when the lease that is held now was given since.
    ///
    /// The note is taken away after the lease is written, so that a crash in between leaves one that is over.
    public func renewalTrouble(holding lease: LeaseStatement?) -> RenewalTrouble? {
        // What cannot be read says nothing; the next failure writes it anew.
        guard let bytes = try? BoundedFile.readKept(troublePath, limit: RenewalNote.maximumSize),
            let note = try? CanonicalJSON.decode(RenewalNote.self, from: bytes, limit: RenewalNote.maximumSize),
            note.formatVersion == 1, !note.trouble.isOver(given: lease)
        else { return nil }
        return note.trouble
    }

    /// Notes it, unless the device was retired while its service ran: nothing comes into a directory that was emptied.
    func note(_ trouble: RenewalTrouble) throws(AgentError) {
        guard unsafe access(trustPath, F_OK) == 0 else { return }
        try write(RenewalNote(trouble: trouble), as: "the note of renewals", to: troublePath)
    }

    /// The lease was renewed.
    func forgetRenewalTrouble() { _ = unsafe unlink(troublePath) }
}

extension AgentError {
    /// The most characters of a line; part of it may be a verifier's words, or a stranger's.
    private static let longestLine = 400

    /// The message in one line, without anything that a terminal or a log would take for more than text.
    var line: String {
        let isText = { (scalar: Unicode.Scalar) in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: false
            default: true
            }
        }
        return String(
            String.UnicodeScalarView(message.unicodeScalars.prefix(Self.longestLine).map { isText($0) ? $0 : " " })
        )
    }
}
