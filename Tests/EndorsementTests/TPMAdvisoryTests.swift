import Foundation
import Testing

@testable import Endorsement

@Suite struct TPMAdvisoryTests {
    /// Four numbers as a TPM reports them.
    private func firmware(_ numbers: UInt64...) -> UInt64 { numbers.reduce(0) { $0 << 16 | $1 } }

    private func version(_ text: String) throws -> TPMFirmwareVersion { try #require(TPMFirmwareVersion(text)) }

    @Test func aVersionIsFourNumbers() throws {
        #expect(TPMFirmwareVersion(0x0007_003D_000A_E100).description == "7.61.10.57600")
        #expect(TPMFirmwareVersion("7.61")?.description == "7.61")
        for text in ["", "7.", ".7", "7..1", "7.61.1.2.3", "65536", "-1", "+7", "7 .1", "0x7", "７"] {
            #expect(TPMFirmwareVersion(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("7.0", "7.61", "7.60.65535.65535", true), ("7.0", "7.61", "7.61.65535.65535", true),
        ("7.0", "7.61", "7.62.0.0", false), ("7.0", "7.61", "6.65535.0.0", false), ("7.0", "7.61", "7.0.0.0", true),
        ("7", "7", "7.9.9.9", true), ("7", "7", "8.0.0.0", false), ("7.5", "7.61", "7.4.9.9", false),
        ("7.2.0.1", "7.2.0.1", "7.2.0.1", true), ("7.2.0.1", "7.2.0.1", "7.2.0.2", false),
        ("7.2.0.1", "7.2.0.1", "7.2.0.0", false), ("7.9", "7.10", "7.10.0.0", true), ("7.9", "7.10", "7.8.0.0", false),
    ])
    func aRangeEndsWithEverythingThatBeginsLikeItsLast(
        _ from: String,
        _ last: String,
        _ tested: String,
        _ isIn: Bool
    )
        throws
    {
        let range = try #require(TPMFirmwareRange(from: version(from), through: version(last)))
        #expect(range.contains(try version(tested)) == isIn)
    }

    @Test(arguments: [
        ("11.0", "11.8.70", "11.8.69.65535", true), ("11.0", "11.8.70", "11.8.70.0", false),
        ("11.0", "11.8.70", "11.9.0.0", false), ("11.0", "11.8.70", "10.0.0.0", false), ("7", "8", "7.9.0.0", true),
        ("7", "8", "8.0.0.0", false),
    ])
    func aRangeEndsBeforeAVersion(_ from: String, _ end: String, _ tested: String, _ isIn: Bool) throws {
        let range = try #require(TPMFirmwareRange(from: version(from), before: version(end)))
        #expect(range.contains(try version(tested)) == isIn)
    }

    @Test(arguments: [
        #"{"from":"7.62","through":"7.61"}"#, #"{"from":"7.61","before":"7.61"}"#,
        #"{"from":"7.61.1","before":"7.61"}"#,
        #"{"from":"7"}"#, #"{"through":"7"}"#, #"{"from":"7","through":"8","before":"9"}"#,
        #"{"from":"x","through":"8"}"#,
    ])
    func aRangeThatHoldsNothingIsNoRange(_ text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(TPMFirmwareRange.self, from: Data(text.utf8)) }
    }

    private func advisory(
        _ id: String = "CVE-1",
        _ manufacturer: String = "IFX",
        keys: [TPMAdvisory.KeyKind] = [.rsa],
        firmware: [(String, String)] = [("7.0", "7.61")],
        verdict: TPMAdvisory.Verdict = .refuse
    ) throws -> TPMAdvisory {
        TPMAdvisory(
            id: id,
            name: "an advisory",
            manufacturer: manufacturer,
            breaks: "something",
            keys: keys,
            firmware: try firmware.map { from, last in
                try #require(TPMFirmwareRange(from: version(from), through: version(last)))
            },
            verdict: verdict,
            origin: "https://example.test",
            taken: "2026-11-28"
        )
    }

    @Test func whatFollowsDependsOnFirmwareKeysAndWaivers() throws {
        let list = TPMAdvisories(
            formatVersion: 1,
            advisories: [
                try advisory(), try advisory("CVE-2", keys: [.ecc]), try advisory("CVE-3", verdict: .remark),
                try advisory("CVE-4", firmware: []), try advisory("CVE-5", "STM"),
                try advisory("CVE-6", firmware: [("1.0", "2.0"), ("7.60", "7.60")]),
            ]
        )
        #expect(list.fault == nil)
        func judged(_ firmware: UInt64, waived: Set<String> = []) -> [String: TPMAdvisoryFinding.Consequence] {
            let found = list.judge(manufacturer: "IFX", firmware: firmware, keys: [.rsa], waived: waived)
            return Dictionary(uniqueKeysWithValues: found.map { ($0.advisory.id, $0.consequence) })
        }
        #expect(
            judged(firmware(7, 60, 1, 2)) == [
                "CVE-1": .refused, "CVE-2": .otherKeysOnly, "CVE-3": .remarked, "CVE-4": .firmwareUnstated,
                "CVE-6": .refused,
            ]
        )
        #expect(judged(firmware(7, 62, 0, 0)) == ["CVE-4": .firmwareUnstated])
        // A waiver lets pass what it names and nothing else, and makes no reason of what is none.
        let waived = judged(firmware(7, 60, 1, 2), waived: ["CVE-1", "CVE-2", "CVE-3"])
        #expect(waived["CVE-1"] == .waived && waived["CVE-6"] == .refused)
        #expect(waived["CVE-2"] == .otherKeysOnly && waived["CVE-3"] == .remarked)
        #expect(list.judge(manufacturer: "ifx", firmware: firmware(7, 60, 0, 0), keys: [.rsa]).isEmpty)
    }

    @Test func aListSaysEachThingOnceAndWhole() throws {
        func fault(_ advisories: TPMAdvisory..., format: Int = 1) -> String? {
            TPMAdvisories(formatVersion: format, advisories: advisories).fault
        }
        #expect(fault(try advisory(), try advisory("CVE-1", "STM")) == nil)
        #expect(fault(try advisory(), try advisory()) != nil)
        #expect(fault(try advisory(keys: [])) != nil)
        #expect(fault(try advisory("")) != nil)
        #expect(fault(try advisory(), format: 2) != nil)
    }
}
