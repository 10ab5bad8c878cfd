import DeviceAgent
import FoundationEssentials
import Glibc
import Messages
import Programs
import Subprocess
import Testing

@Suite struct InstallTests {
    @Test func theInstallerGetsTheVerifiedFileWhereNobodyElseCanWrite() async throws {
        try await Bench.with { bench in
            let seen = bench.device.directory + "/seen"
            let command = """
                { stat -c %a "$BIRTHMARK_PACKAGE"; stat -c %a "$(dirname "$BIRTHMARK_PACKAGE")"
                  echo "$BIRTHMARK_PACKAGE_NAME $BIRTHMARK_VERSION"; basename "$BIRTHMARK_PACKAGE" | cut -d- -f2
                  cmp "$BIRTHMARK_PACKAGE" - && echo same; } > \(seen)
                """
            try await bench.update(command)
            let lines = try String(contentsOfFile: seen, encoding: .utf8).split(separator: "\n")
            #expect(lines == ["400", "700", "gateway-os 2.4.0", "system.img", "same"])
        }
    }

    @Test func theFileCheckedIsTheFileInstalled() async throws {
        try await Bench.with { bench in
            // Both the package and its copy change names under the installer; its standard input does not.
            let command = """
                echo evil > \(bench.package); rm -f "$BIRTHMARK_PACKAGE"; echo evil > "$BIRTHMARK_PACKAGE"; cat > \(bench.target)
                """
            let honest = try contents(of: bench.package)
            try await bench.update(command)
            #expect(try contents(of: bench.target) == honest)
        }
    }

    @Test func whatIsNotTheReleasesPackageIsNotAskedFor() async throws {
        try await Bench.with { bench in
            let honest = try contents(of: bench.package)
            let others = [
                [], Array(honest.dropLast()), honest + [0], Array(honest.reversed()),
                [UInt8](repeating: 0, count: 5 << 20),
            ]
            for other in others {
                try write(other, to: bench.package)
                let error = try await refusal { _ = try await bench.update() }
                #expect(error.kind == .refused)
                #expect(error.reasons == ["package-content"])
            }
            #expect(await bench.verifier.asked == 0)
            #expect(try names(in: bench.state + "/spool").isEmpty)
        }
    }

    @Test func whatIsNoFileIsSaid() async throws {
        try await Bench.with { bench in
            let package = bench.package
            try FileManager.default.removeItem(atPath: package)
            #expect(try await refusal { _ = try await bench.update() }.message.contains("does not exist"))
            #expect(unsafe mkdir(package, 0o700) == 0)
            #expect(try await refusal { _ = try await bench.update() }.message.contains("directory"))
            #expect(unsafe rmdir(package) == 0)
            #expect(unsafe mkfifo(package, 0o600) == 0)
            #expect(try await refusal { _ = try await bench.update() }.message.contains("regular file"))
        }
    }

    @Test(.timeLimit(.minutes(20))) func theTimeLimitEndsEveryProcessOfTheInstaller() async throws {
        try await Bench.with { bench in
            let pids = bench.device.directory + "/pids"
            let command = "sleep 600 & echo $! > \(pids); echo $$ >> \(pids); sleep 600"
            var started: [Int32] = []
            // On a machine with much to do the shell may not get so far in its time: then once more.
            while started.count < 2 {
                let error = try await refusal { _ = try await bench.update(command, seconds: 2) }
                #expect(error.reasons == ["install-failed"])
                #expect(error.message.contains("within 2 s"))
                #expect(try bench.journal.update?.failure?.after == .installing)
                let text = (try? String(contentsOfFile: pids, encoding: .utf8)) ?? ""
                started = text.split(separator: "\n").compactMap { Int32($0) }
            }
            for pid in started {
                while isRunning(pid) { try await Task.sleep(for: .milliseconds(20)) }
            }
        }
    }

    @Test func anInstallerThatFailsSpendsItsGrantAndTheNextAsksAnew() async throws {
        try await Bench.with { bench in
            let error = try await refusal { _ = try await bench.update("exit 7") }
            #expect(error.kind == .environment)
            #expect(error.message.contains("status 7"))
            #expect(try await bench.grantsSpent == 1)
            #expect(try bench.journal.update?.step == .failed)
            try await bench.update()
            #expect(try await bench.grantsSpent == 2)
            try await bench.boot(Bench.grownTo)
            try await bench.confirm()
        }
    }

    @Test func anInstallerThatClaimsTooMuchIsFoundOutByTheNextBoot() async throws {
        try await Bench.with { bench in
            try await bench.update("true")
            try await bench.boot(TestDevice.bornRunning)
            let error = try await refusal { _ = try await bench.confirm() }
            #expect(error.reasons.contains("boot-not-as-granted"))
            // It costs the device nothing: it is healthy, only not updated.
            #expect(try await bench.attest().bootState == "current")
            try await bench.update()
            try await bench.boot(Bench.grownTo)
            try await bench.confirm()
        }
    }

    @Test func aPackageOfAnySizeTakesLittleMemory() async throws {
        let size = 192 << 20
        try await Bench.with(content: [UInt8](repeating: 0, count: size)) { bench in
            let peak = bench.device.directory + "/peak"
            let command = "grep VmHWM /proc/$PPID/status | tr -dc 0-9 > \(peak); cat > /dev/null"
            let ended = try await bench.program("update", bench.arguments(installing: command))
            #expect(ended.status == .exited(0), "\(ended)")
            let kilobytes = try #require(Int(String(contentsOfFile: peak, encoding: .utf8)))
            #expect(kilobytes < 96 << 10, "\(kilobytes) KiB")
        }
    }
}
