import Appraisal
import AttestationResults
import Crypto
import MeasuredBoot
import Messages
import SoftwareDevice
import TPMWire

/// One instance that booted a firmware with 111 events in its log and quotes PCRs 0 to 9.
struct QuoteScene {
    let key: AttestationKey
    let keyBytes: [UInt8]
    let signature: BareSignature
    let replay: BareReplay
    let log: [UInt8]
    let logDigest: ContentDigest
    /// The evidence, for a key that is imported and a log that is given by whoever measures.
    private let input: AppraisalInput

    /// Signs a quote with a key.
    init(_ key: AttestationKey) throws {
        self.key = key
        keyBytes = key.publicArea.bytes
        log = try Firmware.named("bench-110-events").bootLog(banks: [.sha1, .sha256, .sha384])
        logDigest = ContentDigest(of: log)
        guard let selection = PCRSet(bank: .sha256, pcrs: 0..<10),
            let quoted = TPMSPCRSelection(bank: .sha256, pcrs: Set(selection.pcrs)),
            let list = TPMLPCRSelection([quoted])
        else { throw WrongResult(name: "selection", wrong: 1, of: 1) }
        let replay = BareReplay(try EventLog(parsing: log), selection: selection)
        self.replay = replay
        guard let pcrs = PCRValues(bank: .sha256, values: replay.values) else {
            throw WrongResult(name: "replay", wrong: 1, of: 1)
        }
        let enrolled = try EnrolledKey(publicArea: keyBytes, template: key.template)
        let request = Array(#"{"instance":"of the benchmark","version":1}"#.utf8)
        let attest = TPMSAttest(
            qualifiedSigner: enrolled.qualifiedName,
            extraData: DecisionRequest.qualifyingData(for: request),
            clockInfo: TPMSClockInfo(clock: 5_000_000, resetCount: 40, restartCount: 2, safe: true),
            firmwareVersion: 0x2019_1023_0016_3636,
            attested: .quote(
                TPMSQuoteInfo(
                    pcrSelect: list,
                    pcrDigest: Array(SHA256.hash(data: selection.pcrs.flatMap { replay.values[$0] ?? [] }))
                )
            )
        ).bytes
        let signed = try key.sign(attest)
        signature = try BareSignature(of: attest, signed, by: key.publicArea)
        input = AppraisalInput(
            instance: InstanceID(iakName: enrolled.name.contents),
            key: enrolled,
            attest: attest,
            signature: signed.bytes,
            pcrs: pcrs,
            log: .none,
            request: ContentDigest(of: request),
            qualifyingData: DecisionRequest.qualifyingData(for: request),
            selection: selection,
            lastClock: ClockReading(clock: 4_000_000, resetCount: 40, restartCount: 2, safe: true),
            firmwareVersions: [0x2019_1023_0016_3636],
            expectations: [
                BootExpectation(
                    name: .current,
                    profile: BootProfile(exact: pcrs, facts: BootFactRequirements())
                )
            ]
        )
    }

    /// The expectation when a log is there: the same values, and what the log must say.
    private var withFacts: [BootExpectation] {
        [
            BootExpectation(
                name: .current,
                profile: BootProfile(
                    exact: input.pcrs,
                    facts: BootFactRequirements(
                        secureBoot: true,
                        firmwareVersion: "BM-G1 UEFI 1.8.2",
                        kernelCommandLine: "/boot/vmlinuz-6.1.0-26-bench root=/dev/mapper/system-root ro quiet"
                    )
                )
            )
        ]
    }

    /// The evidence with a log.
    func input(_ log: LogEvidence) -> AppraisalInput {
        var input = input
        input.log = log
        if case .none = log {} else { input.expectations = withFacts }
        return input
    }

    /// The log, replayed once.
    var replayed: ReplayedLog { ReplayedLog(log, digest: logDigest, selection: input.selection) }
}
