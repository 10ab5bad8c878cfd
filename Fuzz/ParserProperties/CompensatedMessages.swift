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
    ]
}
