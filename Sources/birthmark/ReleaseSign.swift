import ArgumentParser
import CommandLineContract
import Crypto
import DurableFiles
import Glibc
import Messages

struct ReleaseSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "States a release and signs it.",
        discussion: """
            Security versions count up one by one: a device raises a TPM counter to it after the update.

            Example:
              birthmark release sign --key release.key --package app-2.0.img --name app \\
                  --version 2.0 --security-version 7 --model gw-100 \\
                  --hardware-revision B --boot boot-2.0.json --out app-2.0.dsse.json
            """
    )

    @Option(help: ArgumentHelp("A private key, PEM; repeat for several.", valueName: "file"))
    var key: [String]
    @Option(help: ArgumentHelp("The package.", valueName: "file"))
    var package: String
    @Option(help: ArgumentHelp("The package's name.", valueName: "label"))
    var name: Label
    @Option(help: ArgumentHelp("Its version, for people.", valueName: "label"))
    var version: Label
    @Option(help: ArgumentHelp("Its security version: the security floor that it sets.", valueName: "n"))
    var securityVersion: UInt64
    @Option(help: ArgumentHelp("The lowest security version that may be running before it.", valueName: "n"))
    var minimumSecurityVersion: UInt64 = 0
    @Option(
        help: ArgumentHelp(
            "A release that must be running before it, by manifest digest or version; repeat for several of which one is enough.",
            valueName: "release"
        )
    )
    var requires: [RequiredRelease] = []
    @Option(help: ArgumentHelp("A model that it fits; repeat for several.", valueName: "label"))
    var model: [Label]
    @Option(help: ArgumentHelp("A hardware revision that it fits; repeat for several.", valueName: "label"))
    var hardwareRevision: [Label]
    @Option(help: ArgumentHelp("Its boot, as birthmark release measure writes it.", valueName: "file"))
    var boot: String?
    @Flag(help: "It has no boot that anybody could measure: it is for devices without a TPM only.")
    var unmeasured = false
    @Option(
        help: ArgumentHelp(
            "Not to be granted before: 2026-11-23, its first second in UTC, or 2026-11-23T15:04:05Z, or seconds since 1970.",
            valueName: "time"
        )
    )
    var notBefore: String?
    @Option(help: ArgumentHelp("Not to be granted from then on, in the same forms.", valueName: "time"))
    var expires: String?
    @Option(help: ArgumentHelp("For people.", valueName: "text"))
    var notes: String?
    @Flag(help: "It is a rescue image: its boot is recognised, and it is never granted.")
    var rescue = false
    @Option(help: ArgumentHelp("Where the signed release goes; default: standard output.", valueName: "file"))
    var out: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (boot == nil) == unmeasured, !(unmeasured && rescue) else {
            throw ValidationError("a release has --boot, or is --unmeasured; a rescue image is recognised by its boot")
        }
    }

    private func readProfile(_ path: String) throws -> BootProfile {
        let bytes = try InputFile.read(path, limit: Release.maximumSize, what: "the boot profile")
        return try parsing(path, of: "birthmark release measure") { () throws(MessageError) in
            try EditedJSON.decode(BootProfile.self, from: bytes, limit: Release.maximumSize)
        }
    }

    func run() async throws {
        let signers = try key.map { path throws(CommandFailure) in try readSigner(path) }
        let release = Release(
            name: name,
            version: version,
            securityVersion: securityVersion,
            models: model,
            hardwareRevisions: hardwareRevision,
            minimumSecurityVersion: minimumSecurityVersion,
            artifact: try measure(),
            boot: try boot.map(readProfile),
            notBefore: try notBefore.map { text throws(CommandFailure) in
                try Moment.parse(dateOrSeconds: text, option: "--not-before")
            },
            expires: try expires.map { text throws(CommandFailure) in
                try Moment.parse(dateOrSeconds: text, option: "--expires")
            },
            notes: notes,
            role: rescue ? .rescue : nil,
            requires: requires.isEmpty ? nil : requires
        )
        let envelope = try parsing("the release") { () throws(MessageError) in
            let payload = try CanonicalJSON.encode(release)
            // What this program signs must be something that others accept.
            _ = try Release(parsing: payload)
            return try SignedEnvelope(payload: payload, payloadType: Release.payloadType, signers: signers)
        }
        try write(envelope, to: out, output)
    }

    /// Size and digest of the package, read piece by piece.
    private func measure() throws -> Artifact {
        guard let name = Label(package.split(separator: "/").last.map(String.init) ?? "") else {
            throw CommandFailure(
                .malformed,
                "\(package) has a file name that cannot stand in a release",
                hint: "rename it to at most \(Label.maximumLength) of A-Z a-z 0-9 . _ - + :"
            )
        }
        let descriptor = unsafe open(package, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(errno: errno, .read, package) }
        defer { close(descriptor) }
        var reader = ChunkReader(descriptor, path: package)
        var digest = SHA256()
        var size: UInt64 = 0
        while let piece = try reader.next() {
            digest.update(data: piece)
            size += UInt64(piece.count)
        }
        guard let sha256 = ContentDigest(bytes: Array(digest.finalize())) else {
            throw CommandFailure(.environment, "\(package) cannot be digested")
        }
        return Artifact(name: name, size: size, sha256: sha256)
    }
}
