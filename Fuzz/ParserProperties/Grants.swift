import Crypto
import Messages
import UpdateTrust

extension ParserTarget {
    /// A grant as a device gets it.
    static let grant = ParserTarget("grant", longestInput: 4096) { (input) throws(BrokenProperty) in
        guard let issuer = Label("verifier.example") else { throw BrokenProperty("the issuer has a name") }
        guard let compact = SignedWhenChecked.compact(input) else { return false }
        let keys = [StatementKey(FixedKeys.signing.publicKey)]
        guard let grant = try? Grant.verify(compact, issuer: issuer, keys: keys) else { return false }
        let parts = compact.split(separator: ".", omittingEmptySubsequences: false)
        try hold(parts.count == 3, "a grant has three parts")
        try hold(
            (try? CanonicalJSON.encode(grant.claims)).map { Base64URL.encode($0) } == String(parts[1]),
            "the claims are written back as they were signed"
        )
        for tail in [".", "=", "A", "\n", " "] {
            try hold(
                (try? Grant.verify(compact + tail, issuer: issuer, keys: keys)) == nil,
                "nothing may follow a grant"
            )
        }
        let stranger = P256.Signing.PrivateKey()
        try hold(
            (try? Grant.verify(compact, issuer: issuer, keys: [StatementKey(stranger.publicKey)])) == nil,
            "a grant is not believed under another key"
        )
        return true
    }

    /// The policy file, which people edit: any layout, one meaning.
    static let policy = ParserTarget("policy", longestInput: 8192) { (input) throws(BrokenProperty) in
        guard let policy = try? Policy(parsing: input) else { return false }
        for tail in [[0x00], Array("}".utf8), Array("0".utf8), input] as [[UInt8]] {
            try hold((try? Policy(parsing: input + tail)) == nil, "nothing but white space may follow a policy")
        }
        try hold((try? Policy(parsing: input + [0x0A]))?.rules == policy.rules, "layout does not change the rules")
        let plain = PolicyFile(formatVersion: 1, rules: policy.rules)
        guard let written = try? CanonicalJSON.encode(plain) else {
            throw BrokenProperty("every policy can be written")
        }
        try hold((try? Policy(parsing: written))?.rules == policy.rules, "a policy says the same in canonical form")
        if let model = Label("gw-100"), let environment = Label("production"), let package = Label("os") {
            let subject = PolicySubject(
                model: model,
                hardwareRevision: model,
                environment: environment,
                tier: .tpm,
                package: package
            )
            let fits = policy.explain(subject).filter(\.matches)
            try hold(fits.first?.rule == policy.rule(for: subject)?.id.text, "the first rule that fits decides")
        }
        return true
    }

    private struct PolicyFile: Codable {
        var formatVersion: Int
        var rules: [PolicyRule]
    }
}
