import Messages

extension ParserTarget {
    /// What devices without a TPM say, what is said of them, and what they keep.
    static let compensatedMessages = [
        canonical("key-request", longestInput: 4096) { try? KeyRequest(parsing: $0) },
        canonical("compensated-birth-record", longestInput: 4096) { try? CompensatedBirthRecord(parsing: $0) },
        canonical("compensated-request", longestInput: 4096) { try? CompensatedRequest(parsing: $0) },
        canonical("compensated-evidence", longestInput: 8192) { try? CompensatedEvidence(parsing: $0) },
        canonical("approval-order", longestInput: ApprovalOrder.maximumSize) { try? ApprovalOrder(parsing: $0) },
        canonical("fork-order", longestInput: ForkOrder.maximumSize) { try? ForkOrder(parsing: $0) },
        canonical("vouch-statement", longestInput: VouchStatement.maximumSize) { try? VouchStatement(parsing: $0) },
        canonical("vouched-evidence", longestInput: 16 << 10) { try? VouchedEvidence(parsing: $0) },
        canonical("gateway-order", longestInput: GatewayOrder.maximumSize) { try? GatewayOrder(parsing: $0) },
        canonical("software-identity", longestInput: 4096) { try? SoftwareIdentity(parsing: $0) },
        canonical("injected-identity", longestInput: 4096) { try? InjectedIdentity(parsing: $0) },
        family(
            "compensated-orders",
            [
                canonical("witness-code-order", longestInput: WitnessCodeOrder.maximumSize) {
                    try? WitnessCodeOrder(parsing: $0)
                },
                canonical("lower-tier-order", longestInput: LowerTierOrder.maximumSize) {
                    try? LowerTierOrder(parsing: $0)
                },
                canonical("emergency-order", longestInput: EmergencyOrder.maximumSize) {
                    try? EmergencyOrder(parsing: $0)
                },
            ]
        ),
        family(
            "compensated-answers",
            [
                canonical("lowered-tier", longestInput: LoweredTierFile.maximumSize) {
                    try? LoweredTierFile(parsing: $0)
                },
                answer(CompensatedAnswer.self, limit: CompensatedAnswer.maximumSize),
                answer(WitnessCodeAnswer.self, limit: WitnessCodeAnswer.maximumSize),
                answer(ApprovalList.self, limit: ApprovalList.maximumSize),
                answer(PackageStatus.self, limit: PackageStatus.maximumSize),
                gatewayContact,
            ]
        ),
    ]

    /// Several messages of which each is small: no input is more than one of them.
    private static func family(_ name: String, _ members: [ParserTarget]) -> ParserTarget {
        // What is longer than this says the same more often.
        let longest = min(members.map(\.longestInput).max() ?? 0, 16 << 10)
        return ParserTarget(name, longestInput: longest) { (input) throws(BrokenProperty) in
            var accepting: [String] = []
            for member in members where try member.check(input) { accepting.append(member.name) }
            try hold(accepting.count <= 1, "one text is not two messages: \(accepting)")
            return !accepting.isEmpty
        }
    }

    /// An answer, which has no rules beyond those of its parts.
    private static func answer<Message: Codable & Hashable & Sendable>(
        _ type: Message.Type,
        limit: Int
    ) -> ParserTarget {
        canonical("\(type)", longestInput: limit) { try? CanonicalJSON.decode(type, from: $0, limit: limit) }
    }

    /// Where a gateway is found: a file that people may edit, in any layout.
    private static let gatewayContact = ParserTarget("gateway-contact", longestInput: 4096) {
        (input) throws(BrokenProperty) in
        guard let contact = try? GatewayContact(parsing: input) else { return false }
        try hold(contact.url.hasPrefix("https://"), "nobody is asked without TLS")
        try hold((try? GatewayContact(parsing: input + [0x0A])) == contact, "layout does not change where it is")
        try hold((try? GatewayContact(parsing: input + input)) == nil, "one file is one place")
        guard let written = try? EditedJSON.encode(contact) else {
            throw BrokenProperty("every contact can be written")
        }
        try hold((try? GatewayContact(parsing: written)) == contact, "a contact says the same as it is written")
        return true
    }
}
