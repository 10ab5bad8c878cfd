import Foundation
import Messages
import Testing

@testable import UpdateTrust

@Suite struct PolicyTests {
    private let rule = #"""
        {"id":"a","match":{"models":"*","hardwareRevisions":["A","B"],"environments":["lab"],"tiers":["tpm"],
        "packages":"*"},"moves":{"upgrade":true,"reinstall":true,"downgrade":false},
        "boot":{"requireLog":true,"secureBoot":"required","firmwareVersions":["1"]},
        "lease":{"seconds":60},"grant":{"seconds":60},"window":{"days":["mon"],"from":"22:00","to":"04:00"}}
        """#

    private func file(_ rules: String...) -> String {
        #"{"formatVersion":1,"rules":[\#(rules.joined(separator: ","))]}"#
    }

    private func fault(_ text: String) -> String? {
        do {
            _ = try Policy(parsing: Array(text.utf8))
            return nil
        } catch { return error.detail }
    }

    private let subject = PolicySubject(
        model: Sample.label("m"),
        hardwareRevision: Sample.label("A"),
        environment: Sample.label("lab"),
        tier: .tpm,
        package: Sample.label("os")
    )

    @Test func digestIsOfTheExactBytes() throws {
        let text = file(rule)
        let policy = try Policy(parsing: Array(text.utf8))
        #expect(policy.digest == ContentDigest(of: Array(text.utf8)))
        #expect(try Policy(parsing: Array((text + "\n").utf8)).digest != policy.digest)
    }

    @Test func firstRuleThatFitsDecides() throws {
        let wide = rule.replacing(#""id":"a""#, with: #""id":"wide""#).replacing(#"["lab"]"#, with: #""*""#)
        let policy = try Policy(parsing: Array(file(rule, wide).utf8))
        #expect(policy.rule(for: subject)?.id == Sample.label("a"))
        var elsewhere = subject
        elsewhere.environment = Sample.label("production")
        #expect(policy.rule(for: elsewhere)?.id == Sample.label("wide"))
        elsewhere.tier = .compensated
        #expect(policy.rule(for: elsewhere) == nil)
        #expect(policy.explain(subject).map(\.because) == ["the first that fits", "a rule above it fits"])
        #expect(
            policy.explain(elsewhere).map(\.because) == [
                "the environment is production, the tier is compensated", "the tier is compensated",
            ]
        )
    }

    @Test(arguments: [
        (#""upgrade":true"#, #""upgrade":true,"upgarde":true"#, "upgarde"),
        (#""models":"*","#, "", "models"),
        (#""models":"*""#, #""models":"gw-100""#, "models"),
        (#""models":"*""#, #""models":[]"#, "models"),
        (#""models":"*""#, #""models":["a b"]"#, "models"),
        (#""models":"*""#, #""models":["*"]"#, "models"),
        (#"["tpm"]"#, #"["tmp"]"#, "tiers"),
        (#""seconds":60"#, #""seconds":60.5"#, "whole"),
        (#""seconds":60"#, #""seconds":"60""#, "seconds"),
        (#""lease":{"seconds":60}"#, #""lease":{"seconds":0}"#, "lease.seconds"),
        (#""lease":{"seconds":60}"#, #""lease":{"seconds":-1}"#, "lease.seconds"),
        (#""lease":{"seconds":60}"#, #""lease":{"seconds":2678401}"#, "lease.seconds"),
        (#""lease":{"seconds":60}"#, #""lease":{"seconds":59}"#, "outlive"),
        (#""grant":{"seconds":60}"#, #""grant":{"seconds":604801}"#, "grant.seconds"),
        (#""requireLog":true"#, #""requireLog":false"#, "requireLog"),
        (#""firmwareVersions":["1"]"#, #""firmwareVersions":[]"#, "firmwareVersions"),
        (#""secureBoot":"required""#, #""secureBoot":"yes""#, "secureBoot"),
        (#"["mon"]"#, "[]", "window.days"),
        (#"["mon"]"#, #"["mon","mon"]"#, "window.days"),
        (#"["mon"]"#, #"["monday"]"#, "days"),
        (#""22:00""#, #""24:00""#, "window.from"),
        (#""22:00""#, #""2:00""#, "window.from"),
        (#""22:00""#, #""22:0""#, "window.from"),
        (#""04:00""#, #""04:60""#, "window.to"),
        (#""04:00""#, #""-4:00""#, "window.to"),
        (#""id":"a""#, #""id":"""#, "id"),
        (#""id":"a""#, #""id":"a","id":"b""#, "twice"),
    ])
    func whatCannotBeMeantIsNamed(old: String, new: String, named: String) throws {
        #expect(rule.contains(old))
        let message = try #require(fault(file(rule.replacing(old, with: new))))
        #expect(message.contains(named), "\(message)")
    }

    @Test func filesThatAreNoPolicy() throws {
        #expect(fault(file(rule, rule))?.contains("two rules have the id \"a\"") == true)
        #expect(fault(file())?.contains("1 to 200 rules") == true)
        let many = (0...200).map { rule.replacing(#""id":"a""#, with: #""id":"r\#($0)""#) }
        #expect(fault(#"{"formatVersion":1,"rules":[\#(many.joined(separator: ","))]}"#)?.contains("201") == true)
        #expect(fault(file(rule).replacing(#""formatVersion":1"#, with: #""formatVersion":2"#))?.contains("2") == true)
        #expect(fault("") != nil)
        #expect(fault("null") != nil)
        #expect(fault(String(repeating: " ", count: Policy.maximumSize + 1))?.contains("at most") == true)
        #expect(fault(file(rule) + "{}")?.contains("follows the end") == true)
    }

    /// 2026-09-21 is a Monday.
    @Test func windows() throws {
        let monday: Int64 = 1_789_948_800
        let window = MaintenanceWindow(days: [.monday], from: "22:00", to: "04:00")
        let opening = monday + 22 * 3600
        let closing = monday + 28 * 3600
        #expect(window.closing(at: opening - 1) == nil)
        #expect(window.closing(at: opening) == closing)
        #expect(window.closing(at: closing - 1) == closing)
        #expect(window.closing(at: closing) == nil)
        #expect(window.closing(at: monday + 3 * 3600) == nil, "Sunday's window was not opened")
        let day = MaintenanceWindow(days: [.monday], from: "08:30", to: "17:00")
        #expect(day.closing(at: monday + 8 * 3600 + 1800) == monday + 17 * 3600)
        #expect(day.closing(at: monday + 17 * 3600) == nil)
        #expect(day.closing(at: monday + 86_400 + 9 * 3600) == nil)
        let whole = MaintenanceWindow(days: [.monday, .tuesday], from: "00:00", to: "00:00")
        #expect(whole.closing(at: monday - 1) == nil)
        #expect(whole.closing(at: monday) == monday + 2 * 86_400, "the next day's follows without a gap")
        #expect(whole.closing(at: monday + 86_400) == monday + 2 * 86_400)
        // Before 1970, and at the ends of time.
        #expect(MaintenanceWindow(days: [.wednesday], from: "00:00", to: "00:00").closing(at: -1) == 0)
        #expect(MaintenanceWindow(days: [.thursday], from: "00:00", to: "00:00").closing(at: -1) == nil)
        for end in [Int64.min, Int64.min + 86_399, Int64.max, Int64.max - 86_399] {
            _ = MaintenanceWindow(days: MaintenanceWindow.Day.allCases, from: "23:59", to: "23:58").closing(at: end)
        }
    }

    @Test func everyDayOfAWeek() {
        let monday: Int64 = 1_789_948_800
        let days: [MaintenanceWindow.Day] = [.monday, .tuesday, .wednesday, .thursday, .friday, .saturday, .sunday]
        for (offset, day) in days.enumerated() {
            for other in days {
                let window = MaintenanceWindow(days: [other], from: "00:00", to: "00:00")
                #expect((window.closing(at: monday + Int64(offset) * 86_400 + 43_200) != nil) == (day == other))
            }
        }
    }

    @Test func explainSaysWhatWouldBeRefused() throws {
        var world = try World()
        let release = try Sample.release("0.9.0", securityVersion: 2)
        let known = try Sample.known(release)
        let answer = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            at: world.now
        )
        #expect(answer.rule == "all")
        #expect(answer.refusals == ["move-not-allowed", "below-security-floor"])
        let unknown = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: Sample.digest("x"),
            known: nil,
            at: world.now
        )
        #expect(unknown.refusals == ["release-unknown"])
        let lease = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: nil,
            known: nil,
            at: world.now
        )
        #expect(lease.refusals == [])
        try world.act(.suspend)
        let suspended = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: nil,
            known: nil,
            at: world.now
        )
        #expect(suspended.refusals == ["suspended"])
    }

    /// What `explain` says beforehand is what is decided afterwards.
    @Test(arguments: ["gw-100", "gw-200"], [2, 3, 4] as [UInt64]) func explainAgreesWithTheDecision(
        model: String,
        securityVersion: UInt64
    ) throws {
        var world = try World()
        let known = try Sample.known(
            Sample.release("1.1.0", securityVersion: securityVersion) { $0.models = [Sample.label(model)] }
        )
        let before = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            at: world.now
        )
        #expect(try world.ask(.update, package: known).reasonCodes == before.refusals)
    }

    @Test func theDefaultPolicyIsOne() throws {
        let path = URL(filePath: #filePath).appending(path: "../../../Provisioning/policies/default.json").standardized
        let policy = try Policy(parsing: [UInt8](Data(contentsOf: path)))
        func rule(_ environment: String, _ tier: Tier) -> String? {
            var subject = subject
            subject.environment = Sample.label(environment)
            subject.tier = tier
            return policy.rule(for: subject)?.id.text
        }
        #expect(rule("production", .tpm) == "production-hardware")
        #expect(rule("production", .vtpm) == "production-virtual")
        #expect(rule("lab", .vtpm) == "lab")
        #expect(rule("production", .compensated) == nil)
        #expect(rule("elsewhere", .tpm) == nil)
    }

    @Test func theExamplesOfTheExplanationAreAccepted() throws {
        let text = try PolicyKeys.explanation
        let examples = text.components(separatedBy: "```json\n").dropFirst().compactMap {
            $0.components(separatedBy: "```").first
        }
        try #require(examples.count == 3)
        #expect(fault(file(examples[0])) == nil)
        let windowed = examples[0].replacing(#"{ "days": ["sun""#, with: #"{ "blackouts": [], "days": ["sun""#)
        #expect(fault(file(windowed))?.contains("blackouts") == true)
        let plant = try EditedJSON.decode(MaintenanceWindow.self, from: Array(examples[1].utf8), limit: 4096)
        #expect(plant.problem == nil)
        let naming = examples[0].replacing(#""requireLog""#, with: #""ima":"bedside-os","requireLog""#)
        #expect(fault(#"{"formatVersion":1,"rules":[\#(naming)],"ima":[\#(examples[2])]}"#) == nil)
    }
}
