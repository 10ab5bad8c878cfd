import Crypto
import FoundationEssentials
import Messages

/// Makes and checks challenges without keeping any: whatever a challenge is for stands under its MAC.
///
/// The token is base64url of version 1 (1 byte), nonce (32), instance (16), purpose (1), expiry in milliseconds since 1970
/// (8, big-endian) and HMAC-SHA256 (32). The MAC covers more than travels: the Name of the instance's key, the PCRs to be
/// quoted and the package asked for, so that a challenge cannot be carried over to any other.
struct Challenges: Sendable {
    /// What a challenge is for.
    struct Binding: Sendable {
        var instance: InstanceID
        var purpose: Purpose
        var package: ContentDigest?
        var iakName: [UInt8]
        var selection: PCRSet
    }

    /// A challenge that is ours, for this binding, and still good.
    struct Valid: Sendable, Hashable {
        var nonce: [UInt8]
        /// Milliseconds since 1970.
        var expires: Int64
    }

    enum Refusal: Error, Hashable, CustomStringConvertible {
        case malformed
        case notOurs
        case expired

        /// What the challenge is, for the operator's log.
        var description: String {
            switch self {
            case .malformed: "malformed"
            case .notOurs: "none that this verifier gave for this request"
            case .expired: "expired"
            }
        }
    }

    static let nonceSize = 32
    private static let version: UInt8 = 1
    private static let domain = Array("birthmark challenge v1\0".utf8)
    private static let macSize = 32
    private static let size = 1 + nonceSize + InstanceID.size + 1 + 8 + macSize

    let key: SymmetricKey
    /// How long a challenge is good for, in milliseconds.
    let lifetime: Int64

    /// A challenge for this binding.
    /// - Parameters:
    ///   - nonce: 32 bytes of the system's generator.
    ///   - now: milliseconds since 1970.
    func issue(for binding: Binding, nonce: [UInt8], now: Int64) -> (token: String, expires: Int64) {
        let expires = now + lifetime
        let open = [Self.version] + nonce + binding.instance.bytes + [binding.purpose.code] + Self.bytes(expires)
        return (Base64URL.encode(open + mac(over: open, binding)), expires)
    }

    /// Holds a token to a binding.
    /// - Parameter now: milliseconds since 1970; at exactly the expiry the challenge is dead.
    func check(_ token: String, for binding: Binding, now: Int64) throws(Refusal) -> Valid {
        guard token.utf8.count <= 2 * Self.size, let bytes = Base64URL.decode(token), bytes.count == Self.size else {
            throw .malformed
        }
        let open = Array(bytes.dropLast(Self.macSize))
        let isOurs = HMAC<SHA256>.isValidAuthenticationCode(
            bytes.suffix(Self.macSize),
            authenticating: covered(open, binding),
            using: key
        )
        let named = [Self.version] + open[1..<1 + Self.nonceSize] + binding.instance.bytes + [binding.purpose.code]
        guard isOurs, open.starts(with: named) else { throw .notOurs }
        let expires = open.suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let valid = Valid(nonce: Array(open[1..<1 + Self.nonceSize]), expires: Int64(truncatingIfNeeded: expires))
        // One from further ahead than any is given was made while this clock was wrong.
        guard now < valid.expires, valid.expires - now <= lifetime else { throw .expired }
        return valid
    }

    private func mac(over open: [UInt8], _ binding: Binding) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: covered(open, binding), using: key))
    }

    /// The first part has one length, the others say theirs, so no two bindings give the same bytes.
    private func covered(_ open: [UInt8], _ binding: Binding) -> [UInt8] {
        let selection =
            "\(binding.selection.bank.rawValue):\(binding.selection.pcrs.map(String.init).joined(separator: ","))"
        return [Array(selection.utf8), binding.iakName, binding.package?.bytes ?? []].reduce(Self.domain + open) {
            $0 + Self.bytes(Int64($1.count)) + $1
        }
    }

    private static func bytes(_ number: Int64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

extension Purpose {
    fileprivate var code: UInt8 {
        switch self {
        case .attest: 1
        case .update: 2
        case .confirm: 3
        case .delayed: 4
        case .farewell: 5
        case .vouch: 6
        }
    }
}
