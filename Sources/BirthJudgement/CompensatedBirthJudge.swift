public import Messages

/// Judges the birth of an instance without a TPM: the station's word, and that it does not contradict itself.
///
/// There is nothing else to hold.
public struct CompensatedBirthJudge: Sendable {
    private let station: StationKey

    /// - Parameter station: the one whose bundle it came in.
    public init(station: StationKey) { self.station = station }

    /// Reads and judges one envelope.
    public func judge(_ envelope: SignedEnvelope) throws(BirthJudge.Refused) -> JudgedBirth {
        let payload: [UInt8]
        let record: CompensatedBirthRecord
        do {
            payload = try envelope.payload(type: CompensatedBirthRecord.payloadType, signedBy: station.key)
            record = try CompensatedBirthRecord(parsing: payload)
        } catch { throw BirthJudge.Refused(detail: error.detail) }
        try station.hold(record.facts)
        return JudgedBirth(birth: .compensated(record), payload: payload, envelope: envelope)
    }
}

/// A birth that may be taken over.
public struct JudgedBirth: Sendable {
    /// What it says.
    public let birth: InstanceBirth
    /// Its exact bytes.
    public let payload: [UInt8]
    /// As the station signed it.
    public let envelope: SignedEnvelope

    /// What it says of the device whose place it takes.
    public var replaces: Replacement? {
        switch birth {
        case .measured(let record): record.replaces
        case .compensated(let record): record.replaces
        }
    }

    /// What no two births have in common, unless one follows the other: the endorsement key's Name, or the first key.
    public var root: [UInt8] {
        switch birth {
        case .measured(let record): record.ek.name.bytes
        case .compensated(let record): record.key.bytes
        }
    }

    /// The event log that it names.
    public var log: ContentDigest? {
        switch birth {
        case .measured(let record): record.firstBoot.log
        case .compensated: nil
        }
    }
}

extension StationKey {
    /// Whether its word counts for this birth.
    func hold(_ birth: BirthFacts) throws(BirthJudge.Refused) {
        guard birth.station == name else {
            throw BirthJudge.Refused(
                reason: .stationDiffers,
                serial: birth.serial,
                detail: "a birth at \(birth.station), in a bundle of \(name)"
            )
        }
        guard isValid(at: birth.bornAt) else {
            throw BirthJudge.Refused(
                reason: .birthOutsideValidity,
                serial: birth.serial,
                detail: "born when \(name)'s word did not count"
            )
        }
    }
}
