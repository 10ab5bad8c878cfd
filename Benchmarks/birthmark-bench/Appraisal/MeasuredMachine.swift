import Crypto
import MeasuredBoot
import Messages
import SoftwareDevice
import TPMWire

/// A machine that booted, and whose TPM quotes PCRs 0 to 9 of the SHA-256 bank.
struct MeasuredMachine: Sendable {
    let log: [UInt8]
    let logDigest: ContentDigest
    let selection: PCRSet
    let pcrs: PCRValues
    let replay: BareReplay
    private let quoteInfo: TPMSQuoteInfo

    static let firmwareVersion: UInt64 = 0x2019_1023_0016_3636

    /// How much its firmware and boot loader log.
    enum Log {
        /// 111 events in 34 KB.
        case usual
        /// 356 events in 100 KB.
        case long
    }

    init(_ kind: Log = .usual) throws {
        var firmware = try Firmware.named("bench-110-events")
        if case .long = kind, let filler = firmware.filler {
            firmware.filler = Firmware.Filler(events: filler.events + 245, bytes: filler.bytes)
        }
        log = firmware.bootLog(banks: [.sha1, .sha256, .sha384])
        logDigest = ContentDigest(of: log)
        guard let selection = PCRSet(bank: .sha256, pcrs: 0..<10),
            let quoted = TPMSPCRSelection(bank: .sha256, pcrs: Set(selection.pcrs)),
            let list = TPMLPCRSelection([quoted])
        else { throw WrongResult(name: "selection", wrong: 1, of: 1) }
        let replay = BareReplay(try EventLog(parsing: log), selection: selection)
        guard let pcrs = PCRValues(bank: .sha256, values: replay.values) else {
            throw WrongResult(name: "replay", wrong: 1, of: 1)
        }
        self.selection = selection
        self.replay = replay
        self.pcrs = pcrs
        quoteInfo = TPMSQuoteInfo(
            pcrSelect: list,
            pcrDigest: Array(SHA256.hash(data: selection.pcrs.flatMap { replay.values[$0] ?? [] }))
        )
    }

    /// What the TPM says when it is asked to quote.
    func attest(signer: Name, request: [UInt8], clock: UInt64) -> [UInt8] {
        TPMSAttest(
            qualifiedSigner: signer,
            extraData: DecisionRequest.qualifyingData(for: request),
            clockInfo: TPMSClockInfo(clock: clock, resetCount: 40, restartCount: 2, safe: true),
            firmwareVersion: Self.firmwareVersion,
            attested: .quote(quoteInfo)
        ).bytes
    }
}
