import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust

struct TrustFollow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "follow",
        abstract: "Brings a trust bundle up to the newest version.",
        discussion: """
            It is one on this machine, and goes step by step, as a device does.

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
        var held = try parsing(path, of: "birthmark-verifier init") { () throws(MessageError) in
            try TrustBundle(parsing: bytes)
        }
        let first = held.number
        let carried = try from.map { path in try TrustChain.read(path) }?.successors
        for _ in 0..<TrustChain.maximumCount {
            let next = held.number &+ 1
            let envelope: SignedEnvelope?
            if let carried {
                envelope = carried.first { TrustStep.claimedVersion(of: $0) == next }
            } else {
                envelope = try await held.askAnybody(for: next)
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
