import ArgumentParser
import CommandLineContract
import DeviceAgent
import Messages
import Wording

struct RetireCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Says farewell, and destroys what makes it the device.",
        discussion: """
            This is the device's part of the end of its life.

            An operator retires the device first (birthmark device retire): that ends its trust, and this adds nothing to it. Here the \
            attestation key signs a last quote for the verifier; then the keys leave the TPM, the NV indices of the birth with \
            certificates, counters and tag are undefined, and the state directory is overwritten and emptied. A run that was killed \
            is finished by the same command. Flash may keep what was overwritten, and whoever owns the TPM can derive the same keys \
            again: the verifier refuses them.

            A device without a TPM says farewell with its key, through its gateway where it has one; then the directory, which has the key, \
            is destroyed in the same way. A copy of it that somebody has made is refused like the keys of a TPM.

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

    @Flag(
        help: ArgumentHelp(
            "Leave the TPM out, because it will never answer: what a device whose tier was lowered has on its disk is destroyed, and "
                + "the keys stay in the TPM."
        )
    )
    var withoutTpm = false

    @OptionGroup var device: DeviceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let directory = try StateDirectory(existing: device.state)
        let lock = try directory.lock()
        if let done = try directory.doneRetirement() { return try print(RetirementOutcome(done)) }
        let begun = try directory.begunRetirement()
        let hasTPM = try begun.map { $0.withoutTPM != true } ?? hasTPM(directory)
        let retirement = try retirement(of: directory, begun, hasTPM: hasTPM)
        if let begun { return try print(try await retirement.carryOut(begun, lock)) }
        guard let plan = try await plan(retirement, in: directory) else {
            return try print(.nothingLeft)
        }
        // A verifier that is not known is noticed before anybody is asked.
        let leaving = withoutVerifier ? nil : try holder(hasTPM: hasTPM)
        try confirm(plan)
        let farewell = try await leaving?.takeLeave(lock).at
        let record = try retirement.begin(plan, farewell: farewell, lock)
        try print(try await retirement.carryOut(record, lock))
    }

    /// Whether the identity is in a TPM; that of a device whose tier was lowered is, for as long as its TPM answers.
    private func hasTPM(_ directory: StateDirectory) throws -> Bool {
        guard directory.isCompensated else {
            guard !withoutTpm else { throw Self.needless("what makes this device an instance is in its TPM alone") }
            return true
        }
        guard try directory.isBesideTPM() else {
            guard !withoutTpm else { throw Self.needless("this device has no TPM") }
            return false
        }
        return !withoutTpm
    }

    private static func needless(_ why: String) -> CommandFailure {
        CommandFailure(
            .malformed,
            why,
            hint: "leave --without-tpm out; it is for a device whose tier was lowered"
        )
    }

    /// Looks at what is to be destroyed; of a TPM that does not answer it is said how it can be left out.
    private func plan(_ retirement: Retirement, in directory: StateDirectory) async throws -> RetirementPlan? {
        do throws(AgentError) {
            return try await retirement.plan()
        } catch {
            var failure = error
            if failure.kind == .environment, !withoutTpm, directory.isCompensated, try directory.isBesideTPM() {
                failure.hint =
                    "put that right and run the same command again; if the TPM will never answer, give --without-tpm"
            }
            throw failure
        }
    }

    private func retirement(
        of directory: StateDirectory,
        _ begun: RetirementRecord?,
        hasTPM: Bool
    ) throws -> Retirement {
        guard hasTPM else {
            guard ownerAuthorization == nil else {
                throw CommandFailure(
                    .malformed,
                    "--owner-authorization is for a TPM, and none is touched here",
                    hint: "leave it out"
                )
            }
            return Retirement(withoutTPM: directory, leavesTPM: withoutTpm)
        }
        // What agent.json says is shredded on the way; the record keeps it.
        let tcti = try device.tcti ?? (begun == nil ? directory.configuration().tcti : begun?.tcti)
        let owner = try ownerAuthorization.map { path throws(AgentError) in
            try OwnerAuthorization(readingFrom: path)
        }
        return Retirement(directory, tcti: tcti, owner: owner)
    }

    private func holder(hasTPM: Bool) throws -> LeaseHolder {
        if hasTPM { return .measured(try device.agent()) }
        guard let agent = try device.compensatedAgent() else {
            throw CommandFailure(
                .refused,
                "the time is over in which a software key spoke for this device",
                hint: "only its TPM can say farewell; give --without-verifier to leave that out",
                reasons: ["not-lowered"]
            )
        }
        return .compensated(agent)
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
            The identity of \(plan.serial) (instance \(plan.instance)) will be destroyed: \(Self.keys(of: plan)), and all files in \
            \(device.state). It cannot be undone.
            Type the serial number to go on:\u{20}
            """
        )
        guard readLine() == plan.serial.text else {
            throw CommandFailure(
                .refused,
                "that is not the serial number: nothing was destroyed",
                hint: "run the same command again and type it as it is shown",
                reasons: ["not-confirmed"]
            )
        }
    }

    private static func keys(of plan: RetirementPlan) -> String {
        plan.remnants.isEmpty
            ? "its keys, which are a file"
            : "\(Counted.of(plan.remnants.count, "key or NV index", "keys and NV indices")) of its TPM"
    }

    private func print(_ outcome: RetirementOutcome) throws {
        try output.print(outcome) {
            guard let serial = outcome.serial else { return "nothing is left of a birth, in the TPM or here" }
            return lines(Self.facts(outcome, serial))
        }
    }

    private static func facts(_ outcome: RetirementOutcome, _ serial: Label) -> [(name: String, value: String?)] {
        let steps = outcome.steps.map { step -> (name: String, value: String?) in
            ("", "\(step.what)\(step.place.isEmpty ? "" : " ")\(step.place): \(text(step.outcome))")
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
        case "left-out": "was left out: the keys and NV indices of the birth are in it still"
        case "kept": "stays: it says that this was done, and has no secrets"
        default: outcome
        }
    }
}
