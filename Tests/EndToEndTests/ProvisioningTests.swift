import FoundationEssentials
import Messages
import Subprocess
import SystemPackage
import Testing

/// What Provisioning, the READMEs and the table of controls tell people to type: commands that exist, with options that they have.
@Suite struct ProvisioningTests {
    static let documents = [
        "Provisioning/runbook.md", "Provisioning/releases/README.md", "Provisioning/policies/README.md",
        "Sources/Audit/Audit.docc/Controls.md",
    ]

    /// The command lines of a text's shell blocks.
    private func commands(in text: String) -> [String] {
        var commands: [String] = []
        var (isBlock, isShell, continues) = (false, false, false)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isBlock.toggle()
                isShell = isBlock && (line == "```sh" || line == "```")
                continue
            }
            guard isShell else { continue }
            let content = line.hasSuffix("\\") ? line.dropLast() : line
            if continues { commands[commands.count - 1] += content } else { commands.append(String(content)) }
            continues = line.hasSuffix("\\")
        }
        return commands.filter { $0.hasPrefix("birthmark") }
    }

    /// Holds a command line to what the program's own help says of it.
    private func check(_ line: String, _ transcript: Transcript) async throws {
        let words = line.split(separator: " ").map(String.init)
        let program = try #require(Program(rawValue: words[0]), "\(line)")
        var command: [String] = []
        var help = try await expect(0, program.run(["--help"], in: transcript)).output
        for word in words.dropFirst() {
            guard help.contains("SUBCOMMANDS:"), !word.hasPrefix("-") else { break }
            command.append(word)
            help = try await expect(0, program.run(command + ["--help"], in: transcript)).output
        }
        #expect(!help.contains("SUBCOMMANDS:"), "\(line)")
        for option in words where option.hasPrefix("--") {
            #expect(help.contains("\(option) ") || help.contains("\(option)\n"), "\(line): \(option)")
        }
    }

    @Test(arguments: documents)
    func commandsThatPeopleAreToldExist(_ document: String) async throws {
        let lines = commands(in: String(decoding: try contents(of: document), as: UTF8.self))
        #expect(!lines.isEmpty)
        let transcript = Transcript()
        for line in lines { try await check(line, transcript) }
    }

    /// Who reads why a bundle of births was refused finds there what to do.
    @Test func theRunbookHasEachReasonForWhichABundleIsRefused() throws {
        let runbook = String(decoding: try contents(of: "Provisioning/runbook.md"), as: UTF8.self)
        for reason in BundleReason.allCases { #expect(runbook.contains("`\(reason.rawValue)`"), "\(reason)") }
    }

    /// One table in the code, and a page that is nothing but that table.
    @Test func thePageOfControlsIsTheTable() async throws {
        let printed = try await expect(0, Program.auditor.run(["controls", "--markdown"], in: Transcript())).output
        #expect(try Array(printed.utf8) == contents(of: "Sources/Audit/Audit.docc/Controls.md"))
    }

    static let services = [
        "birthmark-verifier", "birthmark-factory-ca", "birthmark-device", "birthmark-gateway",
        "birthmark-gateway-line@", "birthmark-witness",
    ]

    @Test(arguments: services)
    func theServiceRunsACommandThatExists(_ service: String) async throws {
        let unit = String(decoding: try contents(of: "Provisioning/systemd/\(service).service"), as: UTF8.self)
        let starts = unit.split(separator: "\n").filter { $0.hasPrefix("ExecStart=/usr/local/bin/") }
        #expect(starts.count == 1)
        for start in starts {
            try await check(String(start.dropFirst("ExecStart=/usr/local/bin/".count)), Transcript())
        }
        // Its states are the program's: one directory, and the exit status that no restart mends.
        #expect(unit.contains("StateDirectoryMode=0700") && unit.contains("RestartPreventExitStatus=2"))
        // Whoever understands SIGHUP is reloaded by it; another would be ended.
        let reloads = ["birthmark-verifier", "birthmark-device"].contains(service)
        #expect(unit.contains("ExecReload=/bin/kill -HUP $MAINPID\n") == reloads)
    }

    /// systemd knows every word of the units, where there is a systemd.
    @Test(
        .enabled(if: exists("/usr/bin/systemd-analyze"), "no systemd on this machine"),
        arguments: services
    )
    func theServiceManagerUnderstandsTheUnit(_ service: String) async throws {
        try await withDirectory { directory in
            let unit = String(decoding: try contents(of: "Provisioning/systemd/\(service).service"), as: UTF8.self)
            let path = "\(directory)/\(service).service"
            // It looks for the program too, which is not installed here.
            let program = try #require(unit.firstMatch(of: /ExecStart=(\S+)/)).output.1
            try write(unit.replacing(program, with: "/bin/true").utf8, to: path)
            let verified = try await Subprocess.run(
                .path("/usr/bin/systemd-analyze"),
                arguments: ["verify", "--recursive-errors=one", path],
                environment: .inherit.updating(["SYSTEMD_LOG_COLOR": "0"]),
                output: .discarded,
                error: .string(limit: 1 << 16)
            )
            #expect(verified.terminationStatus.isSuccess, "\(verified.standardError)")
            #expect(!verified.standardError.contains(service), "\(verified.standardError)")
        }
    }

    @Test func theExampleOfABootIsOneThatCanBeSigned() async throws {
        try await withDirectory { directory in
            let transcript = Transcript()
            let key = directory + "/release.key"
            try await expect(0, Program.auditor.run(["release", "keygen", key], in: transcript))
            try write([1], to: directory + "/package")
            let boot = "Provisioning/releases/gateway-os-2.5.0.boot.json"
            let signed = try await Program.auditor.run(
                ["release", "sign", "--key", key, "--package", directory + "/package", "--name", "gateway-os"]
                    + [
                        "--version", "2.5.0", "--security-version", "8", "--model", "gw-100", "--hardware-revision",
                        "B",
                    ]
                    + ["--boot", boot, "--out", directory + "/release.json"],
                in: transcript
            )
            try expect(0, signed)
            // And it is what the firmware of that name really measures.
            let device = directory + "/d"
            let make = ["make", device, "--ca", directory + "/ca", "--endorsement-key", "p256"]
            try await expect(0, Program.swtpm.run(make, in: transcript))
            try await expect(0, Program.swtpm.run(["boot", device, "--firmware", "gateway-os-2.5.0"], in: transcript))
            try await expect(0, Program.swtpm.run(["stop", device], in: transcript))
            let measure = ["release", "measure", "--log", device + "/boot.log"]
            let measured = try await expect(0, Program.auditor.run(measure, in: transcript))
            #expect(try Array(measured.output.utf8) == contents(of: boot))
        }
    }
}
