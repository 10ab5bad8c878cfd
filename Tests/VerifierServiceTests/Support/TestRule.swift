/// A rule of a test's policy, for everything that its tiers let in: it goes up and not down, and its boot wants no log.
struct TestRule: Sendable {
    /// For whom a rule is, as a policy's file has it.
    struct Tiers: Sendable {
        let text: String

        static let all = Tiers(text: #""*""#)
        static let withTPM = Tiers(text: #"["tpm","vtpm"]"#)
        static let compensated = Tiers(text: #"["compensated"]"#)
    }

    private let text: String

    /// - Parameters:
    ///   - lease: seconds.
    ///   - grant: seconds.
    ///   - more: members that it has besides, as a policy's file has them.
    init(_ id: String, for tiers: Tiers = .all, lease: Int64 = 3600, grant: Int64 = 600, _ more: String? = nil) {
        text = #"""
            {"id":"\#(id)","match":{"models":"*","hardwareRevisions":"*","environments":"*","tiers":\#(tiers.text),
            "packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
            "boot":{"requireLog":false,"secureBoot":"any"},"lease":{"seconds":\#(lease)},
            "grant":{"seconds":\#(grant)}\#(more.map { "," + $0 } ?? "")}
            """#
    }

    /// The file of a policy that has these rules, in this order.
    static func policy(_ rules: TestRule...) -> [UInt8] {
        Array(#"{"formatVersion":1,"rules":[\#(rules.map(\.text).joined(separator: ","))]}"#.utf8)
    }
}
