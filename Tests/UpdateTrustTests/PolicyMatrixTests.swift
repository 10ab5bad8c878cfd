import Messages
import Testing

@testable import UpdateTrust

/// The whole of a policy as tables, and that they say what a decision would.
@Suite struct PolicyMatrixTests {
    private func policy(_ rules: String) throws -> Policy {
        try Policy(parsing: Array(#"{"formatVersion":1,"rules":[\#(rules)]}"#.utf8))
    }

    private func rule(
        _ id: String,
        models: String = #""*""#,
        tiers: String = #""*""#,
        packages: String = #""*""#,
        downgrade: Bool = false,
        rest: String = ""
    ) -> String {
        #"""
        {"id":"\#(id)","match":{"models":\#(models),"hardwareRevisions":"*","environments":"*","tiers":\#(tiers),
        "packages":\#(packages)},"moves":{"upgrade":true,"reinstall":false,"downgrade":\#(downgrade)},
        "boot":{"requireLog":true,"secureBoot":"required"},"lease":{"seconds":7200},"grant":{"seconds":600}\#(rest)}
        """#
    }

    private func cell(
        _ table: PolicyMatrix.Table,
        _ tier: Tier,
        _ release: PolicyMatrix.ReleaseClass
    ) throws -> PolicyMatrix.Cell {
        try #require(table.cells.first { $0.tier == tier && $0.release == release })
    }

    @Test func everyTierAndMoveHasACell() throws {
        let matrix = try policy(rule("all", tiers: #"["tpm"]"#)).matrix()
        let table = try #require(matrix.tables.first)
        #expect(matrix.tables.count == 1 && table.subject == MatrixSubject())
        #expect(table.cells.count == Tier.allCases.count * PolicyMatrix.ReleaseClass.allCases.count)
        let upgrade = try cell(table, .tpm, .upgrade)
        #expect(upgrade.isAllowed && upgrade.rule == Sample.label("all") && upgrade.leaseSeconds == 7200)
        #expect(upgrade.grantSeconds == 600 && upgrade.wants == ["log", "secure-boot"])
        let reinstall = try cell(table, .tpm, .reinstall)
        #expect(!reinstall.isAllowed && reinstall.grantSeconds == nil && reinstall.leaseSeconds == 7200)
        let rescue = try cell(table, .tpm, .rescue)
        #expect(rescue.isAllowed && rescue.leaseSeconds == 3600 && rescue.grantSeconds == 600)
        #expect(try !cell(table, .tpm, .delayed).isAllowed)
        for release in PolicyMatrix.ReleaseClass.allCases {
            let none = try cell(table, .vtpm, release)
            #expect(none.rule == nil && !none.isAllowed && none.leaseSeconds == nil)
        }
    }

    @Test func withoutControlsNobodyWithoutATPMIsServed() throws {
        let silent = try #require(try policy(rule("all")).matrix().tables.first)
        let cell = try cell(silent, .compensated, .upgrade)
        #expect(!cell.isAllowed && cell.rule == Sample.label("all") && cell.leaseSeconds == nil)
        let controls = #"""
            ,"controls":{"releases":["app"],"approvals":2,"roles":["operator"],"claims":true,"witness":true,
            "gateway":true,"readBack":true}
            """#
        let matrix = try policy(rule("no-tpm", packages: #"["app","os"]"#, rest: controls)).matrix()
        #expect(matrix.tables.map(\.subject.package) == [Sample.label("app"), Sample.label("os")])
        let app = try self.cell(matrix.tables[0], .compensated, .upgrade)
        let wants = ["ratchet", "approval: 2 by operator", "claims", "witness", "gateway", "read-back"]
        #expect(app.isAllowed && app.wants == wants)
        #expect(try !self.cell(matrix.tables[1], .compensated, .upgrade).isAllowed)
        #expect(try !self.cell(matrix.tables[0], .compensated, .delayed).isAllowed)
    }

    @Test func offLineIsForThoseWhoseRuleSaysSo() throws {
        let delayed = #","delayed":{"freshness":"epoch","span":{"seconds":90000},"resets":3}"#
        let table = try #require(try policy(rule("all", rest: delayed)).matrix().tables.first)
        let cell = try cell(table, .tpm, .delayed)
        #expect(cell.isAllowed && cell.grantSeconds == 90_000 && cell.leaseSeconds == 90_000)
    }

    /// Each combination that a rule names once, in the order of the rules; what none names is "any".
    @Test func kindsAreThoseThatRulesName() throws {
        let policy = try policy(
            [
                rule("old", models: #"["m1","m2"]"#, packages: #"["app"]"#), rule("m1", models: #"["m1"]"#),
                rule("all"),
            ].joined(separator: ",")
        )
        let subjects = try policy.matrix().tables.map(\.subject)
        let (m1, m2, app) = (Sample.label("m1"), Sample.label("m2"), Sample.label("app"))
        #expect(
            subjects == [
                MatrixSubject(model: m1, package: app), MatrixSubject(model: m2, package: app),
                MatrixSubject(model: m1), MatrixSubject(),
            ]
        )
        #expect(try policy.matrix(for: MatrixSubject(model: m2, package: app)).tables.map(\.subject) == [subjects[1]])
        let other = try policy.matrix(for: MatrixSubject(model: Sample.label("m9")))
        #expect(try cell(other.tables[0], .tpm, .upgrade).rule == Sample.label("all"))
    }

    @Test func whatNoRuleNamesIsAnsweredToo() throws {
        let policy = try policy(rule("m1", models: #"["m1"]"#))
        let matrix = try policy.matrix(for: MatrixSubject(model: Sample.label("m9")))
        #expect(matrix.tables.count == 1 && matrix.tables[0].cells.allSatisfy { $0.rule == nil && !$0.isAllowed })
    }

    @Test func moreThanAnybodyReadsIsAnError() throws {
        let models = (0..<501).map { "\"m\($0)\"" }.joined(separator: ",")
        let policy = try policy(rule("many", models: "[\(models)]"))
        #expect(throws: MessageError.self) { try policy.matrix() }
        #expect(try policy.matrix(for: MatrixSubject(model: Sample.label("m7"))).tables.count == 1)
    }

    /// The table names the rule that a decision would take.
    @Test func theRuleIsTheOneThatDecides() throws {
        let policy = try policy(
            [rule("vtpm", tiers: #"["vtpm"]"#, packages: #"["app"]"#), rule("rest")].joined(separator: ",")
        )
        for table in try policy.matrix().tables {
            for cell in table.cells {
                let subject = PolicySubject(
                    model: Sample.label("m"),
                    hardwareRevision: Sample.label("r"),
                    environment: Sample.label("e"),
                    tier: cell.tier,
                    package: table.subject.package ?? Sample.label("another")
                )
                #expect(policy.rule(for: subject)?.id == cell.rule)
            }
        }
    }

    @Test func itIsReadBackFromJSON() throws {
        let matrix = try policy(rule("all")).matrix()
        let bytes = try CanonicalJSON.encode(matrix)
        #expect(try CanonicalJSON.decode(PolicyMatrix.self, from: bytes, limit: 1 << 20) == matrix)
    }
}
