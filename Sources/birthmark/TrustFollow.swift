import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust
import VerifierClient

struct TrustExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes the trust bundles after a version into a file, for devices without a network.",
        discussion: """
            The bundle of --trust is where it begins unless --since says otherwise; a device passes over what it has passed. Each version that \
            can be judged from that bundle is judged.

            Example: birthmark trust export --since 1 --out /media/stick/successors.json --trust trust.json
            """
    )

    @Option(help: ArgumentHelp("The version that the devices hold at least.", valueName: "n"))
    var since: Int64?
    @Option(help: ArgumentHelp("Where the file goes.", valueName: "file"))
    var out: String
    @OptionGroup var trust: TrustOption
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var from: Int64
        var to: Int64
        var out: String
    }

    func validate() throws {
        if let since, !(1...TrustBundle.maximumVersion).contains(since) {
            throw ValidationError("--since takes a version, from 1 on")
        }
    }

    func run() async throws {
        var held = try trust.bundle()
        let first = since ?? held.number
        var chain = TrustChain([])
        var version = first
        while chain.successors.count < TrustChain.maximumCount {
            guard let envelope = try await askAnybody(for: version &+ 1, of: held) else { break }
            version &+= 1
            if version == held.number &+ 1 {
                held = try TrustStep.judged(envelope, after: held, from: "version \(version)").bundle
            }
            chain.successors.append(envelope)
        }
        guard version > first else {
            throw CommandFailure(
                .refused,
                "the verifier has no version after \(first)",
                hint: "nothing has to be carried",
                reasons: ["trust-newest"]
            )
        }
        let bytes = try parsing("the file") { () throws(MessageError) in try CanonicalJSON.encode(chain) }
        try OutputFile.write(bytes, to: out, mode: 0o644)
        try output.print(Report(from: first, to: version, out: out)) { "versions \(first + 1) to \(version): \(out)" }
    }
}

struct TrustFollow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Brings a trust bundle on this machine up to the newest version, step by step, as a device does.",
        discussion: """
            Whoever answers at the verifier's address is asked, whatever its certificate says: each version is believed for its signatures. With \
            --from the versions come out of a file of birthmark trust export.

            Example: birthmark trust follow trust.json
            """
    )

    @Argument(help: ArgumentHelp("The trust bundle; replaced in one step.", valueName: "file"))
    var path: String
    @Option(help: ArgumentHelp("Versions that birthmark trust export has written.", valueName: "file"))
    var from: String?
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var from: Int64
        var to: Int64
    }

    func run() async throws {
        let bytes = try InputFile.read(path, limit: TrustBundle.maximumSize, what: "the trust bundle")
        var held = try parsing(path) { () throws(MessageError) in try TrustBundle(parsing: bytes) }
        let first = held.number
        let carried = try from.map { path in try TrustChain.read(path) }?.successors
        for _ in 0..<TrustChain.maximumCount {
            let next = held.number &+ 1
            let envelope: SignedEnvelope?
            if let carried {
                envelope = carried.first { TrustStep.claimedVersion(of: $0) == next }
            } else {
                envelope = try await askAnybody(for: next, of: held)
            }
            guard let envelope else { break }
            let step = try TrustStep.judged(envelope, after: held, from: from ?? "version \(next)")
            try OutputFile.write(step.bytes, to: path, mode: 0o644)
            held = step.bundle
        }
        try output.print(Report(from: first, to: held.number)) {
            held.number == first
                ? "\(path) is version \(first); there is no newer one"
                : "\(path) is version \(held.number), after version \(first)"
        }
    }
}

/// The envelope of a version, from whoever answers at the address of a bundle.
private func askAnybody(for version: Int64, of bundle: TrustBundle) async throws -> SignedEnvelope? {
    try await VerifierClient.trust(version, fromWhoeverAnswersAt: bundle.url)
}
