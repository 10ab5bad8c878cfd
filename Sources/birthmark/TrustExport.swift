import ArgumentParser
import CommandLineContract
import Messages
import UpdateTrust

struct TrustExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes newer trust bundles into a file.",
        discussion: """
            Those after a version, for devices without a network.

            The bundle of --trust is where it begins unless --since says otherwise; a device passes over what it has passed. Each version that \
            can be judged from that bundle is judged.

            Example:
              birthmark trust export --since 1 --out /media/stick/successors.json \\
                  --trust trust.json
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
            guard let envelope = try await held.askAnybody(for: version &+ 1) else { break }
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
                hint:
                    "nothing has to be carried to devices that hold it; for those that hold an earlier one give --since",
                reasons: ["trust-newest"]
            )
        }
        let bytes = try parsing("the file") { () throws(MessageError) in try CanonicalJSON.encode(chain) }
        try OutputFile.write(bytes, to: out, mode: 0o644)
        try output.print(Report(from: first, to: version, out: out)) { "versions \(first + 1) to \(version): \(out)" }
    }
}
