extension HashAlgorithm {
    /// KDFa: SP 800-108 in counter mode with HMAC (Part 1, 11.4.10.2).
    ///
    /// - Parameters:
    ///   - label: without its terminating NUL, which is hashed too.
    ///   - bits: length of the result; unused bits of its first byte are zero.
    public func kdfa(
        key: [UInt8],
        label: String,
        contextU: [UInt8],
        contextV: [UInt8],
        bits: UInt16
    ) -> [UInt8] {
        let fixed = Array(label.utf8) + [0] + contextU + contextV + UInt32(bits).bigEndianBytes
        return expand(bits: bits) { counter in hmac(key: key, counter, fixed) }
    }

    /// KDFe: SP 800-56A with a hash, for secrets agreed on an elliptic curve (Part 1, 11.4.10.3).
    ///
    /// - Parameters:
    ///   - z: x coordinate of the shared point, as wide as the curve.
    ///   - label: without its terminating NUL, which is hashed too.
    ///   - partyU: x coordinate of the ephemeral key, as wide as the curve.
    ///   - partyV: x coordinate of the static key, as wide as the curve.
    ///   - bits: length of the result; unused bits of its first byte are zero.
    public func kdfe(
        z: [UInt8],
        label: String,
        partyU: [UInt8],
        partyV: [UInt8],
        bits: UInt16
    ) -> [UInt8] {
        let fixed = z + Array(label.utf8) + [0] + partyU + partyV
        return expand(bits: bits) { counter in digest(counter, fixed) }
    }

    private func expand(bits: UInt16, block: (_ counter: [UInt8]) -> [UInt8]) -> [UInt8] {
        let length = (Int(bits) + 7) / 8
        var output: [UInt8] = []
        var counter: UInt32 = 0
        while output.count < length {
            counter += 1
            output += block(counter.bigEndianBytes)
        }
        output.removeLast(output.count - length)
        if bits % 8 != 0, let first = output.first {
            output[0] = first & (1 << UInt8(bits % 8) - 1)
        }
        return output
    }
}

extension FixedWidthInteger {
    var bigEndianBytes: [UInt8] {
        stride(from: Self.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: self >> $0) }
    }
}
