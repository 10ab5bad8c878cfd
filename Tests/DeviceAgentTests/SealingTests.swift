import Crypto
import FoundationEssentials
import Glibc
import Messages
import Programs
import Testing

@testable import DeviceAgent

/// A software identity that the platform seals, with the commands that people would give.
@Suite(.timeLimit(.minutes(20))) struct SealingTests {
    /// A state directory, a file that says what the hardware is, and a key that stands for the platform's.
    struct Disk: Sendable {
        let directory: String
        let state: StateDirectory
        let sources: [ClaimSource]

        var platformKey: String { directory + "/platform.key" }
        var plain: String { state.path + "/identity.json" }
        var sealed: String { state.path + "/identity.sealed.json" }

        /// What openssl does, as any other tool of a platform.
        var openssl: Sealing { openssl(platformKey) }

        func openssl(_ key: String) -> Sealing {
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(key)"
            return Sealing(seal: cipher, unseal: cipher + " -d")
        }

        /// openssl with something else for one of the two.
        func sealing(seal: String? = nil, unseal: String? = nil, seconds: Int64 = 60) -> Sealing {
            var sealing = openssl
            if let seal { sealing.seal = seal }
            if let unseal { sealing.unseal = unseal }
            sealing.seconds = seconds
            return sealing
        }

        /// The file with another command in it, as somebody edits it.
        func editUnseal(_ command: String) throws {
            var file = try SealedIdentity(parsing: contents(of: sealed))
            file.unseal = command
            try write(EditedJSON.encode(file), to: sealed)
        }

        @discardableResult
        func request(_ sealing: Sealing? = nil) async throws -> InstanceID {
            InstanceID(firstKey: try await state.requestKey(sources, sealedBy: sealing, try state.lock()).key)
        }

        /// The keys as they would look in a text.
        func secrets() async throws -> [String] {
            let keys = try #require(try await state.keptIdentity()).identity.keys
            return [keys.key, keys.next].map { Blob($0.rawRepresentation).base64 }
        }
    }

    private func with(_ body: (Disk) async throws -> Void) async throws {
        try await withDirectory { directory in
            let cid = directory + "/cid"
            try write(Array("15010038474e4434\n".utf8), to: cid)
            try write(Array("a secret of the platform".utf8), to: directory + "/platform.key")
            let disk = Disk(
                directory: directory,
                state: try StateDirectory(directory + "/agent"),
                sources: [ClaimSource(name: label("mmc-cid"), path: cid)]
            )
            try await body(disk)
        }
    }

    @Test func whatLiesOnTheDiskIsSealed() async throws {
        try await with { disk in
            let instance = try await disk.request(disk.openssl)
            #expect(!exists(disk.plain) && disk.state.isCompensated && disk.state.isSealed)
            #expect(try mode(of: disk.sealed) == 0o600)
            let secrets = try await disk.secrets()
            #expect(secrets.count == 2)
            for name in try names(in: disk.state.path) where !["spool", "grants"].contains(name) {
                let text = String(decoding: try contents(of: disk.state.path + "/" + name), as: UTF8.self)
                #expect(!secrets.contains { text.contains($0) }, "\(name)")
            }
            // How it is unsealed is remembered, and the same key is asked for again.
            #expect(try await disk.request() == instance)
            #expect(try await disk.request(disk.openssl) == instance)
        }
    }

    @Test func eachNewKeyIsSealedToo() async throws {
        try await with { disk in
            try await disk.request(disk.openssl)
            let (first, before) = (try contents(of: disk.sealed), try await disk.secrets())
            var kept = try #require(try await disk.state.keptIdentity())
            kept.identity.moveOn(to: P256.Signing.PrivateKey())
            try await disk.state.write(kept)
            let after = try await disk.secrets()
            #expect(after[0] == before[1] && after[1] != before[0])
            #expect(try contents(of: disk.sealed) != first)
            #expect(try mode(of: disk.sealed) == 0o600 && !exists(disk.plain))
        }
    }

    /// Sealed later than made: the plain file goes, also when the run that sealed it was cut off before that.
    @Test func aPlainIdentityIsSealedLater() async throws {
        try await with { disk in
            let instance = try await disk.request()
            let plain = try contents(of: disk.plain)
            #expect(try mode(of: disk.plain) == 0o600)
            #expect(try await disk.state.seal(by: disk.openssl, try disk.state.lock()) == instance)
            #expect(!exists(disk.plain))
            try write(plain, to: disk.plain)
            #expect(try await disk.state.seal(by: disk.openssl, try disk.state.lock()) == instance)
            #expect(!exists(disk.plain))
            // And under another key, whenever the platform changes.
            let other = disk.directory + "/other.key"
            try write(Array("another".utf8), to: other)
            #expect(try await disk.state.seal(by: disk.openssl(other), try disk.state.lock()) == instance)
            try FileManager.default.removeItem(atPath: disk.platformKey)
            #expect(try await disk.request() == instance)
        }
    }

    /// The commands may come with what an operator has made of the request, and not before.
    @Test func theKeyOfALoweredTierIsSealedWhenItIsTakenOver() async throws {
        try await with { disk in
            let request = try await disk.state.requestKey(disk.sources, try disk.state.lock())
            let file = LoweredTierFile(
                instance: InstanceID(iakName: [1, 2, 3]),
                serial: label("GW-0001"),
                key: request.key,
                bornWith: BornWith(name: label("os"), version: label("1.0"), securityVersion: 3),
                running: RunningPackage(name: label("os"), version: label("1.0"), securityVersion: 3),
                securityFloor: 4,
                lowered: LoweredMark(
                    by: label("alice"),
                    until: now + 86_400,
                    reason: try #require(Remark("its TPM is broken")),
                    entry: ContentDigest(of: [1])
                )
            )
            try await disk.state.accept(file, sealedBy: disk.openssl, try disk.state.lock())
            #expect(disk.state.isSealed && !exists(disk.plain))
            #expect(try await disk.state.keptIdentity()?.identity.instance == file.instance)
            let status = try await AgentStatus.ofCompensated(disk.state, trust: nil, wallClock: now)
            #expect(status.securityFloor == 4 && status.identity?.trouble == nil)
        }
    }

    @Test func nothingIsSealedWhereNothingIs() async throws {
        try await with { disk in
            let refused = try await refusal { _ = try await disk.state.seal(by: disk.openssl, try disk.state.lock()) }
            #expect(refused.kind == .refused && refused.reasons == ["no-key"])
            #expect(!disk.state.isCompensated)
        }
    }

    /// Commands that do not unseal: each is a malfunction that says what to do, and leaves the identity as it is.
    @Test(arguments: [
        ("exit 3", "ended with status 3"), ("kill -9 $$", "killed by signal 9"), ("true", "something else"),
        ("cat", "something else"), ("echo nonsense; cat >/dev/null", "something else"),
        ("cat >/dev/null; yes | head -c 100000", "more than 16384 bytes"), ("no-such-program", "ended with status 127"),
        ("cat >/dev/null; printf '{}'", "something else"),
    ])
    func whatDoesNotUnsealIsAMalfunctionAndNoNewIdentity(_ command: String, _ words: String) async throws {
        try await with { disk in
            let instance = try await disk.request(disk.openssl)
            let secrets = try await disk.secrets()
            let before = try contents(of: disk.sealed)
            try disk.editUnseal(command)
            let edited = try contents(of: disk.sealed)
            for _ in 0..<3 {
                let error = try await refusal { try await disk.request() }
                #expect(error.kind == .environment && error.message.contains(words), "\(error.message)")
                #expect(error.hint?.contains("no other is made") == true)
                #expect(!secrets.contains { "\(error)".contains($0) })
            }
            #expect(disk.state.isCompensated && !exists(disk.plain))
            #expect(try contents(of: disk.sealed) == edited)
            let status = try await AgentStatus.ofCompensated(disk.state, trust: nil, wallClock: now)
            #expect(status.identity?.isSealed == true && status.identity?.trouble?.contains(words) == true)
            try write(before, to: disk.sealed)
            #expect(try await disk.request() == instance)
        }
    }

    @Test func aKeyOfThePlatformThatIsGoneIsNoNewIdentity() async throws {
        try await with { disk in
            let instance = try await disk.request(disk.openssl)
            let key = try contents(of: disk.platformKey)
            try write(Array("another".utf8), to: disk.platformKey)
            #expect(try await refusal { try await disk.request() }.kind == .environment)
            try FileManager.default.removeItem(atPath: disk.platformKey)
            #expect(try await refusal { try await disk.request() }.kind == .environment)
            try write(key, to: disk.platformKey)
            #expect(try await disk.request() == instance)
        }
    }

    /// Commands that do not seal: nothing is on the disk that could not be unsealed again.
    @Test(
        arguments: [
            ("exit 1", nil, "seal command ended with status 1"), ("cat", nil, "seals nothing"),
            ("cat >/dev/null", nil, "seals nothing"), ("tr a-z A-Z", "cat", "does not give back"),
            ("head -c 20", "cat", "does not give back"), (nil, "exit 9", "unseal command ended with status 9"),
            ("yes", nil, "more than 32768 bytes"), (nil, "yes", "more than"),
        ] as [(String?, String?, String)]
    )
    func whatDoesNotSealChangesNothing(_ seal: String?, _ unseal: String?, _ words: String) async throws {
        try await with { disk in
            let broken = disk.sealing(seal: seal, unseal: unseal)
            let error = try await refusal { try await disk.request(broken) }
            #expect(error.kind == .environment && error.message.contains(words), "\(error.message)")
            #expect(error.hint?.contains("nothing was changed") == true)
            #expect(!disk.state.isCompensated)
            // The same later, when there is something to lose.
            try await disk.request(disk.openssl)
            let before = try contents(of: disk.sealed)
            _ = try await refusal { try await disk.request(broken) }
            #expect(try contents(of: disk.sealed) == before)
        }
    }

    /// With everything that the command has started.
    @Test func aCommandThatHangsIsEnded() async throws {
        try await with { disk in
            let mark = disk.directory + "/child"
            let hanging = disk.sealing(seal: "sleep 1000 & echo $! >\(mark); wait", seconds: 2)
            // On a machine with much to do the shell may not get so far in its time: then once more.
            while true {
                let error = try await refusal { try await disk.request(hanging) }
                #expect(error.kind == .environment && error.message.contains("did not end within 2 s"))
                #expect(!disk.state.isCompensated)
                guard let text = try? String(decoding: contents(of: mark), as: UTF8.self),
                    let child = text.split(separator: "\n").first.flatMap({ pid_t($0) })
                else { continue }
                while isRunning(child) { try await Task.sleep(for: .milliseconds(20)) }
                return
            }
        }
    }

    /// Whoever reads nothing of its input must not end the agent by leaving.
    @Test func aCommandThatReadsNothingHurtsNobody() async throws {
        try await with { disk in
            for _ in 0..<50 {
                let error = try await refusal { try await disk.request(disk.sealing(seal: "exec <&-; exit 4")) }
                #expect(error.message.contains("status 4"), "\(error.message)")
            }
        }
    }

    @Test(arguments: ["", "{}", "not json", #"{"formatVersion":2,"seal":"a","sealed":"","unseal":"b"}"#])
    func aDamagedFileIsNoNewIdentity(_ text: String) async throws {
        try await with { disk in
            try write(Array(text.utf8), to: disk.sealed)
            let error = try await refusal { try await disk.request(disk.openssl) }
            #expect(error.kind == .environment && error.message.contains("is damaged"))
            #expect(try contents(of: disk.sealed) == Array(text.utf8) && !exists(disk.plain))
        }
    }
}
