import ArgumentParser
import CommandLineContract
import FoundationEssentials
import Messages
import UpdateTrust
import VerifierClient

struct FreshnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freshness",
        abstract: "Off line: fetches what makes requests fresh.",
        discussion: """
            It is for devices without a network.

            Without --device it is the verifier's current epoch, one file for all devices, good for one to two epochs. With --device it is \
            a challenge for that one device, good for as long as the policy says (delayed.age); the time that is shown is the longest that a \
            policy can say. Which of the two counts the policy says as well.

            Examples:
              birthmark freshness --out /media/stick/epoch.json --trust trust.json
              birthmark freshness --device 52bb6b4b88a3f9ad2e1f4d6b0c5e7a90 \\
                  --out /media/stick/GW-0001.challenge.json --trust trust.json
            """
    )

    @Option(
        help: ArgumentHelp(
            "The instance id of the one device it is for, as device show prints it.",
            valueName: "instance"
        )
    )
    var device: InstanceID?
    @Option(help: ArgumentHelp("Where it goes.", valueName: "file"))
    var out: String
    @OptionGroup var verifier: TrustOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let device = device
        let freshness = try await VerifierClient.with(try verifier.bundle()) { client in
            guard let device else { return try await client.epoch() }
            let answer = try await client.challenge(ChallengeRequest(instance: device, purpose: .delayed))
            return Freshness(
                challenge: answer.challenge,
                expires: answer.expires,
                instance: device,
                imaPCR: answer.imaPCR
            )
        }
        try OutputFile.write(CanonicalJSON.encode(freshness), to: out, mode: 0o644)
        try output.print(freshness) {
            facts([
                ("freshness", out),
                ("for", freshness.instance?.text ?? "all devices"),
                (
                    "good until",
                    UTCTime.text(freshness.expires) + (device == nil ? "" : " at the latest; the policy may say sooner")
                ),
            ])
        }
    }
}

struct AuthorizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authorize",
        abstract: "Off line: takes requests in, and writes the grants.",
        discussion: """
            The requests are taken to the verifier, which gives the grants.

            Of a directory it takes every file that ends in .request.json: the batch of a ship's whole inventory. Each grant goes to \
            OUT under the request's name, ending in .grant.json. The same request brought again gets the same grant again. One request that \
            is refused ends with 1, after all others were decided on.

            Example:
              birthmark authorize /media/stick --out /media/stick --trust trust.json \\
                  --operator operators/alice
            """
    )

    @Argument(help: ArgumentHelp("Requests, or directories of them.", valueName: "path"))
    var paths: [String]
    @Option(help: ArgumentHelp("The directory for the grants.", valueName: "dir"))
    var out: String
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let suffix = ".request.json"
        let requests = try CarriedFile.read(paths, suffix: suffix, of: "birthmark-device request --out")
        try? FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let directory = out
        let bar = ProgressBar("asking for grants")
        defer { bar.finish() }
        let bundle = try verifier.bundle()
        let batch = try await verifier.ask { client in
            var outcomes: [CarriedOutcome] = []
            for (number, file) in requests.enumerated() {
                let package = file.request.package.map { "\($0.name) \($0.version)" }
                var outcome = CarriedOutcome(
                    file: file.path,
                    instance: file.request.instance,
                    outcome: "granted",
                    package: package,
                    reasons: []
                )
                do {
                    let answer = try await client.authorize(file.evidence)
                    guard let delivery = answer.grant else {
                        throw VerifierClientError.malformedAnswer("it brings no grant")
                    }
                    outcome.tier = try Self.tier(delivery, bundle)
                    let path = "\(directory)/\(file.name(without: suffix)).grant.json"
                    let grant = GrantFile(request: file.evidence.request, delivery: delivery)
                    try OutputFile.write(CanonicalJSON.encode(grant), to: path, mode: 0o644)
                    outcome.grant = path
                } catch let error as VerifierClientError {
                    try outcome.refuse(error)
                }
                outcomes.append(outcome)
                bar.update(UInt64(number + 1), of: UInt64(requests.count))
            }
            return CarriedBatch(files: outcomes)
        }
        bar.finish()
        try output.print(batch) { batch.text }
        if batch.hasRefusals { throw ExitStatus.refused.code }
    }

    /// How the device proved itself, as the grant says.
    private static func tier(_ delivery: GrantDelivery, _ bundle: TrustBundle) throws(VerifierClientError) -> Tier {
        guard let issuer = Label(bundle.verifier),
            let grant = try? Grant.verify(delivery.grant, issuer: issuer, keys: bundle.grantKeys)
        else { throw .malformedAnswer("its grant is not one of the verifier's") }
        return grant.claims.tier
    }
}
