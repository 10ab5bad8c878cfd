import FoundationEssentials
import Subprocess
import Testing

/// Tests of other projects on a fleet of software devices, with a report that a parser of XML reads.
@Suite(.timeLimit(.minutes(20))) struct FleetRunTests {
    private func withFleet(_ count: Int, _ body: (String, Transcript) async throws -> Void) async throws {
        try await Turns.shared.take {
            try await withDirectory { directory in
                let transcript = Transcript()
                let fleet = directory + "/f"
                let make = ["fleet", "make", fleet, "--ca", directory + "/ca", "--seed", "1", "--count", "\(count)"]
                try await expect(0, Program.swtpm.run(make + ["--firmware", Fleet.bornWith, "--json"], in: transcript))
                let outcome: Result<Void, any Error>
                do {
                    outcome = .success(try await body(fleet, transcript))
                } catch {
                    outcome = .failure(error)
                }
                // Devices that a program started outlive it, and must not outlive the test.
                _ = try await Program.swtpm.run(["fleet", "stop", fleet], in: transcript)
                try outcome.get()
            }
        }
    }

    /// What python3's parser makes of a report: an object with the counts, and each case's outcome, message and output.
    private func parsed(_ report: String) async throws -> JSON {
        let script = """
            import json, sys, xml.etree.ElementTree as tree
            suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
            def case(one):
                bad = next((child for child in one if child.tag in ("failure", "error")), None)
                return {"name": one.get("name"), "time": float(one.get("time")) >= 0, "tag": bad.tag if bad is not None else "",
                        "message": bad.get("message") if bad is not None else "", "out": one.findtext("system-out", ""),
                        "err": one.findtext("system-err", "")}
            print(json.dumps({"name": suite.get("name"), "cases": [case(one) for one in suite.findall("testcase")],
                              **{key: int(suite.get(key)) for key in ("tests", "failures", "errors", "skipped")}}))
            """
        let ended = try await Subprocess.run(
            .name("python3"),
            arguments: ["-c", script, report],
            output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 16)
        )
        try #require(ended.terminationStatus.isSuccess, "\(ended.standardError)")
        return try JSONDecoder().decode(JSON.self, from: Data(ended.standardOutput.utf8))
    }

    @Test func aReportSaysWhatBecameOfEachDevice() async throws {
        try await withFleet(4) { fleet, transcript in
            let report = fleet + "/report.xml"
            // Markup, a control character, bytes that are no text, and what closes a CDATA section.
            let command = """
                tpm2_pcrread sha256:0 >/dev/null || exit 9
                test -s "$BIRTHMARK_EVENT_LOG" && test -d "$BIRTHMARK_DEVICE" || exit 8
                case $BIRTHMARK_SERIAL in
                    SW-0002) printf '<b>&amp;]]>\\001\\377\\r' ; echo '"no" & <never>' >&2 ; exit 4 ;;
                    SW-0003) kill -9 $$ ;;
                esac
                echo $BIRTHMARK_SERIAL
                """
            let run = ["fleet", "run", fleet, "--junit", report, "--suite", "a <suite> & \"more\"", "--json"]
            let ended = try await expect(1, Program.swtpm.run(run + ["--", "sh", "-c", command], in: transcript)).json
            #expect(ended["passed"].number == 2 && ended["failed"].number == 2)

            let suite = try await parsed(report)
            #expect(suite["name"].text == "a <suite> & \"more\"")
            #expect(suite["tests"].number == 4 && suite["failures"].number == 1 && suite["errors"].number == 1)
            let cases = suite["cases"].list
            #expect(cases.compactMap { $0["name"].text } == (1...4).map { "SW-000\($0)" })
            #expect(cases.map { $0["tag"].text } == ["", "failure", "error", ""])
            #expect(cases[0]["out"].text == "SW-0001\n")
            #expect(cases[1]["message"].text == "ended with status 4")
            #expect(cases[1]["out"].text == "<b>&amp;]]>\u{FFFD}\u{FFFD}\r")
            #expect(cases[1]["err"].text == "\"no\" & <never>\n")
            #expect(cases[2]["message"].text == "was killed by signal 9")
        }
    }

    /// By itself, because a time that nothing can keep is the only one that no machine is too slow for.
    @Test func whatDoesNotEndInItsTimeIsKilled() async throws {
        try await withFleet(1) { fleet, transcript in
            let report = fleet + "/report.xml"
            let run = ["fleet", "run", fleet, "--junit", report, "--timeout", "3", "--json"]
            let command = ["--", "sh", "-c", "sleep 600 & sleep 600"]
            let ended = try await expect(1, Program.swtpm.run(run + command, in: transcript)).json
            #expect(ended["passed"].number == 0 && ended["failed"].number == 1)
            let suite = try await parsed(report)
            #expect(suite["tests"].number == 1 && suite["errors"].number == 1)
            #expect(suite["cases"].list.first?["tag"].text == "error")
            #expect(suite["cases"].list.first?["message"].text == "did not end within 3 s and was killed")
        }
    }

    @Test func devicesWithoutPowerHaveItMeanwhile() async throws {
        try await withFleet(2) { fleet, transcript in
            try await expect(0, Program.swtpm.run(["fleet", "stop", fleet, "--json"], in: transcript))
            let run = ["fleet", "run", fleet, "--json", "--", "tpm2_readclock"]
            let ended = try await expect(0, Program.swtpm.run(run, in: transcript)).json
            #expect(ended["passed"].number == 2)
            let status = try await expect(0, Program.swtpm.run(["status", fleet + "/d0001", "--json"], in: transcript))
            #expect(try status.json["running"].text == nil)
            #expect(status.output.contains("\"running\":false"))
            try await Program.swtpm.run(["fleet", "run", fleet, "--json", "--", "no-such-program"], in: transcript)
                .expectFailure(2, "no such program")
            try await Program.swtpm.run(["fleet", "run", fleet + "/none", "--json", "--", "true"], in: transcript)
                .expectFailure(2, "no such fleet")
        }
    }
}
