import Crypto
import Messages

extension ParserTarget {
    /// What an operator signs beside a request: the value of a header.
    static let act = ParserTarget("act-header", longestInput: SignedStatement.maximumHeader) {
        (input) throws(BrokenProperty) in
        let header = String(decoding: input, as: UTF8.self)
        guard let signed = try? SignedStatement(header: header) else { return false }
        try hold((try? signed.header).map { Array($0.utf8) } == input, "a statement has one spelling")
        for tail in ["A", "=", ".", " ", "\n"] {
            try hold((try? SignedStatement(header: header + tail)) == nil, "nothing may follow a statement")
        }
        try hold(
            (try? CanonicalJSON.encode(signed.claimed)) == signed.envelope.payload.bytes,
            "what is signed is what is read"
        )
        try hold(signed.claimed.nonce.bytes.count == ActStatement.nonceSize, "every statement has a nonce")
        guard let requested = try? signed.claimed.requested else {
            throw BrokenProperty("every statement asks for an act")
        }
        try hold(!requested.route.roles.isEmpty, "every act is somebody's")
        try hold(
            requested.route.pattern.contains("{") == (requested.subject != nil),
            "a path names what its route names"
        )
        try hold(!signed.isSigned(by: StatementKey(FixedKeys.signing.publicKey)), "nobody else has signed it")
        return true
    }
}
