import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

/// A board that was seen in a slot.
struct SlotBoard: Sendable {
    /// The digests of its endorsement key's public area, by profile; empty where that could not be read.
    var digests: [String: ContentDigest]
    /// What its clock said when it was last seen, and when that was.
    var clock: TPMConnection.TimeInfo
    var at: ContinuousClock.Instant

    /// A TPM's clock may be wrong by 15 percent (Part 1, "Timing Components"), and looking takes a moment.
    private static let tolerance = Duration.seconds(1)

    /// Whether a TPM can only be the one that was seen: it has had power for longer than nobody looked.
    ///
    /// When it has not, only the endorsement key tells; making one to see it takes some TPMs seconds, so it is not done
    /// at each look.
    func isCertainly(_ now: TPMConnection.TimeInfo, at moment: ContinuousClock.Instant) -> Bool {
        let unseen = (moment - at) * 5 / 4 + Self.tolerance
        let (before, after) = (clock.clockInfo, now.clockInfo)
        return before.resetCount == after.resetCount && before.restartCount == after.restartCount
            && now.time >= clock.time && Duration.milliseconds(now.time - clock.time) <= unseen
            && Duration.milliseconds(now.time) > unseen
    }
}

/// What is found when somebody looks into a slot.
enum SlotLook: Sendable {
    case nothing
    /// A TPM that answers and cannot be used.
    case unready(String)
    case board(SlotBoard, isNew: Bool)

    /// Looks.
    /// - Parameters:
    ///   - last: the board that was there before.
    ///   - profiles: tell which endorsement key a board is known by.
    static func into(
        _ slot: LineSlot,
        after last: SlotBoard?,
        profiles: [String: ProvisioningProfile]
    ) async -> SlotLook {
        guard let tpm = try? await openTPM(tcti: slot.tcti) else { return .nothing }
        let look = await look(at: tpm, after: last, profiles)
        await tpm.close()
        return look
    }

    private static func look(
        at tpm: isolated TPM,
        after last: SlotBoard?,
        _ profiles: [String: ProvisioningProfile]
    ) -> SlotLook {
        do {
            let connection = try tpm.connection
            let now = ContinuousClock.now
            let clock = try connection.readClock()
            if var last, last.isCertainly(clock, at: now) {
                (last.clock, last.at) = (clock, now)
                return .board(last, isNew: false)
            }
            let digests = try connection.endorsementDigests(profiles)
            let isNew = last?.digests != digests
            return .board(SlotBoard(digests: digests, clock: clock, at: now), isNew: isNew)
        } catch {
            return .unready(String(describing: error))
        }
    }
}

extension TPMConnection {
    /// The digests by which a station knows this TPM, by profile.
    fileprivate func endorsementDigests(
        _ profiles: [String: ProvisioningProfile]
    ) throws -> [String: ContentDigest] {
        do {
            return try profiles.compactMapValues(endorsementDigest)
        } catch is TPMError {
            // A killed attempt may have left its keys in the TPM's few slots.
            try flushAbandoned()
            return try profiles.compactMapValues(endorsementDigest)
        }
    }

    /// Nil when something else is kept where the profile has its endorsement key: a birth will say so.
    private func endorsementDigest(_ profile: ProvisioningProfile) throws -> ContentDigest? {
        do {
            return ContentDigest(of: try endorsementKey(of: profile).key.publicArea.bytes)
        } catch is BirthRefusal {
            return nil
        }
    }
}
