public import Crypto
public import FoundationEssentials

// swift-crypto gives a digest out through an iterator over an array of its own, and takes input through a protocol of
// regions. For inputs as short as a PCR both cost more than the hash does; these functions read and write in place.

extension HashFunction {
    /// Hashes some bytes and puts the digest at the beginning of `output`.
    ///
    /// - Returns: false, and nothing is written, when the digest does not fit.
    @inlinable
    public static func digest(of input: Span<UInt8>, into output: inout MutableSpan<UInt8>) -> Bool {
        guard output.count >= Digest.byteCount else { return false }
        var function = Self()
        unsafe input.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
        unsafe function.finalize().withUnsafeBytes { digest in
            unsafe output.withUnsafeMutableBytes { unsafe $0.copyMemory(from: digest) }
        }
        return true
    }

    /// Replaces a PCR's value by H(value ‖ digest) (TPM 2.0 Part 1, 17.2).
    ///
    /// - Parameters:
    ///   - values: PCR values, each followed by as much room, so that value and digest are hashed in one piece.
    ///   - offset: where the value stands.
    ///   - digest: what is extended, of the same length as the value.
    /// - Returns: false, and nothing is changed, when something has not the length that it must have for this hash.
    @inlinable
    public static func extend(_ values: inout MutableSpan<UInt8>, at offset: Int, by digest: Span<UInt8>) -> Bool {
        let size = Digest.byteCount
        guard offset >= 0, values.count - offset >= 2 * size, digest.count == size else { return false }
        var function = Self()
        unsafe values.withUnsafeMutableBytes { values in
            let pair = unsafe UnsafeMutableRawBufferPointer(rebasing: values[offset..<offset + 2 * size])
            unsafe digest.withUnsafeBytes { digest in
                unsafe UnsafeMutableRawBufferPointer(rebasing: pair[size...]).copyMemory(from: digest)
            }
            unsafe function.update(bufferPointer: UnsafeRawBufferPointer(pair))
            unsafe function.finalize().withUnsafeBytes { result in unsafe pair.copyMemory(from: result) }
        }
        return true
    }

    /// Whether some bytes have a digest, compared in constant time.
    @inlinable
    public static func isDigest(_ digest: Span<UInt8>, of input: Span<UInt8>) -> Bool {
        guard digest.count == Digest.byteCount else { return false }
        var function = Self()
        unsafe input.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
        return unsafe function.finalize().withUnsafeBytes { computed in
            unsafe digest.withUnsafeBytes { digest in
                var difference: UInt8 = 0
                for index in 0..<computed.count { unsafe difference |= computed[index] ^ digest[index] }
                return difference == 0
            }
        }
    }

    /// The digest of some bytes, as an array.
    @inlinable
    public static func digest(of input: Span<UInt8>) -> [UInt8] {
        var function = Self()
        unsafe input.withUnsafeBytes { unsafe function.update(bufferPointer: $0) }
        return unsafe function.finalize().withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
