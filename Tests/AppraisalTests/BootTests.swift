import AttestationResults
import Messages
import TPMWire
import Testing

@testable import Appraisal
@testable import SoftwareDevice

@Suite struct BootTests {
    private static let nothing = BootFactRequirements()

    private func exact(_ values: [Int: [UInt8]]) throws -> PCRValues {
        try #require(PCRValues(bank: .sha256, values: values))
    }

    private func expectation(_ name: BootName, _ values: [Int: [UInt8]]) throws -> BootExpectation {
        BootExpectation(name: name, profile: BootProfile(exact: try exact(values), facts: Self.nothing))
    }

    @Test func theResultNamesTheBootThatWasSeen() throws {
        let (old, new) = (try BootLog("sensor-os-1.7.0"), try BootLog("sensor-os-1.8.0"))
        for (seen, name) in [(old, BootName.current), (new, .granted)] {
            var scene = try Scene(booted: seen)
            scene.expectations = [
                try expectation(.current, old.values.filter { $0.key < 10 }),
                try expectation(.granted, new.values.filter { $0.key < 10 }),
            ]
            #expect(try scene.verdict().state?.boot == name)
            scene.log = .none
            let state = try scene.verdict().state
            #expect(state?.boot == name)
            #expect(state?.facts == nil && state?.log == nil)
        }
        // Two releases that measure alike: the one that comes first.
        var scene = try Scene(booted: old)
        let same = try expectation(.current, [7: old.values[7] ?? []])
        scene.expectations = [BootExpectation(name: .rescue, profile: same.profile), same]
        #expect(try scene.verdict().state?.boot == .rescue)
    }

    @Test(arguments: Tamper.allCases)
    func aTamperedBootIsNoneOfThem(tamper: Tamper) throws {
        let honest = try BootLog()
        var scene = try Scene(booted: try BootLog(tamper: [tamper]))
        scene.expectations = [try expectation(.current, honest.values.filter { $0.key < 10 })]
        let verdict = try scene.verdict()
        expectOwnKey(verdict, .bootUnexpected)
        #expect(verdict.authentic?.pcrs?.values == scene.values)
        guard case .refused(let refusal) = verdict else { return }
        let detail = refusal.reasons[0].detail
        for pcr in 0..<10 where scene.values[pcr] != honest.values[pcr] {
            #expect(detail.contains("PCR \(pcr) = \((scene.values[pcr] ?? []).hexadecimal)"))
        }
        for value in honest.values.values where !scene.values.values.contains(value) {
            #expect(!detail.contains(value.hexadecimal))
        }
    }

    @Test func whatDiffersIsToldOfTheNearestBoot() throws {
        let boot = try BootLog()
        var scene = try Scene(booted: boot)
        var near = boot.values.filter { $0.key < 10 }
        near[9] = Scene.value(9)
        scene.expectations = [
            try expectation(.current, Scene().values),
            try expectation(.granted, near),
        ]
        let verdict = try scene.verdict()
        expectOwnKey(verdict, .bootUnexpected)
        guard case .refused(let refusal) = verdict else { return }
        #expect(refusal.reasons.map(\.detail) == ["PCR 9 = " + (boot.values[9] ?? []).hexadecimal])
    }

    @Test func factsThatDifferAreToldAsTheyWereSeen() throws {
        let boot = try BootLog(tamper: [.cmdline])
        let required = BootFactRequirements(
            secureBoot: false,
            firmwareVersion: "BM-S2 UEFI 9.9.9",
            bootApplications: [HexBytes([UInt8](repeating: 7, count: 32))],
            kernelCommandLine: "expected-and-never-told"
        )
        let verdict = try Scene(booted: boot, facts: required).verdict()
        expectOwnKey(verdict, .bootUnexpected)
        guard case .refused(let refusal) = verdict else { return }
        let detail = refusal.reasons[0].detail
        #expect(detail.contains("Secure Boot enabled"))
        #expect(detail.contains("\"BM-S2 UEFI 3.1.0\""))
        #expect(detail.contains("kernel command line \"/boot/vmlinuz"))
        for expected in ["9.9.9", "0707", "expected-and-never-told"] { #expect(!detail.contains(expected)) }
    }

    @Test func attack73_textFromALogCannotForgeLogLines() throws {
        var events = try BootLog.events()
        let evil = "/vmlinuz \n2026-01-01 accepted \u{202E}\u{7}" + String(repeating: "x", count: 5000)
        let index = try #require(events.lastIndex { $0.pcr == 8 })
        events[index] = MeasuredEvent(
            8,
            .ipl,
            data: Array("kernel_cmdline: ".utf8) + Array(evil.utf8) + [0],
            measuring: Array(evil.utf8)
        )
        let kept = events[index].data
        events.removeAll { $0.pcr == 8 && $0.data != kept }
        let verdict = try Scene(booted: BootLog(events), facts: Scene.facts(commandLine: "quiet")).verdict()
        guard case .refused(let refusal) = verdict else {
            Issue.record("accepted")
            return
        }
        for reason in refusal.reasons {
            #expect(reason.detail.unicodeScalars.allSatisfy { 0x20..<0x7F ~= $0.value || $0 == "…" })
            #expect(reason.detail.utf8.count < 1000)
        }
    }

    @Test func factsNeedALog() throws {
        var scene = try Scene(booted: try BootLog(), facts: Scene.facts(secureBoot: true))
        scene.log = .none
        expectOwnKey(try scene.verdict(), .logMissing)
        // A boot that is told by its values alone needs none.
        scene.expectations.append(try expectation(.granted, scene.values))
        #expect(try scene.verdict().state?.boot == .granted)
    }

    @Test func anExpectationThatCannotBeToldIsNobodysFault() throws {
        func expectUndecided(
            _ expectations: [BootExpectation],
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            var scene = try Scene(booted: try BootLog())
            scene.expectations = expectations
            guard case .undecided = try scene.verdict() else {
                Issue.record("decided", sourceLocation: sourceLocation)
                return
            }
        }
        try expectUndecided([])
        try expectUndecided([try expectation(.current, [:])])
        try expectUndecided([try expectation(.current, [11: Scene.value(11)])])
        let sha384 = try #require(PCRValues(bank: .sha384, values: [0: Scene.value(0, .sha384)]))
        try expectUndecided([
            BootExpectation(name: .current, profile: BootProfile(exact: sha384, facts: Self.nothing))
        ])
        // What was quoted and differs is refused all the same.
        var scene = try Scene(booted: try BootLog())
        scene.expectations = [try expectation(.current, [0: Scene.value(0), 11: Scene.value(11)])]
        expectOwnKey(try scene.verdict(), .bootUnexpected)
    }

    @Test func anUnboundQuestionIsNotAnswered() throws {
        let scene = try Scene()
        var input = try scene.input()
        for data in [[], [1], [UInt8](repeating: 0, count: 64)] as [[UInt8]] {
            input.qualifyingData = data
            var attest = try scene.attest
            attest.extraData = data
            input.attest = attest.bytes
            input.signature = try scene.key.sign(attest.bytes).bytes
            guard case .undecided = Appraiser.appraise(input) else {
                Issue.record("\(data.count) bytes of qualifying data were taken for a digest")
                continue
            }
        }
    }
}
