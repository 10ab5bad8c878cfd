public import ArgumentParser
import CommandLineContract
import DeviceAgent
public import Messages

struct UpdateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Asks for a package, and installs it when granted.",
        discussion: """
            The install command is run by /bin/sh once the gate is open. It finds the verified package open on its \
            standard input, and its path, name and version in BIRTHMARK_PACKAGE, BIRTHMARK_PACKAGE_NAME and \
            BIRTHMARK_VERSION. It must be able to run again after a power cut, and end with 0 only when all is written.

            Example:
              birthmark-device update --package app-2.0.img --manifest app-2.0.dsse.json \\
                  --install-command 'dd of=/dev/mmcblk0p3 bs=1M'
            After a power cut: birthmark-device update --resume
            With a code from the verifier:
              birthmark-device update … --witness-code 12345-67890
            """
    )

    @Option(
        help: ArgumentHelp(
            "The package; a device behind a gateway that leaves it out gets it from there.",
            valueName: "file"
        )
    )
    var package: String?

    @Option(help: ArgumentHelp("Its signed release.", valueName: "file"))
    var manifest: String?

    @Option(help: ArgumentHelp("How it is installed, for /bin/sh -c.", valueName: "command"))
    var installCommand: String?

    @OptionGroup var timeout: InstallTimeout

    @Option(
        help: ArgumentHelp(
            "Of a device without a TPM: the ten digits that somebody at the verifier told you, good once.",
            valueName: "code"
        )
    )
    var witnessCode: WitnessCode?

    @Flag(help: "Continue the update that was cut off, with the package and the command it began with.")
    var resume = false

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        let given = [package, manifest, installCommand].compactMap { $0 }.count
        guard witnessCode == nil || !resume else {
            throw ValidationError("--witness-code goes with --package, --manifest and --install-command")
        }
        try checkInstallCommand(installCommand)
        guard resume ? given == 0 && timeout.installTimeout == nil : manifest != nil && installCommand != nil else {
            throw ValidationError(
                resume
                    ? "--resume goes on with what the journal holds; leave --package, --manifest, --install-command and --install-timeout out"
                    : "--package, --manifest and --install-command belong together"
            )
        }
    }

    func run() async throws {
        let bar = ProgressBar("checking the package")
        defer { bar.finish() }
        let holder = try device.holder()
        if case .measured = holder, witnessCode != nil {
            throw CommandFailure(
                .malformed,
                "--witness-code is for devices without a TPM",
                hint: "leave it out: what this device is, its TPM shows"
            )
        }
        let lock = try StateDirectory(device.state).lock()
        let outcome: UpdateOutcome
        if let order = try await order(by: holder, lock, bar) {
            outcome = try await holder.update(order, lock) { bar.update($0, of: $1) }
        } else {
            outcome = try await holder.resume(lock) { bar.update($0, of: $1) }
        }
        bar.finish()
        try output.print(outcome) {
            lines([
                ("installed", "\(outcome.installed.name) \(outcome.installed.version)"),
                ("grant", outcome.grant),
                ("next", "reboot, then run birthmark-device confirm"),
            ])
        }
    }
}

extension UpdateCommand {
    private func order(
        by holder: LeaseHolder,
        _ lock: borrowing AgentLock,
        _ bar: ProgressBar
    ) async throws -> UpdateOrder? {
        guard let manifest, let installCommand else { return nil }
        let release = try readRelease(manifest)
        return UpdateOrder(
            package: try await path(of: release, by: holder, lock, bar),
            release: release,
            installCommand: installCommand,
            installSeconds: timeout.installTimeout,
            witnessCode: witnessCode
        )
    }

    private func path(
        of release: SignedEnvelope,
        by holder: LeaseHolder,
        _ lock: borrowing AgentLock,
        _ bar: ProgressBar
    ) async throws -> String {
        if let package { return package }
        guard case .compensated(let agent) = holder else {
            throw CommandFailure(
                .malformed,
                "there is no --package",
                hint: "give the file; only a device without a TPM can fetch it, from its gateway"
            )
        }
        return try await agent.fetch(release, lock) { bar.update($0, of: $1) }
    }
}

extension WitnessCode: ExpressibleByArgument {
    /// Reads what somebody typed.
    public init?(argument: String) { self.init(typed: argument) }
}

/// Of nothing to run a shell says that it went well: a grant would be spent on it.
func checkInstallCommand(_ command: String?) throws {
    if let command, command.allSatisfy(\.isWhitespace) {
        throw ValidationError("--install-command has nothing in it to run")
    }
}

struct InstallTimeout: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Seconds after which the install command is killed, 1 to 86400; default: 3600.",
            valueName: "seconds"
        )
    )
    var installTimeout: Int64?

    func validate() throws {
        if let installTimeout, !(1...86_400).contains(installTimeout) {
            throw ValidationError("--install-timeout takes 1 to 86400 seconds")
        }
    }
}
