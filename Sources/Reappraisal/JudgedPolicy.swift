public import Appraisal
public import Messages
public import UpdateTrust

/// A policy that was read, with the keys and digests in it.
public struct JudgedPolicy: Sendable {
    /// The policy.
    public let policy: Policy
    /// What IMA lists are judged by, by the id of the policy's rules for them.
    public let ima: [Label: IMAPolicy]

    /// Reads the file.
    /// - Parameter zoneFile: the time-zone file (RFC 9636) of a zone that a window names; `nil` for one that is not known here.
    public init(parsing bytes: [UInt8], zoneFile: (ZoneName) -> [UInt8]?) throws(MessageError) {
        let policy = try Policy(parsing: bytes, zoneFile: zoneFile)
        var ima: [Label: IMAPolicy] = [:]
        for (id, rules) in policy.ima { ima[id] = try IMAPolicy(rules) }
        self.policy = policy
        self.ima = ima
    }
}
