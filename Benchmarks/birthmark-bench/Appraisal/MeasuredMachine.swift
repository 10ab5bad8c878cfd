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
    /// The values without that of PCR 10, which belongs to no boot.
    var boot: PCRValues { pcrs.without(IMABounds.usualPCR) }
    /// What the list of a kernel begins with: the digest of PCRs 0 to 9.
    var bootAggregate: [UInt8] { Array(SHA256.hash(data: boot.concatenated)) }
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

    init(_ kind: Log = .usual, linux: [UInt8]? = nil) throws {
        var firmware = try Firmware.named("bench-110-events")
        if case .long = kind, let filler = firmware.filler {
            firmware.filler = Firmware.Filler(events: filler.events + 245, bytes: filler.bytes)
        }
        log = firmware.bootLog(banks: [.sha1, .sha256, .sha384])
        logDigest = ContentDigest(of: log)
        guard let selection = PCRSet(bank: .sha256, pcrs: 0..<(linux == nil ? 10 : 11)),
            let quoted = TPMSPCRSelection(bank: .sha256, pcrs: Set(selection.pcrs)),
            let list = TPMLPCRSelection([quoted])
        else { throw WrongResult(name: "selection", wrong: 1, of: 1) }
        let replay = BareReplay(try EventLog(parsing: log), selection: selection)
        var values = replay.values
        if let linux { values[IMABounds.usualPCR] = linux }
        guard let pcrs = PCRValues(bank: .sha256, values: values) else {
            throw WrongResult(name: "replay", wrong: 1, of: 1)
        }
        self.selection = selection
        self.replay = replay
        self.pcrs = pcrs
        quoteInfo = TPMSQuoteInfo(
            pcrSelect: list,
            pcrDigest: Array(SHA256.hash(data: pcrs.concatenated))
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
