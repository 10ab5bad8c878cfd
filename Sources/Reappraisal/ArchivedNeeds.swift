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
}

/// Why a decision cannot be taken again.
public enum ReappraisalFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A part of what was kept cannot be read.
    case unreadable(String)
    /// A document that it names is not there, or another one.
    case missing(String)

    public var description: String {
        switch self {
        case .unreadable(let detail): "what was kept cannot be read: \(detail)"
        case .missing(let what): "\(what) is not there"
        }
    }
}
