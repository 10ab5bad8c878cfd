import MeasuredBoot
import TPMWire
import Testing

/// Case 60: lists that somebody changed on their way from the kernel.
@Suite struct IMAAttackTests {
    typealias Item = IMAListBuilder.Item

    private let list = IMAListBuilder([
        .init("boot_aggregate"), .init("/init"), .init("/bin/sh"), .violation("/var/log/syslog"), .init("/bin/evil"),
        .init("/bin/true"),
    ])

    /// The checkpoint that a list reaches; nil when it does not.
    private func reached(_ bytes: [UInt8], to quoted: [UInt8]? = nil, bank: AlgorithmID = .sha256) throws -> Int? {
        var prefix = try IMAPrefix(.binary(), to: quoted ?? list.value(bank), bank: bank)
        try prefix.read(bytes[...])
        try prefix.finish()
        return prefix.reached?.entries
    }

    private func changed(_ change: (inout IMAListBuilder) -> Void) -> [UInt8] {
        var list = list
        change(&list)
        return list.binary()
    }

    @Test func attack60_tailBehindTheQuotedValueIsNotTrusted() throws {
        var prefix = try IMAPrefix(.binary(), to: list.value(), bank: .sha256)
        var judged: [[UInt8]] = []
        try prefix.read(changed { $0.items.append(Item("/bin/forged")) }[...]) { judged.append(Array($0.name)) }
        #expect(prefix.reached?.entries == 6)
        #expect(judged == list.items.map(\.name))
        // Nor is it when it comes in a piece of its own.
        #expect(try !prefix.read(Item("/bin/forged").record()[...]) { _ in judged = [] })
        #expect(prefix.reached?.entries == 6)
        #expect(judged.count == 6)
    }

    @Test func attack60_entryLeftOutMovedOrAdded() throws {
        for index in list.items.indices {
            #expect(try reached(changed { $0.items.remove(at: index) }) == nil)
            #expect(try reached(changed { $0.items.insert(Item("/bin/forged"), at: index) }) == nil)
        }
        for index in list.items.indices.dropLast() {
            #expect(try reached(changed { $0.items.swapAt(index, index + 1) }) == nil)
        }
        #expect(try reached(list.binary()) == 6)
    }

    @Test func attack60_entryThatSaysAnotherDigestOrName() throws {
        // With template digests that were made anew, so that only the quote can tell.
        #expect(try reached(changed { $0.items[4].name = Array("/bin/good".utf8) }) == nil)
        #expect(try reached(changed { $0.items[4].digest[0] ^= 1 }) == nil)
        #expect(try reached(changed { $0.items[4].algorithm = "sm3" }) == nil)
        #expect(try reached(changed { $0.items[4].template = "ima-sig" }) == nil)
        // With the old ones, which a reader that believes them would extend.
        for bank in [AlgorithmID.sha1, .sha256] {
            var forged = list.binary()
            let place = list.ends()[4] + 4 + 20 + 4 + 6 + 4 + 4 + 8
            forged[place] ^= 1
            let error = #expect(throws: IMAListError.self) { try reached(forged, bank: bank) }
            #expect(error?.code == .templateDigestMismatch)
            #expect(error?.entry == 4)
            #expect(error?.offset == UInt64(list.ends()[4]))
        }
    }

    @Test func attack60_violationIsOnesInThePCRAndZerosInTheList() throws {
        let zeros = [UInt8](repeating: 0, count: 32)
        let beforeIt = list.values()[3]
        let (ones, itsZeros) = (
            IMAListBuilder.hash(.sha256, beforeIt + [UInt8](repeating: 0xFF, count: 32)),
            IMAListBuilder.hash(.sha256, beforeIt + zeros)
        )
        let four = Array(list.binary()[..<list.ends()[4]])
        #expect(try reached(four, to: ones) == 4)
        #expect(try reached(four, to: itsZeros) == nil)
        // A measurement shown as a violation, and a violation shown as one.
        #expect(try reached(changed { $0.items[4].isViolation = true }) == nil)
        #expect(try reached(changed { $0.items[3].isViolation = false }) == nil)
        // A list that shows the ones themselves.
        var shown = list.binary()
        for offset in 0..<20 { shown[list.ends()[3] + 4 + offset] = 0xFF }
        let error = #expect(throws: IMAListError.self) { try reached(shown) }
        #expect(error?.code == .templateDigestMismatch)
    }

    /// Nothing covers the name of a violation, so nothing may be concluded from it.
    @Test func attack60_nameOfAViolationIsNotAuthenticated() throws {
        #expect(try reached(changed { $0.items[3].name = Array("/excluded/path".utf8) }) == 6)
    }

    @Test func attack60_entryThatSaysAnotherPCR() throws {
        let forged = changed { $0.items[4].pcr = 11 }
        let error = #expect(throws: IMAListError.self) { try reached(forged) }
        #expect(error?.code == .otherPCR)
        #expect(error?.seen == "11")
        // An entry that was left out of the PCR that is quoted is not trusted for saying so.
        var without = list
        without.items.remove(at: 4)
        #expect(throws: IMAListError.self) { try reached(forged, to: without.value()) }
    }

    @Test func attack60_listCutWithThePCROfTheWhole() throws {
        for end in list.ends().dropLast() { #expect(try reached(Array(list.binary()[..<end])) == nil) }
        for cut in 0..<list.binary().count where !list.ends().contains(cut) {
            #expect(throws: IMAListError.self) { try reached(Array(list.binary()[..<cut])) }
        }
    }

    @Test func attack60_namesWithSpacesNewlinesAndNULs() throws {
        for name in ["/a b", "/a\nb", "/a\n10 0000 ima-ng sha256:00 /b", " ", "\n", "/a\u{1F}", "/ä"] {
            let odd = IMAListBuilder([IMAListBuilder.aggregate, Item(name), Item("/c")])
            let reading = try IMAReading(odd.binary())
            #expect(reading.error == nil)
            #expect(reading.entries.map { Array($0.name) } == odd.items.map(\.name))
            #expect(try reached(odd.binary(), to: odd.value()) == 3)
            // The ASCII list either says the same or is refused; it never says something else.
            let ascii = try IMAReading(odd.ascii(), .ascii)
            if ascii.error == nil { #expect(ascii.entries.map { Array($0.name) } == odd.items.map(\.name)) }
            if name.contains(where: { " \n".contains($0) }) { #expect(ascii.error != nil) }
        }
        for template in ["ima", "ima-ng", "ima-sig", "ima-buf"] {
            let item = Item(
                Array("/bin/good\0/bin/evil".utf8),
                template: template,
                tail: template == "ima-buf" ? [1] : []
            )
            #expect(try IMAReading(item.record()).code == .badName)
            #expect(try IMAReading(item.line(), .ascii).code == .badName)
        }
    }

    @Test func attack60_goingOnFromAnotherBootOrPlace() throws {
        let (bytes, ends, values) = (list.binary(), list.ends(), list.values())
        var first = try IMAPrefix(.binary(), to: values[3], bank: .sha256)
        try first.read(bytes[...])
        let checkpoint = try #require(first.reached)
        // After a reboot the PCR began anew: the rest of the old list does not lead to it.
        let rebooted = IMAListBuilder([IMAListBuilder.aggregate, Item("/init"), Item("/bin/other")])
        for start in rebooted.ends() {
            var again = try #require(IMAPrefix(.binary(), to: rebooted.value(), from: checkpoint))
            try again.read(rebooted.binary()[start...])
            #expect(again.reached == nil)
        }
        // Bytes from another place than the one that is remembered.
        for start in ends where start != ends[3] {
            var again = try #require(IMAPrefix(.binary(), to: values[6], from: checkpoint))
            try again.read(bytes[start...])
            #expect(again.reached == nil)
        }
        // A value that lies behind the checkpoint is not reached: progress goes one way.
        for earlier in values[..<3] {
            var again = try #require(IMAPrefix(.binary(), to: earlier, from: checkpoint))
            try again.read(bytes[ends[3]...])
            #expect(again.reached == nil)
        }
    }
}
