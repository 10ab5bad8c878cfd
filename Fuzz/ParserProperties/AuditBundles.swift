import Audit

extension ParserTarget {
    static let auditBundle = ParserTarget("audit-bundle", longestInput: 16 << 10) { (input) throws(BrokenProperty) in
        guard let bundle = try? AuditBundle(parsing: input) else { return false }
        var written: [UInt8] = []
        let isWritten = (try? bundle.write { written += $0 }) != nil
        try hold(isWritten && written == input, "a bundle has one spelling")
        try hold((try? AuditBundle(parsing: input + [0x0A])) == nil, "nothing may follow a bundle")
        return true
    }
}
