import Crypto
import Messages
import ParserProperties
import UpdateTrust

/// A grant as header and claims, which are signed when it is checked, and as a text signed here.
enum GrantSeeds {
    static let all = ["grant": ["signed-when-checked": unsigned, "compact": compact]]

    private static let unsigned: [UInt8] = {
        let digest = MessageSeeds.digest
        let thumbprint = JSONWebKey(StatementKey(FixedKeys.signing.publicKey))?.thumbprint ?? ""
        let header = #"{"alg":"ES256","kid":"\#(thumbprint)","typ":"\#(Grant.type)"}"#
        let claims =
            #"{"aud":"\#(GrantClaims.audience)","bounds":{"clock":{"max":2,"min":1},"counter":{"index":30474817,"value":7},"#
            + #""resetCount":3},"cnf":{"jkt":"\#(thumbprint)"},"eat_nonce":"AAECAw","eat_profile":"\#(GrantClaims.profile)","#
            + #""exp":9,"from":{"bootState":"current","release":"\#(digest)"},"iat":1,"iss":"verifier.example","#
            + #""jti":"AAECAwQFBgcICQoLDA0ODw","lease":{"exp":10,"id":"AAECAw"},"nbf":1,"package":{"manifest":"\#(digest)","#
            + #""name":"os","securityVersion":4,"sha256":"\#(digest)","size":10,"version":"1.1.0"},"policy":{"rule":"all","#
            + #""sha256":"\#(digest)"},"purpose":"update","quote":"\#(digest)","request":"\#(digest)","#
            + #""sub":"\#(GrantClaims.subjectPrefix)\#(MessageSeeds.instance)","tier":"tpm"}"#
        return Array((header + "\n" + claims).utf8)
    }()

    private static let compact: [UInt8] = {
        let parts = unsigned.split(separator: UInt8(ascii: "\n")).map { Base64URL.encode($0) }
        let input = parts.joined(separator: ".")
        guard let signature = try? FixedKeys.signing.signature(for: Array(input.utf8)) else { return [] }
        return Array((input + "." + Base64URL.encode(signature.rawRepresentation)).utf8)
    }()
}
