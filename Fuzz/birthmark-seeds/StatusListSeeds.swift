import Crypto
import Messages
import ParserProperties
import UpdateTrust

/// Status lists as header and claims, which are signed when they are checked, and as a text signed here.
///
/// Their streams are those of the draft's examples, so that no version of zlib changes them.
enum StatusListSeeds {
    static let all = [
        "status-list": [
            "two-bits": unsigned(#"{"bits":2,"lst":"eNo76fITAAPfAgc"}"#, time: #","ttl":60"#),
            "one-bit": unsigned(#"{"bits":1,"lst":"eNrbuRgAAhcBXQ"}"#),
            "compact": compact,
        ]
    ]

    private static func unsigned(_ list: String, time: String = "") -> [UInt8] {
        let thumbprint = JSONWebKey(StatementKey(FixedKeys.signing.publicKey))?.thumbprint ?? ""
        let header = #"{"alg":"ES256","kid":"\#(thumbprint)","typ":"\#(StatusListToken.type)"}"#
        let claims =
            #"{"exp":301,"iat":1,"status_list":\#(list),"sub":"https://verifier.example/v1/status-lists/1"\#(time)}"#
        return Array((header + "\n" + claims).utf8)
    }

    private static let compact: [UInt8] = {
        let parts = unsigned(#"{"bits":2,"lst":"eNo76fITAAPfAgc"}"#).split(separator: UInt8(ascii: "\n"))
        let input = parts.map { Base64URL.encode($0) }.joined(separator: ".")
        guard let signature = try? FixedKeys.signing.signature(for: Array(input.utf8)) else { return [] }
        return Array((input + "." + Base64URL.encode(signature.rawRepresentation)).utf8)
    }()
}
