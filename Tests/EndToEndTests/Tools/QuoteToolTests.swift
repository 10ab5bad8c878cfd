import FoundationEssentials
import SoftwareDevice
import TPMWire
import Testing

/// What `tpm2_createak` and `tpm2_quote` write, judged by `birthmark quote verify` and by `tpm2_checkquote` 5.4.
@Suite(.timeLimit(.minutes(20))) struct QuoteToolTests {
    /// Files of one quote, by name.
    struct Files: Sendable {
        var key = "ak.pub"
        var message = "q.msg"
        var signature = "q.sig"
        var pcrs: String? = "q.pcrs"
        var nonce: String? = "00aa11bb"
    }

    @Test(arguments: [("ecc", "ecdsa"), ("rsa", "rsassa"), ("rsa", "rsapss")])
    func quotesOfTheToolsAreJudgedAlike(type: String, scheme: String) async throws {
        try await withBench { bench in
            try await makeQuotes(bench, type, scheme)
            // The tool takes an RSAPSS signature for one of PKCS #1 v1.5; the TPM that made it is right, and so are we.
            try await expect(bench, Files(), ours: 0, tool: scheme != "rsapss")
            try await expect(bench, Files(nonce: "00aa11bc"), ours: 1, tool: false)
            try await expect(bench, Files(pcrs: "p.pcrs"), ours: 1, tool: false)
            try await expect(bench, Files(signature: "p.sig"), ours: 1, tool: false)
            try await expect(bench, Files(key: "other.pub"), ours: 1, tool: false)
            var message = try contents(of: bench.directory + "/q.msg")
            message[message.count - 1] ^= 1
            try write(message, to: bench.directory + "/changed.msg")
            try await expect(bench, Files(message: "changed.msg", pcrs: nil), ours: 1, tool: false)
        }
    }

    /// A key that can sign anything says nothing of a TPM, and is refused here only.
    ///
    /// The tool checks the signature and leaves it to its user to know what the key is. A restricted key refuses to sign
    /// what begins like an attestation and did not come out of its TPM (Part 1, 31.5).
    @Test func aQuoteThatAnUnrestrictedKeySignedIsRefusedHereOnly() async throws {
        try await withBench { bench in
            try await makeQuotes(bench, "ecc", "ecdsa")
            let attributes = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"
            try await bench.run("tpm2_createprimary -C o -c srk.ctx")
            try await bench.run("tpm2_create -C srk.ctx -G ecc:ecdsa-sha256 -a \(attributes) -u free.pub -r free.priv")
            try await bench.run("tpm2_flushcontext -t")
            try await bench.run("tpm2_load -C srk.ctx -u free.pub -r free.priv -c free.ctx")
            try await bench.run("tpm2_flushcontext -t")
            try await bench.run("tpm2_sign -c free.ctx -g sha256 -o forged.sig q.msg")
            try await expect(bench, Files(key: "free.pub", signature: "forged.sig"), ours: 1, tool: true)
        }
    }

    /// What a key certifies is signed by the same key, and is no quote.
    @Test func aMessageThatIsNoQuoteIsRefused() async throws {
        try await withBench { bench in
            try await makeQuotes(bench, "ecc", "ecdsa")
            try await bench.run("tpm2_certify -c ak.ctx -C ak.ctx -g sha256 -o c.msg -s c.sig")
            try await expect(
                bench,
                Files(message: "c.msg", signature: "c.sig", pcrs: nil, nonce: nil),
                ours: 1,
                tool: false
            )
        }
    }

    private func expect(
        _ bench: Bench,
        _ files: Files,
        ours: Int32,
        tool: Bool,
        _ location: SourceLocation = #_sourceLocation
    ) async throws {
        func path(_ name: String) -> String { bench.directory + "/" + name }
        let said = try await Program.auditor.run(
            ["quote", "verify", "--json", "--key", path(files.key), "--attest", path(files.message)]
                + ["--signature", path(files.signature)] + (files.pcrs.map { ["--pcrs", path($0)] } ?? [])
                + (files.nonce.map { ["--nonce", $0] } ?? []),
            in: Transcript()
        )
        #expect(said.code == ours, "\(said)", sourceLocation: location)
        let checked = try await bench.ask(
            "tpm2_checkquote",
            ["-u", files.key, "-m", files.message, "-s", files.signature, "-g", "sha256"]
                + (files.pcrs.map { ["-f", $0] } ?? []) + (files.nonce.map { ["-q", $0] } ?? [])
        )
        #expect(checked.succeeded == tool, "\(checked.error)", sourceLocation: location)
    }

    /// Two quotes by one key, `q` and `p`, and another key, `other.pub`.
    private func makeQuotes(_ bench: Bench, _ type: String, _ scheme: String) async throws {
        try await bench.run("tpm2_createek -c ek.ctx -G \(type) -u ek.pub")
        for name in ["ak", "other"] {
            try await bench.run(
                "tpm2_createak -C ek.ctx -c \(name).ctx -G \(type) -g sha256 -s \(scheme) -u \(name).pub -n \(name).name"
            )
            try await bench.run("tpm2_flushcontext -t")
        }
        for (name, selection) in [("q", "sha256:0,1,2,3,4,5,6,7,8,9,14+sha1:0,7"), ("p", "sha256:0,1,7")] {
            try await bench.run(
                "tpm2_quote -c ak.ctx -l \(selection) -q 00aa11bb -g sha256 --scheme \(scheme) -m \(name).msg -s \(name).sig -o \(name).pcrs"
            )
            try await bench.run("tpm2_flushcontext -t")
        }
    }

    private func withBench(_ body: (Bench) async throws -> Void) async throws {
        try await withDirectory { directory in
            let device = try await SoftwareDevice.make(
                in: DeviceDirectory(directory + "/d"),
                ca: LocalCA(directory: directory + "/ca"),
                endorsementKeys: []
            )
            let outcome: Result<Void, any Error>
            do {
                try await device.boot(firmware: .named("gateway-os-2.4.0"))
                outcome = .success(try await body(Bench(directory: directory, tcti: device.tcti)))
            } catch {
                outcome = .failure(error)
            }
            try await device.stop(orderly: false)
            try outcome.get()
        }
    }
}
