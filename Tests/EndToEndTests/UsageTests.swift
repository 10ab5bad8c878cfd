import Testing

/// Wrong usage ends with 2, says how it is meant, and does nothing.
@Suite struct UsageTests {
    private static func rollout(_ more: String...) -> [String] {
        ["release", "rollout", String(repeating: "ab", count: 32)] + more
    }

    private static func approval(_ more: String..., as role: String = "operator") -> [String] {
        ["approve", String(repeating: "ab", count: 32)] + more + ["--role", role]
    }

    private static func emergency(_ more: String...) -> [String] {
        ["emergency", "declare", String(repeating: "ab", count: 32)] + more
    }

    private static func enrolment(_ more: String...) -> [String] {
        ["enrol", "/tmp/bm-never"] + more + ["--serial", "S-1", "--model", "m", "--hardware-revision", "A"]
            + ["--environment", "lab", "--product", "p", "--package", "os", "--package-version", "1"]
            + ["--security-version", "1"]
    }

    static let wrong: [(Program, [String])] = [
        (.auditor, ["nonsense"]), (.auditor, ["release"] + ["--nonsense"]), (.auditor, ["release", "sign"]),
        (.auditor, ["release", "measure"]), (.auditor, ["release", "withdraw", "no-digest", "--reason", "r"]),
        (.auditor, ["release", "rollout"]), (.auditor, ["release", "rollout", "no-digest"]),
        (.auditor, rollout("--percent", "10")), (.auditor, rollout("--reason", "r")),
        (.auditor, rollout("--percent", "101", "--reason", "r")),
        (.auditor, rollout("--percent", "10", "--halt-above", "100", "--reason", "r")),
        (.auditor, rollout("--percent", "10", "--halt-after", "5", "--reason", "r")),
        (.auditor, rollout("--percent", "10", "--cohort", "a", "--cohort", "a", "--reason", "r")),
        (.auditor, rollout("--pause", "--resume", "--reason", "r")),
        (.auditor, rollout("--resume", "--cohort", "lab", "--reason", "r")),
        (.auditor, approval("--reason", "r")), (.auditor, approval("--all-devices")),
        (.auditor, approval("--all-devices", "--reason", "r", as: "auditor")),
        (.auditor, approval("--all-devices", "--reason", "r", as: "factory")),
        (.auditor, approval("--all-devices", "--device", "GW-1", "--reason", "r")),
        (.auditor, approval("--all-devices", "--hours", "745", "--reason", "r")),
        (.auditor, ["emergency", "declare", "no-digest", "--override", "window", "--reason", "r"]),
        (.auditor, emergency("--reason", "r")), (.auditor, emergency("--override", "window")),
        (.auditor, emergency("--override", "everything", "--reason", "r")),
        (.auditor, emergency("--override", "window", "--override", "window", "--reason", "r")),
        (.auditor, emergency("--override", "window", "--hours", "25", "--reason", "r")),
        (.auditor, ["audit", "reappraise"]), (.auditor, ["audit", "reappraise", "GW-1", "--from", "2026-11-01"]),
        (.auditor, ["audit", "reappraise", "GW-1", "--to", "2026-11-01"]), (.auditor, ["policy", "diff"]),
        (.auditor, ["trust", "draft"]), (.auditor, ["trust", "draft", "--out", "/tmp/bm-never", "--url", "http://v"]),
        (.auditor, ["trust", "draft", "--out", "/tmp/bm-never", "--without-witnesses", "--required-witnesses", "1"]),
        (.auditor, ["trust", "sign", "draft.json"]), (.auditor, ["trust", "publish"]), (.auditor, ["trust", "follow"]),
        (.auditor, ["trust", "export", "--since", "0", "--out", "/tmp/bm-never"]),
        (.auditor, ["key", "compromised", "grant"]), (.auditor, ["key", "compromised", "grant", "kid"]),
        (.auditor, ["key", "compromised", "everything", "kid", "--reason", "r"]),
        (.auditor, ["key", "compromised", "grant", "two words", "--reason", "r"]),
        (.auditor, ["key", "list"]), (.auditor, ["policy", "put"]), (.auditor, ["policy", "put", "policy.json"]),
        (.verifier, ["restore-policy"]), (.verifier, ["key", "new", "tls", "/tmp/x"]), (.verifier, ["key", "use"]),
        (.auditor, ["device", "suspend", "GW-1"]), (.auditor, ["device", "show", "no/label"]),
        (.auditor, ["device", "show", "GW-1"]), (.auditor, ["device", "show", "GW-1", "--trust"]),
        (.auditor, ["device", "retire", "GW-1", "--reason", "two\nlines"]), (.auditor, ["policy", "check"]),
        (.auditor, ["quote", "verify", "--key", "k"]), (.auditor, ["log", "replay", "x", "--format", "ima9"]),
        (.auditor, ["release", "keygen", "/tmp/x", "--algorithm", "rsa"]), (.auditor, ["ek", "verify"]),
        (.auditor, ["status", "check"]), (.auditor, ["status", "check", "r", "--list"]),
        (.auditor, ["ledger", "show"]), (.auditor, ["ledger", "show", "--", "-1"]),
        (.auditor, ["ledger", "show", "one"]),
        (.auditor, ["release", "keygen", "/tmp/bm-never", "--threshold", "1"]),
        (.auditor, ["release", "keygen", "/tmp/bm-never", "--threshold", "0", "--public", "/tmp/bm-never"]),
        (.auditor, ["release", "keygen", "/tmp/bm-never", "--threshold", "2", "--public", "/tmp/bm-never"]),
        (.factory, ["nonsense"]), (.factory, ["init"]), (.factory, ["init", "/tmp/x", "--name", "../x"]),
        (.factory, ["provision", "/tmp/x"]), (.factory, ["inspect"]), (.factory, ["export"]),
        (.factory, ["export", "/tmp/x", "--bundle", "1", "--serial", "GW-1"]),
        (.factory, ["init", "/tmp/bm-never", "--name", "x", "--days", "0"]), (.factory, ["rework", "/tmp/x"]),
        (.factory, ["rework", "/tmp/x", "--serial", "GW-1", "--reason", "two\nlines", "--by", "bob"]),
        (.verifier, ["nonsense"]), (.verifier, ["init"]), (.verifier, ["operator", "/tmp/x", "alice"]),
        (.verifier, ["operator", "/tmp/x", "alice", "--role", "king"]),
        (.verifier, ["operator", "/tmp/x", "../alice", "--role", "auditor"]), (.verifier, ["serve"]),
        (.verifier, ["serve", "/tmp/x", "--listen", "nowhere"]), (.verifier, ["check"]),
        (.verifier, ["init", "/tmp/bm-never", "--listen", "1"]),
        (.verifier, ["serve", "/tmp/x", "--log-level", "loud"]),
        (.verifier, ["init", "/tmp/bm-never", "--host", "two words"]),
        (.verifier, ["init", "/tmp/bm-never", "--host", String(repeating: "a", count: 64)]),
        (.verifier, ["init", "/tmp/bm-never", "--url", "https://"]),
        (.verifier, ["init", "/tmp/bm-never", "--url", "http://localhost"]),
        (.device, ["nonsense"]), (.device, ["update"]), (.device, ["update", "--resume", "--package", "x"]),
        (.device, ["gate"]), (.device, ["attest", "--nonsense"]),
        (.auditor, ["freshness"]), (.auditor, ["freshness", "--device", "GW-1", "--out", "/tmp/bm-never"]),
        (.auditor, ["authorize"]), (.auditor, ["receipts", "import"]), (.auditor, ["receipts", "nonsense"]),
        (.device, ["request"]), (.device, ["redeem", "g"]), (.device, ["receipt"]),
        (
            .device,
            ["redeem", "g", "--package", "p", "--manifest", "m", "--install-command", "c", "--install-timeout", "0"]
        ),
        (.device, ["run", "--nonsense"]), (.device, ["run", "now"]),
        (.device, ["update", "--package", "p", "--manifest", "m", "--install-command", "c", "--install-timeout", "0"]),
        (.device, ["enrol"]), (.device, ["enrol", "--out", "/tmp/bm-never", "--accept", "b"]),
        (.device, ["enrol", "--accept", "b", "--claim", "a=f"]),
        (.device, ["enrol", "--out", "/tmp/bm-never", "--claim", "a"]),
        (.device, ["enrol", "--out", "/tmp/bm-never", "--seal-command", "c"]),
        (.device, ["enrol", "--out", "/tmp/bm-never", "--unseal-command", "c"]),
        (.device, ["enrol", "--injected", "i", "--out", "/tmp/bm-never"]),
        (.device, ["enrol", "--seal-command", "", "--unseal-command", ""]),
        (.device, ["enrol", "--forget", "--seal-command", "c", "--unseal-command", "c"]),
        (.factory, ["enrol", "/tmp/x"]), (.factory, enrolment("r", "--inject", "/tmp/bm-never")),
        (.factory, enrolment()),
        (.factory, enrolment("r", "--claim", "a=b")),
        (.factory, enrolment("--inject", "/tmp/bm-never", "--claim", "a")),
        (.factory, enrolment("--inject", "/tmp/bm-never", "--claim", "a=b", "--claim", "a=c")),
        (.swtpm, ["nonsense"]), (.swtpm, ["make"]),
        (.swtpm, ["boot", "/tmp/x", "--firmware", "x", "--tamper", "everything"]),
    ]

    @Test func wrongUsageEndsWithTwo() async throws {
        let transcript = Transcript()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, (program, arguments)) in Self.wrong.enumerated() {
                if index >= 4 { try await group.next() }
                group.addTask {
                    let ended = try await program.run(arguments + ["--json"], in: transcript)
                    #expect(ended.code == 2, "\(ended)")
                    // Without --json, or where there is none, standard output stays empty.
                    let plain = try await program.run(arguments, in: transcript)
                    #expect(plain.code == 2, "\(plain)")
                    #expect(plain.output.isEmpty, "\(plain)")
                    #expect(plain.error.contains("Usage: ") || plain.error.contains("hint: "), "\(plain)")
                    #expect(plain.error.contains("error: ") && !plain.error.contains("Error: "), "\(plain)")
                }
            }
            try await group.waitForAll()
        }
        #expect(!exists("/tmp/bm-never"))
    }

    static let mistyped: [(Program, [String], String?)] = [
        (.auditor, ["devices", "list"], "device"), (.auditor, ["device", "lst"], "list"),
        (.auditor, ["ledger", "witness", "serv", "w1"], "serve"), (.verifier, ["statr"], nil),
        (.swtpm, ["mkae"], "make"),
    ]

    @Test(arguments: UsageTests.mistyped)
    func aMistypedCommandIsAnsweredWithTheOneThatWasMeant(
        _ program: Program,
        _ arguments: [String],
        _ meant: String?
    ) async throws {
        let ended = try await program.run(arguments, in: Transcript())
        #expect(ended.code == 2, "\(ended)")
        #expect(ended.error.contains("hint: did you mean") == (meant != nil), "\(ended)")
        if let meant { #expect(ended.error.contains("hint: did you mean \(meant)?"), "\(ended)") }
    }

    /// Nobody is offered a role in which he would be refused.
    @Test func approvalIsOfferedInTheRolesThatApprove() async throws {
        let ended = try await Program.auditor.run(["approve", "--help"], in: Transcript())
        let words = ended.output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(words.contains("(values: release-manager, operator)"), "\(ended)")
    }
}
