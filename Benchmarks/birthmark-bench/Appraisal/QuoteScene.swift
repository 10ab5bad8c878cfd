import Appraisal
import AttestationResults
import Messages
import TPMWire

/// Evidence of one instance, and what checking it costs at least.
struct QuoteScene {
    let key: AttestationKey
    let keyBytes: [UInt8]
    let machine: MeasuredMachine
    let signature: BareSignature
    /// The evidence, for a key that is imported and a log that is given by whoever measures.
    private let input: AppraisalInput

    /// Signs a quote with a key.
    /// - Parameter linux: the value of PCR 10, when that is quoted as well.
    init(_ key: AttestationKey, log: MeasuredMachine.Log = .usual, linux: [UInt8]? = nil) throws {
        self.key = key
        keyBytes = key.publicArea.bytes
        machine = try MeasuredMachine(log, linux: linux)
        let enrolled = try EnrolledKey(publicArea: keyBytes, template: key.template)
        let request = Array(#"{"instance":"of the benchmark","version":1}"#.utf8)
        let attest = machine.attest(signer: enrolled.qualifiedName, request: request, clock: 5_000_000)
        let signed = try key.sign(attest)
        signature = try BareSignature(of: attest, signed, by: key.publicArea)
        input = AppraisalInput(
            instance: InstanceID(iakName: enrolled.name.contents),
            key: enrolled,
            attest: attest,
            signature: signed.bytes,
            pcrs: machine.pcrs,
            log: .none,
            request: ContentDigest(of: request),
            qualifyingData: DecisionRequest.qualifyingData(for: request),
            selection: machine.selection,
            lastClock: ClockReading(clock: 4_000_000, resetCount: 40, restartCount: 2, safe: true),
            firmwareVersions: [MeasuredMachine.firmwareVersion],
            expectations: [
                BootExpectation(
                    name: .current,
                    profile: BootProfile(exact: machine.boot, facts: BootFactRequirements())
                )
            ]
        )
    }

    /// The evidence with a log, whose values are the same and which must say the right things.
    func input(_ log: LogEvidence, facts: BootFactRequirements = BootFactRequirements()) -> AppraisalInput {
        var input = input
        input.log = log
        input.expectations = [
            BootExpectation(name: .current, profile: BootProfile(exact: machine.boot, facts: facts))
        ]
        return input
    }

    /// Everything that a policy may ask of a log.
    static let facts = BootFactRequirements(
        secureBoot: true,
        firmwareVersion: "BM-G1 UEFI 1.8.2",
        kernelCommandLine: "/boot/vmlinuz-6.1.0-26-bench root=/dev/mapper/system-root ro quiet"
    )

    /// The log, as it comes the first time.
    var firstSeen: LogEvidence { .bytes(machine.log, digest: machine.logDigest) }

    /// The log, replayed before.
    var known: LogEvidence {
        .replayed(ReplayedLog(machine.log, digest: machine.logDigest, selection: machine.selection))
    }
}
