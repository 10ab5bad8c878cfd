import MeasuredBoot
import SeededRandom
import TPMWire
import Testing

/// The binary and the ASCII list, read in pieces.
@Suite struct IMAListTests {
    typealias Item = IMAListBuilder.Item

    private static let everyTemplate = IMAListBuilder([
        .init("boot_aggregate"), .init("/init", template: "ima"), .init("/bin/sh", template: "ima-ngv2"),
        .init("/lib/libc.so.6", template: "ima-sig", tail: [3, 2, 4, 1, 2, 3, 4, 0, 1, 9]),
        .init("/etc/issue", template: "ima-sig"), .init("/etc/motd", template: "ima-sigv2", tail: [6, 3]),
        .init("kexec-cmdline", template: "ima-buf", tail: Array("ro quiet".utf8)), .violation("/var/log/syslog"),
    ])

    @Test(arguments: [AlgorithmID.sha1, .sha256, .sha384, .sha512])
    func everyTemplateIsReadWhole(listed: AlgorithmID) throws {
        let list = Self.everyTemplate
        let readings = [
            try IMAReading(list.binary(listed), .binary(listedDigest: listed)),
            try IMAReading(list.ascii(listed), .ascii),
        ]
        for reading in readings {
            #expect(reading.error == nil)
            try #require(reading.entries.count == list.items.count)
            for (index, (entry, item)) in zip(reading.entries, list.items).enumerated() {
                #expect(entry.index == index)
                #expect(entry.pcr == 10)
                #expect(entry.template.rawValue == item.template)
                #expect(Array(entry.listedDigest) == item.listed(listed))
                #expect(Array(entry.templateData) == item.data)
                #expect(entry.digest.algorithm == item.algorithm)
                #expect(entry.digest.bytes == item.digest)
                #expect(Array(entry.name) == item.name)
                #expect(entry.isViolation == item.isViolation)
                let isSigned = item.template.hasPrefix("ima-sig") && !item.tail.isEmpty
                #expect(entry.signature.map(Array.init) == (isSigned ? item.tail : nil))
                #expect(entry.buffer.map(Array.init) == (item.template == "ima-buf" ? item.tail : nil))
            }
        }
        #expect(readings[0].offset == UInt64(list.binary(listed).count))
    }

    @Test func piecesOfEverySizeGiveTheSameEntries() throws {
        let list = Self.everyTemplate
        for (bytes, form) in [(list.binary(), IMAListForm.binary()), (list.ascii(), .ascii)] {
            let whole = try IMAReading(bytes, form).entries.map { Array($0.templateData) }
            #expect(whole.count == list.items.count)
            for size in 1...bytes.count {
                let reading = try IMAReading(bytes, form, pieces: size)
                #expect(reading.error == nil)
                #expect(reading.entries.map { Array($0.templateData) } == whole)
            }
        }
    }

    @Test func aListCutAtEveryByteGivesWholeEntriesAndSaysThatItIsCut() throws {
        let list = Self.everyTemplate
        let bytes = list.binary()
        let ends = list.ends()
        for cut in 0..<bytes.count {
            let reading = try IMAReading(Array(bytes[..<cut]))
            #expect(reading.entries.count == ends.filter { $0 <= cut }.count - 1)
            #expect(reading.code == (ends.contains(cut) ? nil : .truncated))
            #expect(reading.offset == UInt64(ends.last { $0 <= cut } ?? 0))
        }
    }

    @Test func randomListsAreReadAsTheyWereWritten() throws {
        for seed in 0..<30 {
            let list = IMAListBuilder.random(seed: UInt64(seed), entries: 60)
            let reading = try IMAReading(list.binary(), pieces: 1 + seed * 37)
            #expect(reading.error == nil)
            #expect(reading.entries.map { Array($0.templateData) } == list.items.map(\.data))
            #expect(reading.entries.map { Array($0.name) } == list.items.map(\.name))
            #expect(reading.entries.map(\.isViolation) == list.items.map(\.isViolation))
        }
    }

    /// Whatever is changed, the reader answers, and what it takes is what stands there.
    @Test func changedBytesAreRefusedOrReadAsTheyStand() throws {
        let bytes = Self.everyTemplate.binary()
        var die = SplitMix64(seed: 7)
        for _ in 0..<4000 {
            var changed = bytes
            for _ in 0..<1 + die.roll(3) { changed[die.roll(changed.count)] = UInt8(die.roll(256)) }
            let reading = try IMAReading(changed, pieces: 1 + die.roll(400))
            #expect(reading.offset <= UInt64(changed.count))
            #expect(reading.error != nil || reading.offset == UInt64(changed.count))
        }
    }

    @Test func whatIsNoListIsRefusedByName() throws {
        func code(_ change: (inout Item) -> Void) throws -> IMAListError.Code? {
            var item = Item("/bin/true")
            change(&item)
            return try IMAReading(IMAListBuilder.aggregate.record() + item.record()).code
        }
        #expect(try code { $0.template = "ima-modsig" } == .unknownTemplate)
        #expect(try code { $0.template = String(repeating: "x", count: 300) } == .unknownTemplate)
        #expect(try code { $0.template = "" } == .unknownTemplate)
        #expect(try code { $0.pcr = 24 } == .noSuchPCR)
        #expect(try code { $0.pcr = .max } == .noSuchPCR)
        #expect(try code { $0.pcr = 10 << 24 } == .bigEndian)
        #expect(try code { $0.algorithm = "" } == .badDigest)
        #expect(try code { $0.algorithm = "sha1" } == .badDigest)
        #expect(try code { $0.algorithm = "SHA256" } == .badDigest)
        #expect(try code { $0.algorithm = "ima:sha256" } == .badDigest)
        #expect(try code { $0.algorithm = "sha256\0" } == .badDigest)
        #expect(try code { $0.digest = [] } == .badDigest)
        #expect(try code { $0.template = "ima-ngv2" } == nil)
        // An algorithm that is not known here is read, with digests of any size up to the largest.
        #expect(try code { ($0.algorithm, $0.digest) = ("unknown", [UInt8](repeating: 1, count: 29)) } == nil)
        #expect(try code { ($0.algorithm, $0.digest) = ("unknown", [UInt8](repeating: 1, count: 65)) } == .badDigest)
        #expect(throws: IMAListError.self) { try IMAListReader(.binary(listedDigest: .sm3_256)) }
    }

    @Test func templateDataAreTheFieldsAndNothingElse() throws {
        let item = Item("/bin/true", template: "ima-sig", tail: [1, 2, 3])
        func code(_ data: [UInt8], length: Int? = nil) throws -> IMAListError.Code? {
            let head = item.record().prefix(4 + 20 + 4 + 7)
            return try IMAReading(head + Item.le32(length ?? data.count) + data).code
        }
        #expect(try code(item.data) == nil)
        #expect(try code(item.data + [0]) == .badTemplateData)
        #expect(try code(item.data.dropLast()) == .badTemplateData)
        #expect(try code(Array(item.data.dropLast(7))) == .badTemplateData)
        #expect(try code([]) == .badTemplateData)
        #expect(try code(Item.le32(0xFFFF_FFFF)) == .badTemplateData)
        #expect(try code([], length: IMABounds.templateData + 1) == .entryTooLarge)
        #expect(try code([], length: 0xFFFF_FFFF) == .entryTooLarge)
        let unterminated = Item.le32(40) + item.fields[0] + Item.le32(9) + item.name + Item.le32(0)
        #expect(try code(unterminated) == .badName)
    }

    @Test func linesThatCanBeReadInTwoWaysAreRefused() throws {
        func code(_ text: String) throws -> IMAListError.Code? { try IMAReading(Array(text.utf8), .ascii).code }
        let digest = String(repeating: "a", count: 40)
        let head = "10 \(digest) ima-ng sha1:\(digest) "
        #expect(try code(head + "/a\n") == nil)
        #expect(try code(head + "/a b\n") == .ambiguousLine)
        #expect(try code(head + "/a \n") == .ambiguousLine)
        #expect(try code(head + "/a\nb\n") == .badLine)
        #expect(try code(head + "/a\0b\n") == .badName)
        #expect(try code(head + "/a") == .truncated)
        #expect(try code("10 \(digest) ima-sig sha1:\(digest) /a b\n") == .ambiguousLine)
        #expect(try code("10 \(digest) ima-sig sha1:\(digest) /a b \n") == .ambiguousLine)
        #expect(try code("10 \(digest) ima-sig sha1:\(digest) /a\n") == nil)
        #expect(try code("10 \(digest) ima-buf sha1:\(digest) /a\n") == .badLine)
        #expect(try code("x \(digest) ima-ng sha1:\(digest) /a\n") == .badLine)
        #expect(try code("24 \(digest) ima-ng sha1:\(digest) /a\n") == .noSuchPCR)
        #expect(try code("10 \(digest)aa ima-ng sha1:\(digest) /a\n") == .digestSizeChanges)
        #expect(try code("10 \(digest) ima-modsig sha1:\(digest) /a\n") == .unknownTemplate)
        #expect(try code("10 \(digest) ima-ng \(digest) /a\n") == .badDigest)
        #expect(try code("\n") == .badLine)
        let wide = String(repeating: "a", count: 64)
        #expect(try code(head + "/a\n" + "10 \(wide) ima-ng sha1:\(digest) /a\n") == .digestSizeChanges)
        var endless = try IMAListReader(.ascii)
        let piece = [UInt8](repeating: 0x61, count: 1 << 16)
        #expect(throws: IMAListError.self) {
            for _ in 0..<40 { try endless.read(piece[...]) { _, _ in true } }
        }
    }

    @Test func whatIsShownOfAListCannotForgeALogLine() {
        #expect(IMAText.printable(Array("/a\n\u{1B}[31m\\".utf8)) == "/a\\x0a\\x1b[31m\\x5c")
        #expect(IMAText.printable([UInt8](repeating: 0x61, count: 400)).count == 301)
    }
}
