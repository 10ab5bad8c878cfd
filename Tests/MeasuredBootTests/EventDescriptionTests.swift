import MeasuredBoot
import TPMWire
import Testing

@Suite struct EventDescriptionTests {
    private func words(_ facts: BootFacts) -> [String: Bool] {
        let found = facts.log.log.events.indices.compactMap { facts.log.description(of: $0) }
        return Dictionary(found.compactMap { found in found.meaning.map { ($0, found.isAuthentic) } }) { $0 || $1 }
    }

    @Test(arguments: [AlgorithmID.sha1, .sha256, .sha384, .sha512])
    func eventsSayWhatTheyMeasure(bank: AlgorithmID) throws {
        let said = words(try LogBuilder.machine(banks: [bank]).facts())
        for text in [
            "firmware version Firmware 1.2", "variable SecureBoot: 01", "separator", "/vmlinuz root=/dev/sda2 ro",
            "Exit Boot Services Invocation",
        ] {
            #expect(said[text] == true, "\(text)")
        }
        // The name of a file that was read is nobody's word.
        #expect(said["/initrd"] == false)
    }

    @Test func relabelledDataIsNotMeasured() throws {
        var log = LogBuilder()
        log.measure(7, .efiVariableDriverConfig, LogBuilder.variable("SecureBoot", [1]), measured: [0])
        let found = try #require(try log.facts().log.description(of: 1))
        #expect(found.meaning == "variable SecureBoot: 01")
        #expect(!found.isAuthentic)
        #expect(try log.facts().log.description(of: 2) == nil)
    }

    @Test func loaderAndKernelAreTold() throws {
        let grub = try LogBuilder.machine().facts()
        #expect(grub.bootLoader()?.value == .grub)
        #expect(grub.kernel()?.kind == .image)

        var plain = LogBuilder()
        plain.load("kernel")
        plain.measure(12, .ipl, LogBuilder.utf16("root=/dev/vda2") + [0, 0])
        #expect(try plain.facts().bootLoader()?.value == .systemdBoot)

        var unified = LogBuilder()
        unified.measure(11, .ipl, LogBuilder.utf16(".linux") + [0, 0], measured: Array(".linux".utf8) + [0])
        unified.measure(11, .ipl, LogBuilder.utf16(".linux") + [0, 0], measured: Array("the kernel".utf8))
        let facts = try unified.facts()
        #expect(facts.bootLoader()?.value == .unifiedKernelImage)
        #expect(facts.kernel()?.kind == .section)
        #expect(facts.kernel()?.digest == LogBuilder.hash(.sha256, Array("the kernel".utf8)))

        #expect(try LogBuilder().facts().bootLoader() == nil)
    }

    @Test(.enabled(if: Corpus.root != nil, "needs BIRTHMARK_CORPUS"), arguments: CorpusLog.all)
    func everyEventOfARealLogCanBeDescribed(entry: CorpusLog) throws {
        let log = try EventLog(parsing: try Corpus.bytes(entry.path))
        let description = try #require(LogDescription(log))
        var said = 0
        for index in log.events.indices {
            let found = try #require(description.facts.log.description(of: index))
            #expect(found.event == index)
            if found.meaning != nil { said += 1 }
        }
        // Half of what real machines measure says something.
        #expect(2 * said >= log.events.count - 2, "\(said) of \(log.events.count)")
    }
}
