import Crypto
import Hashing
public import TPMWire

/// The PCR values that a log's events add up to in one bank.
public struct Replay: Sendable {
    public let log: EventLog
    public let bank: AlgorithmID
    /// The PCRs that the log has events for.
    public let extended: PCRMask
    /// What keeps single PCRs from being replayed; their values are not given.
    public let obstacles: [Obstacle]

    /// All values one after the other, each followed by room for a digest to be extended.
    private let values: [UInt8]
    private let digestSize: Int
    /// The PCRs that an obstacle keeps from being replayed.
    let blocked: PCRMask

    /// Replays a log in a bank; throws when the log or this program does not have the bank.
    public init(_ log: EventLog, bank: AlgorithmID) throws(ReplayError) {
        guard let place = log.place(of: bank) else { throw .bankNotInLog(bank) }
        guard let hash = BankHash(bank) else { throw .bankNotSupported(bank) }
        var machine = ReplayMachine(log, hash: hash, place: place)
        machine.run()
        self.log = log
        self.bank = bank
        extended = machine.extended
        obstacles = machine.obstacles
        values = machine.values
        digestSize = hash.digestSize
        blocked = PCRMask(machine.obstacles.map(\.pcr))
    }

    /// The value of a PCR, its reset value when the log has no event for it.
    ///
    /// - Returns: nil when an obstacle keeps the PCR from being replayed, or there is no such PCR.
    public func value(of pcr: Int) -> ArraySlice<UInt8>? {
        guard EventLogBounds.pcrs.contains(pcr), !blocked.contains(pcr) else { return nil }
        let start = pcr * 2 * digestSize
        return values[start..<start + digestSize]
    }

    /// Why one PCR cannot be replayed.
    public struct Obstacle: Hashable, Sendable {
        public enum Cause: Hashable, Sendable {
            /// The event has no digest in this bank, so the firmware or loader did not extend it there, or hides it.
            case digestMissing
            /// A StartupLocality event that is not the only one, not first, not on PCR 0, or not of the form.
            case startupLocality
            /// An H-CRTM event that does not come first in PCR 0, or contradicts the StartupLocality event.
            case hardwareCRTM
        }

        public let pcr: Int
        /// The index of the event at fault.
        public let event: Int
        public let cause: Cause
    }
}

/// Why a log cannot be replayed in a bank at all.
public enum ReplayError: Error, Hashable, Sendable {
    case bankNotInLog(AlgorithmID)
    case bankNotSupported(AlgorithmID)
}

extension ReplayError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .bankNotInLog(let bank): "the log has no digests for bank \(bank)"
        case .bankNotSupported(let bank): "bank \(bank) cannot be computed here: its hash is not implemented"
        }
    }
}

extension Replay.Obstacle: CustomStringConvertible {
    public var description: String {
        let reason =
            switch cause {
            case .digestMissing: "has no digest in this bank"
            case .startupLocality: "is a StartupLocality event out of place or malformed"
            case .hardwareCRTM: "is an H-CRTM event out of place"
            }
        return "PCR \(pcr) cannot be replayed: event \(event) \(reason)"
    }
}

/// Extends the log's digests one after the other, as the TPM did (TPM 2.0 Part 1, 17.2).
struct ReplayMachine {
    private let log: EventLog
    private let hash: BankHash
    private let place: DigestPlace
    private(set) var values: [UInt8]
    private(set) var extended = PCRMask()
    private(set) var obstacles: [Replay.Obstacle] = []

    /// PCRs of the dynamic launch, reset to ones and not to zeros (PTP section 4.6).
    private static let dynamicLaunchPCRs = 17...22
    /// PCR 0 begins at this locality when the hardware measured the CRTM (PTP section 4.6).
    private static let hardwareCRTMLocality: UInt8 = 4

    init(_ log: EventLog, hash: BankHash, place: DigestPlace) {
        self.log = log
        self.hash = hash
        self.place = place
        let size = hash.digestSize
        values = [UInt8](repeating: 0, count: EventLogBounds.pcrs.count * 2 * size)
        for pcr in Self.dynamicLaunchPCRs {
            for index in 0..<size { values[pcr * 2 * size + index] = 0xFF }
        }
    }

    /// Replays the whole log.
    mutating func run() {
        values[hash.digestSize - 1] = startingValueOfPCR0()
        switch hash {
        case .sha1: extendAll(Insecure.SHA1.self, place)
        case .sha256: extendAll(SHA256.self, place)
        case .sha384: extendAll(SHA384.self, place)
        case .sha512: extendAll(SHA512.self, place)
        }
    }

    /// New value = H(old value ‖ digest).
    private mutating func extendAll<Function: HashFunction>(_: Function.Type, _ place: DigestPlace) {
        let size = Function.Digest.byteCount
        var values = values
        self.values = []
        let log = log
        let bytes = log.bytes.span
        let events = log.events.span
        var all = values.mutableSpan
        for index in events.indices where events[index].isExtended {
            let pcr = events[index].pcr
            extended.insert(pcr)
            guard let digest = place.offset(of: events[index], bytes) else {
                obstruct(pcr, index)
                continue
            }
            // The parser and this machine have seen to the lengths.
            if !Function.extend(&all, at: pcr * 2 * size, by: bytes.extracting(digest..<digest + size)) {
                obstruct(pcr, index)
            }
        }
        self.values = values
    }

    private mutating func obstruct(_ pcr: Int, _ event: Int) {
        guard !obstacles.contains(where: { $0.pcr == pcr }) else { return }
        obstacles.append(Replay.Obstacle(pcr: pcr, event: event, cause: .digestMissing))
    }

    /// The last byte PCR 0 begins with: the locality of the start-up, which only the log tells (PFP section 10.4.5.3).
    private mutating func startingValueOfPCR0() -> UInt8 {
        var locality: UInt8?
        var measured = false
        for (index, event) in log.events.enumerated() {
            if event.unverifiedType == .noAction {
                switch StartupLocality.parse(log.unverifiedData(of: event)) {
                case .other: break
                case .malformed: refuse(index, .startupLocality)
                case .locality(let value):
                    if locality != nil || measured || event.pcr != 0 { refuse(index, .startupLocality) }
                    locality = value
                }
            } else if event.pcr == 0 {
                if event.unverifiedType == .efiHCRTM {
                    if measured || (locality ?? Self.hardwareCRTMLocality) != Self.hardwareCRTMLocality {
                        refuse(index, .hardwareCRTM)
                    }
                    locality = Self.hardwareCRTMLocality
                }
                measured = true
            }
        }
        return locality ?? 0
    }

    private mutating func refuse(_ event: Int, _ cause: Replay.Obstacle.Cause) {
        obstacles.append(Replay.Obstacle(pcr: 0, event: event, cause: cause))
    }
}

/// The event that tells at which locality the TPM was started (PFP section 10.4.5.3).
enum StartupLocality {
    case other
    case malformed
    case locality(UInt8)

    private static let signature = Array("StartupLocality\0".utf8)

    static func parse(_ data: ArraySlice<UInt8>) -> StartupLocality {
        guard data.starts(with: signature) else { return .other }
        guard data.count == signature.count + 1, let value = data.last, [0, 3, 4].contains(value) else {
            return .malformed
        }
        return .locality(value)
    }
}
