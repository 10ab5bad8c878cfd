import TPMWire

/// An RSA-2048 key with the fingerprint of those that can be factored (CVE-2017-15361); nobody has its private half.
enum FactorableKey {
    /// 1 modulo every prime that counts: the zeroth power of 65537.
    private static let modulus: [UInt8] = {
        var number = [UInt8](repeating: 0, count: 256)
        // 2^1829, so that the product has 2048 bits.
        number[255 - 1829 / 8] = 1 << (1829 % 8)
        for prime in 3...167 where !(2..<prime).contains(where: { prime % $0 == 0 }) {
            var carry = 0
            for index in number.indices.reversed() {
                carry += Int(number[index]) * prime
                number[index] = UInt8(carry & 0xFF)
                carry >>= 8
            }
        }
        number[255] += 1
        return number
    }()

    static func area(_ template: TPMTPublic) throws -> TPMTPublic {
        guard case .rsa(let detail, _) = template.parameters else { throw Missing() }
        var area = template
        area.parameters = .rsa(detail, unique: modulus)
        return area
    }
}
