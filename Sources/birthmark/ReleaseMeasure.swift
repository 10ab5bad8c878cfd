import Appraisal
import ArgumentParser
import CommandLineContract
import MeasuredBoot
import Messages
import TPMWire

struct ReleaseMeasure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Takes a release's boot from a golden event log.",
        discussion: """
            PCRs that are equal in every unit are taken exactly (by default 0, 2, 4, 7, 8 and 9, those of them that the \
            log extends); what the others prove is taken as facts: Secure Boot when it is on, and the firmware version, \
            the boot applications and the kernel command line where the PCR that proves them is not taken exactly. \
            With --pcrs the log must replay to what the device's TPM quoted.

            Example: birthmark release measure --log boot.log > boot-2.0.json
            """
    )

    @Option(help: ArgumentHelp("The golden device's event log.", valueName: "file"))
    var log: String
    @Option(help: "The bank: sha1, sha256, sha384 or sha512.")
    var bank = PCRBank.sha256
    @Option(help: ArgumentHelp("The PCRs to take exactly; default: as above.", valueName: "0,2,4,…"))
    var exact: String?
    @Option(
        help: ArgumentHelp(
            "The device's PCR values, {\"sha256\":{\"0\":\"<hex>\"}}, that the log must replay to.",
            valueName: "file"
        )
    )
    var pcrs: String?
    @OptionGroup var output: OutputOptions

    /// Firmware, option ROMs, boot loader, Secure Boot policy, loader's commands and files: the maker's, not the unit's.
    private static let usual = [0, 2, 4, 7, 8, 9]

    func run() async throws {
        let replay = try replayed()
        let chosen = try chosenPCRs(replay)
        var values: [Int: [UInt8]] = [:]
        for pcr in chosen {
            guard let value = replay.value(of: pcr) else {
                throw CommandFailure(
                    .malformed,
                    "PCR \(pcr) cannot be replayed: "
                        + (replay.obstacles.first { $0.pcr == pcr }.map(String.init(describing:)) ?? "no value"),
                    hint: "leave it out of --exact"
                )
            }
            values[pcr] = Array(value)
        }
        guard let exact = PCRValues(bank: bank, values: values), let believed = AuthenticatedLog(unconfirmed: replay)
        else {
            throw CommandFailure(.malformed, "\(log) has no values for the bank \(bank.rawValue)")
        }
        let profile = BootProfile(
            exact: exact,
            facts: requirements(BootFacts(believed), beside: Set(chosen)),
            log: ContentDigest(of: replay.log.bytes)
        )
        let bytes = try parsing(log) { () throws(MessageError) in try EditedJSON.encode(profile) }
        if output.json { return try output.print(profile) { "" } }
        guard StandardOutput.write(String(decoding: bytes, as: UTF8.self)) else {
            throw CommandFailure(.environment, "standard output cannot be written")
        }
    }

    private func replayed() throws -> Replay {
        let log = try readEventLog(self.log)
        let replay: Replay
        do {
            replay = try Replay(log, bank: bank.algorithm)
        } catch {
            throw CommandFailure(.malformed, "\(self.log): \(error)", hint: "choose another bank with --bank")
        }
        guard let pcrs else { return replay }
        let quoted = try readPCRs(pcrs)
        guard let values = quoted.first(where: { $0.bank == bank })?.values else {
            throw CommandFailure(.malformed, "\(pcrs) has no values of the bank \(bank.rawValue)")
        }
        if case .failure(let mismatch) = replay.authenticated(by: values) {
            throw CommandFailure(
                .refused,
                "the log does not replay to the quoted PCRs: "
                    + mismatch.pcrs.map(String.init(describing:)).joined(separator: "; "),
                hint: "take log and PCRs from one boot",
                reasons: ["log-replay-mismatch"]
            )
        }
        return replay
    }

    private func chosenPCRs(_ replay: Replay) throws(CommandFailure) -> [Int] {
        guard let exact else { return Self.usual.filter(replay.extended.contains) }
        let numbers = exact.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        let chosen = numbers.compactMap { $0 }
        guard chosen.count == numbers.count, PCRSet(bank: bank, pcrs: chosen) != nil else {
            throw CommandFailure(.malformed, "--exact takes PCR numbers from 0 to 23, none twice, such as 0,2,4")
        }
        return chosen
    }

    private func requirements(_ facts: BootFacts, beside exact: Set<Int>) -> BootFactRequirements {
        var required = BootFactRequirements()
        if facts.secureBoot.state == .enabled { required.secureBoot = true }
        if !exact.contains(0) { required.firmwareVersion = facts.firmwareVersion?.value }
        if !exact.contains(4), !facts.bootApplications.isEmpty {
            required.bootApplications = facts.bootApplications.map { HexBytes($0.digest) }
        }
        if exact.isDisjoint(with: [8, 12]), case .measured(let line) = facts.kernelCommandLine() {
            required.kernelCommandLine = line.value
        }
        return required
    }
}
