import SeededRandom
import TPMWire
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: Sample.all)
    func everyStructureIsWrittenAsItWasRead(sample: Sample) throws {
        #expect(!sample.bytes.isEmpty)
        #expect(try sample.reencode(sample.bytes) == sample.bytes)
    }

    @Test(arguments: Sample.all)
    func attack02_everyTruncationIsRefused(sample: Sample) {
        for length in 0..<sample.bytes.count {
            let cut = Array(sample.bytes.prefix(length))
            #expect(throws: WireError.self, "\(length) bytes") { try sample.reencode(cut) }
        }
    }

    @Test(arguments: Sample.all)
    func attack03_aTrailingByteIsRefused(sample: Sample) {
        #expect(throws: WireError.self) { try sample.reencode(sample.bytes + [0]) }
    }

    /// Whatever parses after a change to any one byte is written back as exactly those bytes.
    @Test(arguments: Sample.all)
    func mutationsParseToThemselvesOrNotAtAll(sample: Sample) {
        for index in sample.bytes.indices {
            for value: UInt8 in [0, 1, 2, 3, 4, 5, 0x0b, 0x10, 0x7f, 0x80, 0xfe, 0xff, sample.bytes[index] ^ 0x01] {
                var bytes = sample.bytes
                bytes[index] = value
                guard let written = try? sample.reencode(bytes) else { continue }
                if written != bytes { Issue.record("byte \(index) = \(value) is written back differently") }
            }
        }
    }

    /// The same with tails that owe nothing to a valid structure.
    @Test(arguments: Sample.all)
    func noiseParsesToItselfOrNotAtAll(sample: Sample) {
        var generator = SplitMix64(seed: 0x5EED)
        for _ in 0..<400 {
            let kept = Int.random(in: 0...sample.bytes.count, using: &generator)
            let length = Int.random(in: 0...40, using: &generator)
            let tail = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let bytes = Array(sample.bytes.prefix(kept)) + tail
            guard let written = try? sample.reencode(bytes) else { continue }
            if written != bytes { Issue.record("\(bytes.hexadecimal) is written back differently") }
        }
    }

    @Test func aBufferThatHasNoEncodingIsNotWritten() {
        #expect(TPM2BPrivate(Array(repeating: 0, count: 65_536)).bytes.isEmpty)
        let area = TPMTPublic(
            nameAlg: .sha256,
            objectAttributes: [],
            parameters: .keyedHash(.null, unique: Array(repeating: 0, count: 70_000))
        )
        #expect(area.bytes.isEmpty)
        #expect(TPM2BPublic(area).bytes.isEmpty)
    }
}
