import CommandLineContract
import Glibc
import SoftwareDevice
import TPMDevice

/// What the birth of one device costs against the time that its TPM spends on the commands of it.
///
/// All are times that passed: the TPM is another process, as it is another chip on a board. There are two floors: what
/// passes inside the calls of ESAPI, which is what a program can ask of libtss2; and what of it is the TPM's own, without
/// libtss2's work around each command. On hardware the two are nearly one, swtpm is quick enough to tell them apart.
enum BirthBench {
    static let suites =
        suites("birth-p256", profile: "p256", endorsementKey: .p256, births: 20)
        + suites("birth-rsa2048", profile: "rsa2048", endorsementKey: .rsa2048, births: 10)

    /// A disk takes its time to make a file durable, and a birth has some; in memory only our own work is left.
    private static func suites(
        _ name: String,
        profile: String,
        endorsementKey: EndorsementKey,
        births: Int
    ) -> [Suite] {
        [(name, "/tmp"), (name + "-files-in-memory", "/dev/shm")].map { name, place in
            Suite(name: name, in: .birth, minutes: 0.3) { name in
                try await withTemporaryDirectory(in: place) { directory in
                    let line = try Line(in: directory, profile: profile, endorsementKey: endorsementKey)
                    return try await run(name, line, births: births)
                }
            }
        }
    }

    /// Of either floor: 15 % more for all that is not the TPM's.
    private static let aim = 1.15
    /// Births of which only the TPM's own time is taken.
    private static let captures = 5

    private static func run(_ name: String, _ line: Line, births: Int) async throws -> [Measurement] {
        var whole = Samples()
        var inTPM = Samples()
        var commands = 0
        for number in 1...births {
            let birth = try await line.birth(number)
            whole.append(birth.whole / .milliseconds(1))
            inTPM.append(birth.usage.time / .milliseconds(1))
            commands = birth.usage.commands
        }
        var onBus = Samples()
        for number in 1...captures {
            let capture = BusCapture(in: "/dev/shm", name: "birthmark-bench.\(getpid()).\(number)")
            defer { capture.remove() }
            _ = try await line.birth(births + number, capture: capture)
            onBus.append(try capture.timeInTPM() / .milliseconds(1))
        }
        let breakdown = Breakdown(try await line.birth(births + captures + 1, watching: true))
        guard StandardOutput.write("\(name): what one birth consists of\n\(breakdown)\n") else {
            throw CommandFailure(.environment, "standard output cannot be written")
        }
        return [
            Measurement(
                name,
                whole,
                against: inTPM,
                unit: "ms",
                aim: aim,
                note: "the birth's \(commands) calls of ESAPI: the TPM, the way to it, libtss2's work; \(births) births"
            ),
            Measurement(
                name + "-bare-tpm",
                value: whole.median,
                floor: onBus.median,
                unit: "ms",
                aim: aim,
                spread: onBus.spread,
                note: "the TPM's own time, from each command to its response; \(captures) births of their own"
            ),
        ]
    }
}
