public import Ledger
public import Messages

/// The proof of what happened to an instance, to a release, or in a span of time: entries of the ledger, the documents that they
/// name by digest, and proofs to one signed checkpoint.
///
/// As a file: lines of canonical JSON, each an object with one member, in one order; so that a bundle has one spelling, and a
/// changed byte is a changed statement. Nothing in it is believed for standing there: ``Auditor`` judges it.
public struct AuditBundle: Sendable {
    /// What it is about.
    public var subject: AuditSubject
    /// What all proofs lead to.
    public var checkpoint: SignedCheckpoint
    /// In the order of the ledger.
    public var entries: [AuditedEntry]
    /// The documents that the entries name.
    public var documents: AuditDocuments

    /// The format; 1 is the only one.
    static let formatVersion = 1
    /// Some million entries.
    public static let maximumSize = 4 << 30

    /// Joins the parts; they are put into their order.
    public init(
        subject: AuditSubject,
        checkpoint: SignedCheckpoint,
        entries: [AuditedEntry],
        documents: AuditDocuments
    ) {
        self.subject = subject
        self.checkpoint = checkpoint
        self.entries = entries.sorted { $0.index < $1.index }
        self.documents = documents
    }

    /// Reads a file.
    public init(parsing bytes: [UInt8]) throws(Fault) {
        var reader = AuditBundleReader()
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try reader.take(Array(rest[..<end]))
            rest = rest[(end + 1)...]
        }
        self = try reader.finish(behind: rest)
    }

    /// Why bytes are no bundle.
    public struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The line, from 1.
        public var line: Int
        /// What is wrong with it.
        public var problem: String

        public var description: String { "line \(line): \(problem)" }
    }

    /// Gives the bundle line by line, each with its end.
    public func write(_ take: ([UInt8]) throws -> Void) throws {
        var header = AuditLine()
        header.audit = AuditHeader(
            formatVersion: Self.formatVersion,
            subject: subject,
            checkpoint: String(decoding: checkpoint.bytes, as: UTF8.self)
        )
        try take(try Self.bytes(header))
        for entry in entries { try take(try Self.bytes { $0.entry = entry }) }
        for envelope in documents.births.sorted() { try take(try Self.bytes { $0.birth = envelope }) }
        for envelope in documents.restorations.sorted() { try take(try Self.bytes { $0.restoration = envelope }) }
        for envelope in documents.releases.sorted() { try take(try Self.bytes { $0.release = envelope }) }
        for policy in documents.policies.sorted() { try take(try Self.bytes { $0.policy = Blob(policy) }) }
        let grants = documents.grants.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        for grant in grants {
            try take(try Self.bytes { $0.grant = grant })
        }
        let acts = documents.acts.sorted { first, second in
            first.statement.payload.bytes.lexicographicallyPrecedes(second.statement.payload.bytes)
        }
        for act in acts { try take(try Self.bytes { $0.act = act }) }
        for evidence in documents.evidence.sorted() { try take(try Self.bytes { $0.evidence = Blob(evidence) }) }
        for log in documents.logs.sorted() { try take(try Self.bytes { $0.log = Blob(log) }) }
    }

    private static func bytes(_ line: AuditLine) throws(MessageError) -> [UInt8] {
        try CanonicalJSON.encode(line) + [UInt8(ascii: "\n")]
    }

    private static func bytes(_ fill: (inout AuditLine) -> Void) throws(MessageError) -> [UInt8] {
        var line = AuditLine()
        fill(&line)
        return try bytes(line)
    }
}

/// Reads a bundle line by line.
struct AuditBundleReader {
    private var header: (subject: AuditSubject, checkpoint: SignedCheckpoint)?
    private var entries: [AuditedEntry] = []
    private var documents = AuditDocuments()
    private var last: AuditLine.Kind?
    private var lastKey: [UInt8] = []
    private var number = 0

    /// Takes the next line, without its end.
    mutating func take(_ bytes: [UInt8]) throws(AuditBundle.Fault) {
        number += 1
        let line: AuditLine
        do {
            line = try CanonicalJSON.decode(AuditLine.self, from: bytes, limit: AuditLine.maximumSize)
        } catch {
            throw fault(error.detail)
        }
        guard let kind = line.kind else { throw fault("not an object with one member that is known here") }
        guard (kind == .audit) == (number == 1) else { throw fault("a bundle begins with its one header") }
        let key = try key(of: line)
        if let last, kind < last || (kind == last && !lastKey.lexicographicallyPrecedes(key)) {
            throw fault("not in the order of a bundle, or there already")
        }
        (last, lastKey) = (kind, key)
        try keep(line)
    }

    /// The bundle, at the end of the file.
    /// - Parameter rest: what stands behind the last line's end: nothing.
    func finish(behind rest: ArraySlice<UInt8>) throws(AuditBundle.Fault) -> AuditBundle {
        guard rest.isEmpty else { throw AuditBundle.Fault(line: number + 1, problem: "cut short") }
        guard let header else { throw AuditBundle.Fault(line: 1, problem: "there is no header") }
        return AuditBundle(
            subject: header.subject,
            checkpoint: header.checkpoint,
            entries: entries,
            documents: documents
        )
    }

    private mutating func keep(_ line: AuditLine) throws(AuditBundle.Fault) {
        if let audit = line.audit {
            guard audit.formatVersion == AuditBundle.formatVersion else {
                throw fault("format \(audit.formatVersion) is not known here")
            }
            do {
                header = (audit.subject, try SignedCheckpoint(parsing: Array(audit.checkpoint.utf8)))
            } catch {
                throw fault("the checkpoint: \(error)")
            }
        }
        if let entry = line.entry { entries.append(entry) }
        if let birth = line.birth { documents.births.append(birth) }
        if let restoration = line.restoration { documents.restorations.append(restoration) }
        if let release = line.release { documents.releases.append(release) }
        if let policy = line.policy { documents.policies.append(policy.bytes) }
        if let grant = line.grant { documents.grants.append(grant) }
        if let act = line.act { documents.acts.append(act) }
        if let evidence = line.evidence { documents.evidence.append(evidence.bytes) }
        if let log = line.log { documents.logs.append(log.bytes) }
    }

    /// What lines of one kind are ordered by.
    private func key(of line: AuditLine) throws(AuditBundle.Fault) -> [UInt8] {
        if let entry = line.entry {
            guard entry.index >= 0 else { throw fault("an entry before the first") }
            return bigEndian(UInt64(entry.index))
        }
        let envelope = line.birth ?? line.restoration ?? line.release ?? line.act?.statement
        if let bytes = envelope?.payload ?? line.policy ?? line.evidence ?? line.log { return bytes.bytes }
        return line.grant.map { Array($0.utf8) } ?? []
    }

    private func bigEndian(_ value: UInt64) -> [UInt8] {
        (0..<8).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    private func fault(_ problem: String) -> AuditBundle.Fault { AuditBundle.Fault(line: number, problem: problem) }
}

/// What entries name by digest.
public struct AuditDocuments: Hashable, Sendable {
    /// Birth records, in the stations' envelopes.
    public var births: [SignedEnvelope] = []
    /// Statements of stations that a TPM was cleared and its identity put back.
    public var restorations: [SignedEnvelope] = []
    /// Releases, in the envelopes of their makers.
    public var releases: [SignedEnvelope] = []
    /// The files of policies.
    public var policies: [[UInt8]] = []
    /// Grants, as they were given: JWS in compact form.
    public var grants: [String] = []
    /// What operators have signed, with their certificates.
    public var acts: [SignedAct] = []
    /// What decisions rested on, in the exact bytes of the archive; on request.
    public var evidence: [[UInt8]] = []
    /// The event logs beside it, and the lists of what Linux measured.
    public var logs: [[UInt8]] = []

    /// None.
    public init() {}
}

extension [SignedEnvelope] {
    fileprivate func sorted() -> [SignedEnvelope] {
        sorted { $0.payload.bytes.lexicographicallyPrecedes($1.payload.bytes) }
    }
}

extension [[UInt8]] {
    fileprivate func sorted() -> [[UInt8]] { sorted { $0.lexicographicallyPrecedes($1) } }
}
