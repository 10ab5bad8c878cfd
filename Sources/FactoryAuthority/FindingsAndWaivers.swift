public import Endorsement
public import Messages

extension [TPMAdvisoryFinding] {
    /// What of it forbids a birth.
    public var refusals: [BirthReason] {
        filter { $0.consequence == .refused }.map { $0.key == nil ? .firmwareUntrusted($0) : .keyUntrusted($0) }
    }

    /// The findings again, if nothing of them forbids a birth.
    /// - Throws: ``BirthRefusal``.
    public func refusing() throws -> [TPMAdvisoryFinding] {
        guard refusals.isEmpty else { throw BirthRefusal(refusals) }
        return self
    }

    /// Those of some waivers that were needed; nil when none was.
    public func needed(of waivers: [AdvisoryWaiver]) -> [AdvisoryWaiver]? {
        let advisories = Set(filter { $0.consequence == .waived }.map(\.advisory.id))
        let needed = waivers.filter { advisories.contains($0.advisory.text) }
        return needed.isEmpty ? nil : needed
    }
}
