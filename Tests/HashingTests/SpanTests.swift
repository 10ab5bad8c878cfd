import Crypto
import Testing

@testable import Hashing

@Suite("Hashing in place")
struct SpanTests {
    // #expect takes no spans.
    private static func isDigest<Function: HashFunction>(
        _: Function.Type,
        _ digest: [UInt8],
        of message: [UInt8]
    ) -> Bool { Function.isDigest(digest.span, of: message.span) }

    private static func check<Function: HashFunction>(_: Function.Type, _ message: [UInt8]) {
        let size = Function.Digest.byteCount
        let expected = Array(Function.hash(data: message))
        let digest: [UInt8] = Function.digest(of: message.span)
        #expect(digest == expected)
        #expect(isDigest(Function.self, expected, of: message))

        var output = [UInt8](repeating: 0xEE, count: size + 3)
        var span = output.mutableSpan
        let fits = Function.digest(of: message.span, into: &span)
        #expect(fits && output == expected + [0xEE, 0xEE, 0xEE])

        let value = Array(Function.hash(data: [1]))
        var values = [UInt8](repeating: 0xAA, count: 2 * size) + value + [UInt8](repeating: 0, count: size) + [0xBB]
        var pairs = values.mutableSpan
        let isExtended = Function.extend(&pairs, at: 2 * size, by: expected.span)
        #expect(isExtended)
        #expect(Array(values[2 * size..<3 * size]) == Array(Function.hash(data: value + expected)))
        #expect(values.prefix(2 * size).allSatisfy { $0 == 0xAA } && values.last == 0xBB)
    }

    @Test(arguments: [0, 1, 31, 32, 55, 56, 63, 64, 65, 111, 112, 127, 128, 129, 1000])
    func theResultIsTheLibrarysOwn(length: Int) {
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        Self.check(Insecure.SHA1.self, message)
        Self.check(SHA256.self, message)
        Self.check(SHA384.self, message)
        Self.check(SHA512.self, message)
    }

    @Test func everyBitOfADigestCounts() {
        let message = Array("abc".utf8)
        let digest = Array(SHA256.hash(data: message))
        for bit in 0..<256 {
            var other = digest
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!Self.isDigest(SHA256.self, other, of: message))
        }
        #expect(!Self.isDigest(SHA256.self, digest.dropLast(), of: message))
        #expect(!Self.isDigest(SHA256.self, digest + [0], of: message))
        #expect(!Self.isDigest(SHA256.self, [], of: message))
    }

    @Test func aWrongLengthChangesNothing() {
        let digest = [UInt8](repeating: 1, count: 32)
        for (count, offset, extended) in [(63, 0, 32), (64, 1, 32), (64, -1, 32), (64, 0, 31), (64, 0, 33), (0, 0, 32)]
        {
            let before = [UInt8](repeating: 0x55, count: count)
            var values = before
            var span = values.mutableSpan
            let bytes = digest.prefix(extended) + [UInt8](repeating: 1, count: max(0, extended - 32))
            let isExtended = SHA256.extend(&span, at: offset, by: bytes.span)
            #expect(!isExtended && values == before)
        }
        var short = [UInt8](repeating: 0x55, count: 31)
        var span = short.mutableSpan
        let fits = SHA256.digest(of: digest.span, into: &span)
        #expect(!fits && short.allSatisfy { $0 == 0x55 })
    }
}
