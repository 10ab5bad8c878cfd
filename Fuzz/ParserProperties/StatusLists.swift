import AttestationResults
import Compression
import Crypto
import Messages
import UpdateTrust

extension ParserTarget {
    /// A status list as a relying party gets it, down to the last status.
    static let statusList = ParserTarget("status-list", longestInput: 4096) { (input) throws(BrokenProperty) in
        let keys = [StatementKey(FixedKeys.signing.publicKey)]
        guard let compact = SignedWhenChecked.compact(input),
            let token = try? StatusListToken.verify(compact, keys: keys)
        else { return false }
        try hold(
            (try? CanonicalJSON.encode(token.claims)).flatMap { try? StatusListClaims(parsing: $0) } == token.claims,
            "the claims mean the same when they are written back"
        )
        for tail in [".", "=", "A", "\n", " "] {
            try hold((try? StatusListToken.verify(compact + tail, keys: keys)) == nil, "nothing may follow a list")
        }
        let stranger = P256.Signing.PrivateKey()
        try hold(
            (try? StatusListToken.verify(compact, keys: [StatementKey(stranger.publicKey)])) == nil,
            "a list is not believed under another key"
        )
        try hold((try? AttestationResult.verify(compact, keys: keys)) == nil, "a list is no attestation result")

        // A bound that inputs of this size reach; the readers' own is larger.
        let limit = 1 << 16
        let stream = token.claims.compressed
        guard let bytes = try? ZlibStream.decompress(stream, limit: limit) else { return false }
        try hold(bytes.count <= limit, "no more is decompressed than was asked for")
        try hold((try? ZlibStream.decompress(stream + [0], limit: limit)) == nil, "nothing may follow a stream")
        guard let list = try? StatusList(bits: token.claims.bits, bytes: bytes),
            var written = try? StatusList(bits: token.claims.bits, bytes: [])
        else { throw BrokenProperty("every stream of a list is one") }
        try hold(list.count == bytes.count * 8 / token.claims.bits, "the list is as long as its bytes")
        try hold(list[list.count] == nil && list[-1] == nil, "there is nothing beyond its ends")
        for index in 0..<list.count {
            guard let status = list[index], (try? written.set(status, at: index)) != nil else {
                throw BrokenProperty("there is a status at each place, and it fits")
            }
        }
        try hold(written == list, "a list is written as it was read")
        return true
    }
}

/// The compact form of a JWS out of an input: either the whole text, or header and claims on a line each, which are then
/// signed with a key that is trusted here, as if the verifier itself went wrong.
enum SignedWhenChecked {
    static func compact(_ input: [UInt8]) -> String? {
        guard let line = input.firstIndex(of: UInt8(ascii: "\n")) else { return String(decoding: input, as: UTF8.self) }
        let signed = Base64URL.encode(input[..<line]) + "." + Base64URL.encode(input[(line + 1)...])
        guard let signature = try? FixedKeys.signing.signature(for: Array(signed.utf8)) else { return nil }
        return signed + "." + Base64URL.encode(signature.rawRepresentation)
    }
}
