import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages

struct RetireCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "The device's part of the end of its life: says farewell, then destroys what made it this instance.",
        discussion: """
            An operator retires the device first (birthmark device retire): that ends its trust, and this adds nothing to it. Here the \
            attestation key signs a last quote for the verifier; then the keys leave the TPM, the NV indices of the birth with \
            certificates, counters and tag are undefined, and the agent's directory is overwritten and emptied. A run that was killed \
            is finished by the same command. Flash may keep what was overwritten, and whoever owns the TPM can derive the same keys \
            again: the verifier refuses them.

            Examples:
              birthmark-device retire
              birthmark-device retire --yes --owner-authorization GW-0001.auth
            """
    )

    @Flag(help: "Do not ask for the serial number first.")
    var yes = false

    @Flag(help: "Say no farewell, because the verifier will never answer; nobody checks that an operator agreed.")
    var withoutVerifier = false

    @Option(
        help: ArgumentHelp(
            "The TPM owner's authorization, when a factory has set one: the file that birthmark-factory escrow open wrote.",
            valueName: "file"
        )
    )
    var ownerAuthorization: String?

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let owner = try ownerAuthorization.map { path throws(AgentError) in
            try OwnerAuthorization(readingFrom: path)
        }
        let directory = try StateDirectory(existing: device.state)
        let lock = try directory.lock()
        let begun = try directory.retirement()
        // What agent.json says is shredded on the way; the record keeps it.
        let tcti = try device.tcti ?? (begun == nil ? directory.configuration().tcti : begun?.tcti)
        let retirement = Retirement(directory, tcti: tcti, owner: owner)
        if let begun { return try print(try await retirement.carryOut(begun, lock)) }
        guard let plan = try await retirement.plan() else {
            return try print(.nothingLeft)
        }
        // A verifier that is not known is noticed before anybody is asked.
        let agent = withoutVerifier ? nil : try device.agent()
        try confirm(plan)
        let farewell = try await agent?.takeLeave(lock).at
        let record = try retirement.begin(plan, farewell: farewell, lock)
        try print(try await retirement.carryOut(record, lock))
    }

    private func confirm(_ plan: RetirementPlan) throws {
        guard !yes else { return }
        guard Terminal.isInteractive else {
            throw CommandFailure(
                .malformed,
                "this destroys the keys of \(plan.serial), and nobody is here to be asked",
                hint: "give --yes if that is meant"
            )
        }
        StandardError.write(
            """
            The identity of \(plan.serial) (instance \(plan.instance)) will be destroyed: \(plan.remnants.count) keys and NV indices \
            of its TPM, and all files in \(device.state). It cannot be undone.
            Type the serial number to go on:\u{20}
            """
        )
        guard readLine() == plan.serial.text else {
            throw CommandFailure(
                .refused,
                "that is not the serial number: nothing was destroyed",
                reasons: ["not-confirmed"]
            )
        }
    }

    private func print(_ outcome: RetirementOutcome) throws {
        try output.print(outcome) {
            guard let serial = outcome.serial else { return "nothing is left of a birth, in the TPM or here" }
            return lines(Self.facts(outcome, serial))
        }
    }

    private static func facts(_ outcome: RetirementOutcome, _ serial: Label) -> [(name: String, value: String?)] {
        let steps = outcome.steps.map { step -> (name: String, value: String?) in
            ("", "\(step.what) \(step.place): \(text(step.outcome))")
        }
        let facts: [(name: String, value: String?)] = [
            ("retired", "\(serial) is no more"),
            ("instance", outcome.instance?.text),
            ("farewell", outcome.farewell.map { "taken at \(UTCTime.text($0))" } ?? "not said"),
        ]
        return facts + steps
    }

    private static func text(_ outcome: String) -> String {
        switch outcome {
        case "gone": "was gone before"
        case "another": "stays: it is not what the birth left there"
        case "platform": "stays: only the platform's firmware can undefine it"
        case "not-a-file": "stays: it is no file of the agent's"
        default: outcome
        }
    }
}
