import Crypto
import FoundationEssentials
import HTTPService
import Messages
import UpdateTrust

/// Names spans of this verifier's time, without keeping any (RFC 9334 section 10.3): who names one has heard of it, and so acts in or after it.
///
/// The name is base64url of version 1 (1 byte), the epoch's number (8, big-endian), its length in seconds (8, big-endian) and HMAC-SHA256
/// (32) over all of that.
struct Epochs: Sendable {
    enum Refusal: Error, Hashable {
        case malformed
        case notOurs
        /// Older than the previous one, or of a time to come.
        case notCurrent
    }

    private static let version: UInt8 = 1
    private static let domain = Array("birthmark epoch v1\0".utf8)
    private static let macSize = 32
    private static let size = 1 + 8 + 8 + macSize

    let key: SymmetricKey
    /// The length of an epoch, in seconds.
    let length: Int64

    /// The name of the epoch at a time in seconds since 1970, and when evidence that carries it comes too late.
    func current(at now: Int64) -> (name: String, expires: Int64) {
        let number = number(at: now)
        let open = Self.open(number, length)
        return (Base64URL.encode(open + mac(open)), (number + 2) * length)
    }

    /// Holds a name to the epochs that count: the current one and the one before it.
    /// - Returns: when the epoch began, in seconds since 1970, and when evidence that carries it comes too late.
    func check(_ name: String, at now: Int64) throws(Refusal) -> (began: Int64, expires: Int64) {
        guard name.utf8.count <= 2 * Self.size, let bytes = Base64URL.decode(name), bytes.count == Self.size else {
            throw .malformed
        }
        let open = Array(bytes.dropLast(Self.macSize))
        let isOurs = HMAC<SHA256>.isValidAuthenticationCode(
            bytes.suffix(Self.macSize),
            authenticating: Self.domain + open,
            using: key
        )
        guard isOurs else { throw .notOurs }
        let current = number(at: now)
        for number in [current, current - 1] where open == Self.open(number, length) {
            return (number * length, (number + 2) * length)
        }
        throw .notCurrent
    }

    private func number(at now: Int64) -> Int64 { max(now, 0) / length }

    private func mac(_ open: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Self.domain + open, using: key))
    }

    private static func open(_ number: Int64, _ length: Int64) -> [UInt8] {
        [version]
            + [number, length].flatMap { value in
                stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
            }
    }
}

extension Verifier {
    /// `GET /v1/epoch`: the current epoch; it is the same for everybody.
    func epoch() throws -> Answer {
        let (name, expires) = epochs.current(at: clock.seconds)
        return try .json(Freshness(challenge: name, expires: expires))
    }
}
