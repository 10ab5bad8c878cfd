public import Ledger

/// Judges an audit bundle: off line, and by nobody's word but that of the anchors.
public struct Auditor: Sendable {
    private let anchors: AuditAnchors
    private let time: @Sendable (Int64) -> String

    /// - Parameters:
    ///   - anchors: whom to believe.
    ///   - time: writes a moment, in seconds since 1970.
    public init(_ anchors: AuditAnchors, time: @escaping @Sendable (Int64) -> String) {
        self.anchors = anchors
        self.time = time
    }

    /// What came of a bundle.
    public struct Report: Sendable {
        /// What it is about.
        public var subject: AuditSubject
        /// What was signed, when the signatures hold.
        public var checkpoint: VerifiedCheckpoint?
        /// What is not as it must be; none: all that the bundle says is proven.
        public var findings: [AuditFinding]
        /// What happened, in the order of the ledger; proven only when nothing was found.
        public var timeline: [AuditEvent]
        /// Who stands behind the acts of operators.
        public var acts: ActAccount
        /// The same as a picture, in SVG.
        let picture: String

        /// Whether the bundle proves what it says.
        public var isProven: Bool { findings.isEmpty && checkpoint != nil }
    }

    /// The things that a bundle is held to, in words.
    static var checks: [String] { AuditCheck.all.map(\.says) }

    /// Judges.
    public func judge(_ bundle: AuditBundle) -> Report {
        var findings: [AuditFinding] = []
        let record = AuditRecord(bundle, anchors, &findings)
        for check in AuditCheck.all { findings += check.run(record, anchors) }
        let verified = bundle.checkpoint.verify(
            logKeys: anchors.ledgerKeys,
            witnesses: anchors.witnesses,
            quorum: anchors.quorum
        )
        return Report(
            subject: bundle.subject,
            checkpoint: try? verified.get(),
            findings: findings,
            timeline: AuditEvent.timeline(of: record, time: time),
            acts: ActAccount(record, anchors),
            picture: AuditPicture(record, time: time).svg
        )
    }
}
