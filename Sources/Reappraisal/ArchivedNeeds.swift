public import Messages
public import UpdateTrust

/// The documents, named by digest, without which an archived decision cannot be taken again.
public struct ArchivedNeeds: Hashable, Sendable {
    /// Whose birth record.
    public let instance: InstanceID
    /// The event log, when there was one.
    public let log: ContentDigest?
    /// What Linux measured, when that came along.
    public let list: ContentDigest?
    /// The releases.
    public let releases: Set<ContentDigest>
    /// The release that was asked for, when it was on record.
    public let asked: ContentDigest?
    /// The policy's file.
    public let policy: ContentDigest

    /// Reads what a decision names.
    public init(of archived: ArchivedDecision) throws(MessageError) {
        var asked: ContentDigest?
        if let measured = archived.measured {
            asked = try ReceivedRequest(parsing: measured.evidence.request.bytes).request.package?.manifest
        }
        if let software = archived.software {
            asked = try ReceivedCompensatedRequest(parsing: software.evidence.request.bytes).request.package?.manifest
        }
        if let manifest = asked, archived.standings[manifest] == nil { asked = nil }
        instance = archived.state.instance
        log = archived.measured?.log
        list = archived.measured?.list?.digest
        releases = Set((archived.measured?.tried ?? []).map(\.manifest) + [asked].compactMap { $0 })
        self.asked = asked
        policy = archived.policy
    }

    /// All of them.
    public var documents: [ReappraisalFault.Document] {
        var documents: [ReappraisalFault.Document] = [.birth(instance), .policy(policy)]
        documents += releases.sorted().map { ReappraisalFault.Document.release($0) }
        if let log { documents.append(.log(log)) }
        if let list { documents.append(.list(list)) }
        return documents
    }
}

/// Why a decision cannot be taken again.
public enum ReappraisalFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part of what was kept cannot be read, or does not go with another.
    case unreadable(String)
    /// Something that it takes is not there, or another one.
    case missing(Document)
    /// Nothing says on what evidence it was taken.
    case unnamed

    /// What it takes to take a decision again.
    public enum Document: Hashable, Sendable {
        /// What the decision rested on, by its SHA-256.
        case evidence(ContentDigest)
        /// The birth record of an instance.
        case birth(InstanceID)
        /// A policy's file.
        case policy(ContentDigest)
        /// A release, by the SHA-256 of its signed payload.
        case release(ContentDigest)
        /// An event log.
        case log(ContentDigest)
        /// What Linux measured.
        case list(ContentDigest)
        /// Who had approved the release that was asked for, which no rule wanted to know then.
        case approvals
    }

    public var description: String {
        switch self {
        case .unreadable(let detail): "what was kept cannot be read: \(detail)"
        case .missing(let document): "\(document) is not there"
        case .unnamed: "its entry does not name what it rested on"
        }
    }
}

extension ReappraisalFault.Document: CustomStringConvertible {
    public var description: String {
        switch self {
        case .evidence(let digest): "what it rested on, \(digest),"
        case .birth(let instance): "the birth of \(instance)"
        case .policy(let digest): "policy \(digest)"
        case .release(let manifest): "release \(manifest)"
        case .log(let digest): "event log \(digest)"
        case .list(let digest): "the list of what Linux measured, \(digest),"
        case .approvals: "who had approved the release that was asked for, which no rule wanted to know then,"
        }
    }
}
