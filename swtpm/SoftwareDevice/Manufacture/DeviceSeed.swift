import Crypto

/// A number from which everything secret about a software device follows, for tests that must find the same keys again.
///
/// Such a device has no secrets: whoever knows the number has its keys.
public struct DeviceSeed: Sendable, Hashable, Codable {
    /// The number.
    public let number: UInt64
    /// Which device of a fleet it is; nil for one that stands alone.
    public let member: Int?

    /// The seed of a device, or of a fleet.
    public init(_ number: UInt64) {
        self.number = number
        member = nil
    }

    private init(_ number: UInt64, member: Int) {
        self.number = number
        self.member = member
    }

    /// The seed of one device of a fleet.
    func device(_ member: Int) -> DeviceSeed { DeviceSeed(number, member: member) }

    /// Bytes for one purpose; other purposes, devices and numbers have others.
    func bytes(_ purpose: String, count: Int) -> [UInt8] {
        let whose = member.map { "device \($0) of seed \(number)" } ?? "seed \(number)"
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Array("birthmark software device: \(whose)".utf8)),
            info: Array(purpose.utf8),
            outputByteCount: count
        )
        return unsafe key.withUnsafeBytes { unsafe Array($0) }
    }

    /// A private key for one purpose.
    func p256Key(_ purpose: String) throws -> P256.Signing.PrivateKey {
        // Of 2^32 numbers of 32 bytes one is no private key of this curve: then the next one is.
        for attempt in 0..<8 {
            let bytes = bytes("\(purpose), \(attempt)", count: 32)
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: bytes) { return key }
        }
        throw SoftwareDeviceError(.input, "no key follows from the seed \(number)", hint: "choose another")
    }
}
