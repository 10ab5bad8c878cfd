import ArgumentParser
import CommandLineContract
import Messages
import VerifierClient
import Wording

struct DeviceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract: "Devices: what they run, and whether they are trusted.",
        discussion: """
            Example:
              birthmark device show GW-0001 --trust trust.json \\
                  --operator operators/alice
            """,
        subcommands: [
            List.self, Show.self, Updates.self, Explain.self,
            Suspend.self, Reinstate.self, Retire.self,
            AllowBoot.self, AllowDowngrade.self,
            Witness.self, Assign.self, SettleFork.self, LowerTier.self, RaiseTier.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists all devices.",
            discussion: "Example: birthmark device list --trust trust.json --operator operators/alice"
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let devices = try await verifier.ask { client in
                var all: [InstanceReport] = []
                var next: InstanceID?
                repeat {
                    let page = try await client.instances(after: next)
                    all += page.instances
                    next = page.next
                } while next != nil
                return all
            }
            try output.print(InstanceList(instances: devices)) {
                table(
                    ["SERIAL", "INSTANCE", "MODEL", "REV", "TIER", "LIFECYCLE", "RUNNING", "LEASE UNTIL"],
                    devices.map { device in
                        [
                            device.serial.text, device.instance.text, device.model.text, device.hardwareRevision.text,
                            device.tier.rawValue, device.lifecycle, "\(device.running.name) \(device.running.version)",
                            device.lease.map { UTCTime.text($0.expires) } ?? "none",
                        ]
                    }
                )
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one device.",
            discussion: """
                Example:
                  birthmark device show GW-0001 --trust trust.json \\
                      --operator operators/alice
                """
        )

        @OptionGroup var device: DeviceArgument
        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await verifier.ask(about: .device(device.name)) { client in
                try await client.instance(device.name)
            }
            try output.print(report) { describe(report) }
        }
    }

    struct Suspend: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a device's lease until it is reinstated.",
            discussion: """
                Example:
                  birthmark device suspend GW-0001 --reason 'stolen van' --trust … \\
                      --operator …
                """
        )

        @OptionGroup var act: ActArguments

        func run() async throws { try await act.run(.suspend) }
    }

    struct Reinstate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a suspended or reimaged device ask again.",
            discussion: """
                Example:
                  birthmark device reinstate GW-0001 --reason 'reflashed in the shop' \\
                      --trust … --operator …
                """
        )

        @OptionGroup var act: ActArguments

        func run() async throws { try await act.run(.reinstate) }
    }

    struct Retire: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a device's life at this verifier for good.",
            discussion: """
                It cannot be undone. Somebody at a terminal is shown which device it is, and types its serial number; a script is not asked.

                Example:
                  birthmark device retire GW-0001 --reason 'scrapped' --trust … --operator …
                """
        )

        @OptionGroup var act: ActArguments

        @Flag(help: "Do not ask for the serial number, at a terminal either.")
        var yes = false

        func run() async throws {
            if Terminal.isInteractive, !yes { try await confirm() }
            try await act.run(.retire)
        }

        private func confirm() async throws {
            let device = try await act.verifier.ask(about: .device(act.device.name)) { client in
                try await client.instance(act.device.name)
            }
            let shown = Terminal.shown(describe(device))
            StandardError.write(shown + "\nIt will be retired for good. Type its serial number to go on: ")
            guard readLine() == device.serial.text else {
                throw CommandFailure(
                    .refused,
                    "that is not its serial number: nothing was done",
                    hint: "run the same command again and type it as it is shown",
                    reasons: ["not-confirmed"]
                )
            }
        }
    }
}

struct DeviceArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The device's serial number or instance id.", valueName: "device"))
    var name: Label
}

struct ActArguments: ParsableArguments {
    @OptionGroup var device: DeviceArgument
    @OptionGroup var reason: ReasonOption
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run(_ act: VerifierClient.InstanceAct) async throws {
        let reason = try reason.checked()
        let report = try await verifier.ask(about: .device(device.name)) { client in
            try await client.act(act, on: device.name, reason)
        }
        try output.print(report) { describe(report) }
    }
}

func describe(_ device: InstanceReport) -> String {
    facts([
        ("serial", device.serial.text),
        ("instance", device.instance.text),
        ("model", "\(device.model), hardware revision \(device.hardwareRevision), \(device.environment)"),
        ("tier", device.tier.rawValue + (device.lowered.map { ", \(describe($0))" } ?? "")),
        ("born", UTCTime.text(device.bornAt)),
        ("lifecycle", device.lifecycle),
        (
            "running",
            "\(device.running.name) \(device.running.version) (security version \(device.running.securityVersion))"
        ),
        (
            "instead",
            device.strayed.map {
                "\($0.package.name) \($0.package.version) (\($0.boot)) since \(UTCTime.text($0.since))"
            }
        ),
        ("floor", "\(device.securityFloor)"),
        (
            "downgrade",
            device.downgrade.map { "\($0.manifest) allowed by \($0.by) until \(UTCTime.text($0.until))" }
        ),
        (
            "lease",
            device.lease.map { lease in
                "until \(UTCTime.text(lease.expires))" + (lease.under.map { ", on the word of gateway \($0)" } ?? "")
            } ?? "none"
        ),
        (
            "pending",
            device.pending.map {
                "\($0.package.name) \($0.package.version), grant \($0.jti), until \(UTCTime.text($0.expires)), \($0.stage)"
            }
        ),
        (
            "off line",
            device.delayed.map {
                $0.map { "\($0.package.name) \($0.package.version), grant \($0.jti)" }.joined(separator: "; ")
            }
        ),
        ("last seen", device.lastSeen.map(UTCTime.text)),
        ("Linux", device.imaEntries.map { Counted.of($0, "measurement") + " since the boot, all allowed" }),
        ("farewell", device.farewell.map { "\(UTCTime.text($0)): the device said that it destroys its keys" }),
        (
            "came back",
            device.reappeared.map {
                "noticed \(Counted.of($0.times, "time")) since \(UTCTime.text($0.first)), last at \(UTCTime.text($0.last))"
            }
        ),
        ("follows", device.follows.map { "instance \($0), which the same TPM was before" }),
        ("followed by", device.followedBy.map { "instance \($0), which the same TPM is now" }),
        ("taken over", device.takesOver.map { "from another owner, with its keys, by \($0.by): \($0.reason)" }),
        ("key", device.position.map { "number \($0) of its ratchet; the key is a file" }),
        ("gateways", device.gateways.map { $0.map(\.text).joined(separator: ", ") }),
        (
            "copy",
            device.fork.map { "key \($0.position) signed when key \($0.committed) was committed: settle-fork decides" }
        ),
        ("remark", device.remark),
    ])
}
