import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Off line: writes a request for a package to a file.",
        discussion: """
            The file is for birthmark authorize.

            The freshness file is an epoch that was fetched with birthmark freshness, or a challenge of this device's, fetched with \
            birthmark freshness --device. The package itself is not needed yet. Nothing is kept of a request: make as many as \
            there are releases to install one after the other.

            Example:
              birthmark-device request --freshness /media/stick/epoch.json \\
                  --manifest app-2.0.dsse.json --out /media/stick/GW-0001.request.json
            """
    )

    @Option(help: ArgumentHelp("The epoch, or this device's challenge.", valueName: "file"))
    var freshness: String

    @Option(help: ArgumentHelp("The signed release of the package.", valueName: "file"))
    var manifest: String

    @Option(help: ArgumentHelp("Where the request goes.", valueName: "file"))
    var out: String

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        var instance: InstanceID
        var package: PackageReference?
        var request: String
        var expires: Int64
    }

    func run() async throws {
        try device.checkBounds()
        let release = try readRelease(manifest)
        let bytes = try InputFile.read(freshness, limit: Freshness.maximumSize, what: "the freshness file")
        let fresh: Freshness
        do {
            fresh = try Freshness(parsing: bytes)
        } catch {
            throw CommandFailure(
                .malformed,
                "\(freshness) is no freshness file: \(error.detail)",
                hint: "fetch one where there is a network: birthmark freshness --out FILE"
            )
        }
        let agent = try device.agent()
        let lock = try StateDirectory(device.state).lock()
        let evidence = try await agent.request(release, fresh, lock)
        try OutputFile.write(CanonicalJSON.encode(evidence), to: out, mode: 0o644)
        let request = try DecisionRequest(parsing: evidence.request.bytes)
        let report = Report(
            instance: request.instance,
            package: request.package,
            request: out,
            expires: fresh.expires
        )
        try output.print(report) {
            lines([
                ("request", out),
                ("package", request.package.map { "\($0.name) \($0.version)" }),
                (
                    "good until",
                    UTCTime.text(fresh.expires)
                        + (fresh.instance == nil ? "" : " at the latest; the policy may say sooner")
                ),
                ("next", "take it to the verifier: birthmark authorize"),
            ])
        }
    }
}

struct RedeemCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redeem",
        abstract: "Off line: installs what a grant in a file allows.",
        discussion: """
            The grant works once, on this TPM, within its span on the TPM's clock and its number of resets; no network and no clock \
            that tells the time is needed. Several grants are used in the order of their requests, with a reboot and a receipt \
            between. The install command is run as by birthmark-device update; after a power cut the same command goes on.

            Example:
              birthmark-device redeem /media/stick/GW-0001.grant.json \\
                  --package app-2.0.img --manifest app-2.0.dsse.json \\
                  --install-command 'dd of=/dev/mmcblk0p3 bs=1M'
            """
    )

    @Argument(help: ArgumentHelp("The grant that birthmark authorize wrote.", valueName: "grant"))
    var grant: String

    @Option(help: ArgumentHelp("The package.", valueName: "file"))
    var package: String

    @Option(help: ArgumentHelp("Its signed release.", valueName: "file"))
    var manifest: String

    @Option(help: ArgumentHelp("How it is installed, for /bin/sh -c.", valueName: "command"))
    var installCommand: String

    @OptionGroup var timeout: InstallTimeout
    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws { try checkInstallCommand(installCommand) }

    func run() async throws {
        try device.checkBounds()
        let order = UpdateOrder(
            package: package,
            release: try readRelease(manifest),
            installCommand: installCommand,
            installSeconds: timeout.installTimeout
        )
        let file = try readGrant(grant, hint: "give the .grant.json file that birthmark authorize wrote")
        let agent = try device.agent()
        let lock = try StateDirectory(device.state).lock()
        let bar = ProgressBar("checking the package")
        defer { bar.finish() }
        let outcome = try await agent.redeem(file, order, lock) { bar.update($0, of: $1) }
        bar.finish()
        try output.print(outcome) {
            lines([
                ("installed", "\(outcome.installed.name) \(outcome.installed.version)"),
                ("grant", outcome.grant),
                ("next", "reboot, then run birthmark-device receipt"),
            ])
        }
    }
}

struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Off line: writes the proof of what has booted.",
        discussion: """
            After the reboot, to a file, for birthmark receipts import.

            The security floor in the TPM rises with the first confirmation over the network, not with the receipt.

            Example: birthmark-device receipt --out /media/stick/GW-0001.receipt.json
            """
    )

    @Option(help: ArgumentHelp("Where the receipt goes.", valueName: "file"))
    var out: String

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try device.checkBounds()
        let agent = try device.agent()
        let lock = try StateDirectory(device.state).lock()
        let (evidence, outcome) = try await agent.receipt(lock)
        try OutputFile.write(CanonicalJSON.encode(evidence), to: out, mode: 0o644)
        try output.print(outcome) {
            lines([
                ("receipt", out),
                ("package", "\(outcome.package.name) \(outcome.package.version)"),
                ("grant", outcome.grant),
                ("next", "take it to the verifier: birthmark receipts import"),
            ])
        }
    }
}

extension DeviceOptions {
    /// Refuses a device without a TPM: what travels as a file is bounded by a TPM's clock, resets and counter, and by nothing else.
    fileprivate func checkBounds() throws(AgentError) {
        guard let directory = try? StateDirectory(existing: state), try directory.speaksWithoutTPM(at: UTCTime.now)
        else { return }
        throw AgentError(
            .refused,
            "this device speaks without a TPM, and nothing but a TPM's clock and counter bounds a grant that travels as a file",
            hint:
                "have it ask through a gateway that reaches the verifier (--gateway FILE); when it is the person at the device that matters, "
                + "birthmark device witness and birthmark-device update --witness-code",
            reasons: ["no-tpm"]
        )
    }
}

/// A grant out of a file.
func readGrant(_ path: String, hint: String) throws -> GrantFile {
    let bytes = try InputFile.read(path, limit: GrantFile.maximumSize, what: "the grant")
    do {
        return try GrantFile(parsing: bytes)
    } catch {
        throw CommandFailure(.malformed, "\(path) is no grant file: \(error.detail)", hint: hint)
    }
}
