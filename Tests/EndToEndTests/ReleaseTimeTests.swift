import Messages
import Testing

/// From when and until when a release may be granted, as people type it.
@Suite struct ReleaseTimeTests {
    private func sign(_ more: [String], in directory: String, _ transcript: Transcript) async throws -> Program.Ended {
        let key = directory + "/release.key"
        if !exists(key) {
            try await expect(0, Program.auditor.run(["release", "keygen", key], in: transcript))
            try write([1], to: directory + "/package")
        }
        return try await Program.auditor.run(
            ["release", "sign", "--key", key, "--package", directory + "/package", "--name", "a", "--version", "1"]
                + ["--security-version", "1", "--model", "m", "--hardware-revision", "A", "--unmeasured"]
                + ["--out", directory + "/release.json"] + more,
            in: transcript
        )
    }

    @Test(arguments: [
        ("2026-11-23", "2027-11-23T15:04:05Z"), ("1795392000", "1826982245"), ("2026-11-23T00:00:00Z", "1826982245"),
    ])
    func datesAndSecondsSayTheSame(notBefore: String, expires: String) async throws {
        try await withDirectory { directory in
            let signed = try await sign(
                ["--not-before", notBefore, "--expires", expires],
                in: directory,
                Transcript()
            )
            try expect(0, signed)
            let envelope = try SignedEnvelope(parsing: contents(of: directory + "/release.json"))
            let release = try Release(parsing: envelope.payload.bytes)
            #expect(release.notBefore == 1_795_392_000 && release.expires == 1_826_982_245)
        }
    }

    /// A year is not 2027 seconds after 1970.
    @Test(arguments: ["2027", "20271123", "2027-02-30", "tomorrow", "-1795392000", ""])
    func whatIsNeitherEndsWithTwo(time: String) async throws {
        try await withDirectory { directory in
            let signed = try await sign(["--expires=" + time, "--json"], in: directory, Transcript())
            signed.expectFailure(2, time)
            #expect(!exists(directory + "/release.json"))
        }
    }
}
