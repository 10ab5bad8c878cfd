import AttestationResults
import Compression
import Messages
import Testing

/// The examples and test vectors of draft-ietf-oauth-status-list: bits, bytes, compression and base64url together.
@Suite struct StatusListVectorTests {
    private func list(_ bits: Int, _ lst: String) throws -> StatusList {
        let stream = try #require(Base64URL.decode(lst))
        return try StatusList(bits: bits, bytes: try ZlibStream.decompress(stream, limit: StatusList.maximumSize))
    }

    private func statuses(_ list: StatusList) -> [UInt8] { (0..<list.count).compactMap { list[$0]?.rawValue } }

    @Test func sixteenStatusesOfOneBit() throws {
        let list = try list(1, "eNrbuRgAAhcBXQ")
        #expect(list.bytes == [0xB9, 0xA3])
        #expect(statuses(list) == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1])
        #expect(Base64URL.encode(try ZlibStream.compress([0xB9, 0xA3])) == "eNrbuRgAAhcBXQ")
    }

    @Test func twelveStatusesOfTwoBits() throws {
        let expected: [UInt8] = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
        let list = try list(2, "eNo76fITAAPfAgc")
        #expect(list.bytes == [0xC9, 0x44, 0xF9])
        #expect(statuses(list) == expected)
        // The other way, in any order.
        var written = StatusList()
        for index in expected.indices.reversed() {
            try written.set(StatusType(rawValue: expected[index]), at: index)
        }
        #expect(written == list)
        #expect(Base64URL.encode(try ZlibStream.compress(written.bytes)) == "eNo76fITAAPfAgc")
    }

    /// A million statuses of one bit (the draft's appendix of test vectors), nearly all of them 0.
    @Test func aMillionStatuses() throws {
        let list = try list(
            1,
            """
            eNrt3AENwCAMAEGogklACtKQPg9LugC9k_ACvreiogEAAKkeCQAAAAAAAAAAAAAAAAAAAIBylgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\
            AAAAAAAAAAAAAAAAAAXG9IAAAAAAAAAPwsJAAAAAAAAAAAAAAAvhsSAAAAAAAAAAAA7KpLAAAAAAAAAAAAAAAAAAAAAJsLCQAAAAAAAAAAADje\
            lAAAAAAAAAAAKjDMAQAAAACAZC8L2AEb
            """
        )
        let set: Set = [
            0, 1993, 25460, 159_495, 495_669, 554_353, 645_645, 723_232, 854_545, 934_534, 1_000_345,
        ]
        #expect(list.count == 1 << 20)
        for index in 0..<list.count where list[index]?.rawValue != (set.contains(index) ? 1 : 0) {
            Issue.record("place \(index) is \(String(describing: list[index]))")
        }
    }
}

/// Streams that are not whole, not alone, or larger than they look.
@Suite struct ZlibStreamTests {
    private let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }

    @Test(arguments: [0, 1, 2, 100, 5000])
    func whatWasCompressedComesBack(count: Int) throws {
        let some = Array(bytes.prefix(count))
        let stream = try ZlibStream.compress(some)
        #expect(try ZlibStream.decompress(stream, limit: count) == some)
        #expect(try ZlibStream.decompress(stream, limit: 1 << 20) == some)
        guard count > 0 else { return }
        #expect(throws: ZlibError.tooLarge) { try ZlibStream.decompress(stream, limit: count - 1) }
    }

    @Test func cutStreamIsDamaged() throws {
        let stream = try ZlibStream.compress(bytes)
        for length in stride(from: 0, to: stream.count, by: 7) {
            #expect(throws: ZlibError.damaged, "\(length) bytes") {
                try ZlibStream.decompress(Array(stream.prefix(length)), limit: 1 << 20)
            }
        }
        #expect(throws: ZlibError.damaged) { try ZlibStream.decompress(Array(stream.dropLast()), limit: 1 << 20) }
    }

    @Test func nothingMayFollow() throws {
        let stream = try ZlibStream.compress(bytes)
        for tail in [[0], stream, Array(repeating: 0, count: 4096)] {
            #expect(throws: ZlibError.damaged) { try ZlibStream.decompress(stream + tail, limit: 1 << 20) }
        }
    }

    @Test func changedStreamIsNotBelieved() throws {
        let stream = try ZlibStream.compress(bytes)
        for place in stride(from: 0, to: stream.count, by: 3) {
            var changed = stream
            changed[place] ^= 0x10
            #expect(throws: ZlibError.self, "byte \(place)") { try ZlibStream.decompress(changed, limit: 1 << 20) }
        }
    }

    /// Only as much is unpacked as was asked for.
    @Test func bombIsNotUnpacked() throws {
        let zeros = try ZlibStream.compress([UInt8](repeating: 0, count: 64 << 20))
        #expect(zeros.count < 80_000)
        #expect(throws: ZlibError.tooLarge) { try ZlibStream.decompress(zeros, limit: StatusList.maximumSize) }
        let twice = try ZlibStream.compress(zeros)
        #expect(twice.count < 1000)
        #expect(try ZlibStream.decompress(twice, limit: StatusList.maximumSize) == zeros)
    }

    @Test func otherFormatsAreRefused() throws {
        let stream = try ZlibStream.compress(bytes)
        // DEFLATE without its header, gzip's header, a preset dictionary.
        let raw = Array(stream.dropFirst(2).dropLast(4))
        for other in [raw, [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3] + raw, [0x78, 0xF9, 0, 0, 0, 1] + raw, []] {
            #expect(throws: ZlibError.damaged) { try ZlibStream.decompress(other, limit: 1 << 20) }
        }
    }
}
