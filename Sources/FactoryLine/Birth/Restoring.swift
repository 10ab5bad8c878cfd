import DurableFiles
import FactoryAuthority
public import Messages
import TPMDevice
import TPMWire

/// Putting a birth's identity back into the TPM that it was born in, after TPM2_Clear.
///
/// The endorsement seed outlives a clear, so the templates make the same keys again, and their Names say so. Certificates
/// and tag are written again from the record. Counters that the owner had defined are gone, and with them how far they
/// had counted: that the verifier alone knows, and its operator tells.
extension Birth {
    /// Finds out whether a born TPM is what its birth says, and restores what a clear took.
    func lookAgain(
        at record: BirthRecord,
        endorsementKey found: consuming FoundEndorsementKey,
        tpm: ContentDigest,
        _ connection: TPMConnection
    ) throws -> ProvisioningOutcome {
        let kept = try connection.entities(of: record, profile: profile)
        let earlier = try station.restorations(of: record)
        let counters = earlier.last?.counters ?? record.counters
        let differences = try record.differences(of: kept, counters: counters, in: connection, profile: profile)
        let ownership = Ownership(station: station, profile: profile, record: record, tpm: tpm)
        if try differences.isEmpty && ownership.isWhole(connection) && !raisesFloor(above: earlier.last) {
            try ownership.finish()
            return .alreadyBorn(record)
        }
        return try restore(
            record,
            after: earlier,
            differences: differences,
            endorsementKey: found,
            tpm: tpm,
            connection
        )
    }

    /// Restores what is wanting; refuses what is another's.
    ///
    /// - Parameter differences: not empty, unless only the ownership is wanting, or the floor is to rise.
    private func restore(
        _ record: BirthRecord,
        after earlier: [Restoration],
        differences: [BirthDifference],
        endorsementKey found: consuming FoundEndorsementKey,
        tpm: ContentDigest,
        _ connection: TPMConnection
    ) throws -> ProvisioningOutcome {
        let others = differences.filter { !$0.isGone }
        guard others.isEmpty else { throw BirthRefusal(.changedSinceBirth(others.map(\.description))) }
        let isFloorRaised = raisesFloor(above: earlier.last)
        let ownership = Ownership(station: station, profile: profile, record: record, tpm: tpm)
        // Nothing is gone then but a floor that is to rise, and a counter wants no authorization.
        let isOwned = try differences.isEmpty && ownership.isWhole(connection)
        if !isOwned { try Ownership.check(station, profile, tpm: tpm, connection) }
        let ek = try connection.keep(found, of: profile)
        let keys = try keepKeys(record.iak, record.idevid, endorsementKey: ek, connection)
        try connection.flushAbandoned()
        let certificates = try connection.storeCertificates(of: record.iak, record.idevid, profile: profile)
        let counters = try restoredCounters(record, after: earlier, connection)
        let birthTag = try connection.store(
            try CanonicalJSON.encode(record.tag(counters, profile.nv)),
            at: profile.nv.birthTag.handle,
            by: profile.nvOwner
        )
        let kept = KeptEntities(
            keys: keys,
            certificates: certificates,
            birthTag: birthTag,
            securityFloor: try connection.nvIndex(at: profile.nv.securityFloor.handle),
            grants: try connection.nvIndex(at: profile.nv.grants.handle)
        )
        let left = try record.differences(of: kept, counters: counters, in: connection, profile: profile)
        guard left.isEmpty else { throw BirthRefusal(.changedSinceBirth(left.map(\.description))) }
        try connection.lock(kept, by: profile.nvOwner, onlyOpen: true)
        if !isOwned { try ownership.set(over: kept.ek, connection) }
        try ownership.finish()
        let parts = differences.map(\.what) + (isFloorRaised ? ["security floor"] : [])
        return .restored(record, parts.isEmpty ? ["authorization values"] : parts)
    }

    /// Whether the station is told of a floor above the one that it last stated: a verifier refused that one as too low.
    private func raisesFloor(above last: Restoration?) -> Bool {
        guard let told = securityFloor, let last else { return false }
        return told > last.securityFloor
    }

    /// The counters as they were last stated, if they are there; otherwise others, so that the floor is what the verifier has on record.
    private func restoredCounters(
        _ record: BirthRecord,
        after earlier: [Restoration],
        _ connection: TPMConnection
    ) throws -> BornCounters {
        var counters = earlier.last?.counters ?? record.counters
        let areStated = try holds(counters, earlier.last?.securityFloor ?? record.bornWith.securityVersion, connection)
        if areStated && !raisesFloor(above: earlier.last) { return counters }
        guard let told = securityFloor else { throw BirthRefusal(.securityFloorUnknown) }
        guard told >= record.bornWith.securityVersion else {
            throw BirthRefusal(.securityFloorTooLow(told, atBirth: record.bornWith.securityVersion))
        }
        guard told <= Self.maximumSecurityVersion else { throw BirthRefusal(.securityVersionTooHigh(told)) }
        let (owner, nv) = (profile.nvOwner, profile.nv)
        let base = areStated ? counters.securityFloor.base : 0
        let (least, overflow) = base.addingReportingOverflow(told)
        guard !overflow else { throw BirthRefusal(.securityVersionTooHigh(told)) }
        let floor = try connection.counter(at: nv.securityFloor.handle, least: least, by: owner).value
        if !areStated {
            let grants = try connection.counter(at: nv.grants.handle, by: owner).value
            counters = BornCounters(
                securityFloor: BornCounter(index: nv.securityFloor.handle.rawValue, base: floor - told),
                grants: BornCounter(index: nv.grants.handle.rawValue, base: grants)
            )
        }
        // Signed before the tag says so: the next attempt goes on with the same bases.
        let statement = Restoration(
            instance: record.instance,
            serial: record.serial,
            birth: ContentDigest(of: try CanonicalJSON.encode(record)),
            number: UInt32(clamping: earlier.count + 1),
            station: station.name,
            restoredAt: now,
            securityFloor: floor - counters.securityFloor.base,
            counters: counters
        )
        try files.finish(
            SignedEnvelope(
                payload: CanonicalJSON.encode(statement),
                payloadType: Restoration.payloadType,
                signers: [station.signer]
            ),
            number: statement.number,
            of: record.instance
        )
        return counters
    }

    /// Whether both counters are there, and are those whose bases were stated.
    ///
    /// Without the tag they may be of an attempt that was interrupted before it stated theirs; standing exactly as was stated they need
    /// no others.
    private func holds(_ counters: BornCounters, _ floor: UInt64, _ connection: TPMConnection) throws -> Bool {
        guard let floorLeft = try connection.value(of: counters.securityFloor),
            let grantsLeft = try connection.value(of: counters.grants)
        else { return false }
        if try connection.isLocked(profile.nv.birthTag.handle) { return true }
        return floorLeft - counters.securityFloor.base == floor && grantsLeft == counters.grants.base
    }
}

extension Station {
    /// What was signed about later counters of a birth, the first first.
    func restorations(of record: BirthRecord) throws -> [Restoration] {
        let files = BirthFiles(self)
        var found: [Restoration] = []
        while let envelope = try files.restoration(UInt32(clamping: found.count + 1), of: record.instance) {
            let statement = try Restoration(
                parsing: envelope.payload(type: Restoration.payloadType, signedBy: listed.key)
            )
            guard statement.instance == record.instance, Int(statement.number) == found.count + 1 else {
                throw Failure.damaged(
                    path: directory.restoration(statement.number, of: record.instance),
                    "is of another device; restore it from a backup, never delete it"
                )
            }
            found.append(statement)
        }
        return found
    }
}

extension Station {
    /// Where the last signed statement about later counters of a birth is; nil when its counters are those of the birth.
    public func lastRestoration(of record: BirthRecord) throws -> String? {
        try restorations(of: record).last.map { directory.restoration($0.number, of: record.instance) }
    }
}

extension TPMConnection {
    /// The value of a counter, if it is there and not below its base.
    fileprivate func value(of counter: BornCounter) throws(TPMError) -> UInt64? {
        guard let index = try nvIndex(at: Handle(rawValue: counter.index)), let value = try existingCounter(index)
        else {
            return nil
        }
        return value >= counter.base ? value : nil
    }
}
