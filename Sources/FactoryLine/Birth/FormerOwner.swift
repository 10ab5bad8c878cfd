import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

/// A TPM that changes hands: what the former owner's birth has left in it goes, and its keys stay.
///
/// Nothing of ours is written before the former tag is gone, which goes last. So a birth that was cut off anywhere knows by that tag alone
/// whose the indices are that it finds.
extension Birth {
    /// The tag of a birth that this station knows nothing of, when the order takes that one over; a tag without a journal is a reason to
    /// refuse otherwise, because another station has begun or finished that birth.
    func formerTag(_ connection: TPMConnection) throws -> Blob? {
        let handle = profile.nv.birthTag.handle
        guard let content = try connection.content(of: handle) else {
            if order.takesOver != nil { try refuseCounters(connection) }
            return nil
        }
        guard let tag = try? BirthTag(parsing: content) else { throw BirthRefusal(.indexTaken(handle)) }
        guard let takesOver = order.takesOver else { throw BirthRefusal(.bornElsewhere(serial: tag.serial)) }
        guard tag.instance == takesOver.instance else { throw BirthRefusal(.takesOverAnother(tag.instance)) }
        try refuseOthers(tag, connection)
        try refuseCounters(connection, besides: [tag.counters.grants.index, tag.counters.securityFloor.index])
        return Blob(content)
    }

    /// Gives the hierarchies back their empty values, with those that the former owner has handed over.
    ///
    /// Before the birth begins: it then has a TPM like a new one in front of it. What is not handed over is a reason to refuse, whatever the
    /// profile sets: its holder could clear the TPM, or lock it.
    func releaseHierarchies(tpm: ContentDigest, _ connection: TPMConnection) throws {
        guard order.takesOver != nil, try files.values(of: tpm) == nil else { return }
        func owned() throws -> [OwnedHierarchy] {
            try connection.permanentAttributes().owned(of: OwnedHierarchy.allCases)
        }
        let former = try owned()
        guard !former.isEmpty else { return }
        // Another TPM keeps its values.
        if try files.journal(of: tpm) == nil { _ = try formerTag(connection) }
        for hierarchy in former {
            guard let value = formerValues?[hierarchy] else { continue }
            try connection.release(hierarchy, from: value)
        }
        let left = try owned()
        guard left.isEmpty else { throw BirthRefusal(.hierarchyOwned(left.map(\.rawValue))) }
    }

    /// Removes what the former owner's birth has left, its tag last; without that tag nothing is left of it.
    func removeFormerOwner(_ journal: BirthJournal, _ connection: TPMConnection) throws {
        let handle = profile.nv.birthTag.handle
        guard let former = journal.formerTag?.bytes, try connection.content(of: handle) == former else { return }
        let tag = try BirthTag(parsing: former)
        try refuseOthers(tag, connection)
        for (place, key) in [(tag.iakHandle, journal.enrolled.iak), (tag.idevidHandle, journal.enrolled.idevid)] {
            // At ours it stays.
            guard let place, place != key.handle,
                let kept = try connection.persistentObject(at: Handle(rawValue: place)),
                try kept.name.contents == key.name.bytes
            else { continue }
            try connection.evict(kept)
        }
        for place in certificates(of: tag) { try connection.undefine(place) }
        for counter in [tag.counters.grants, tag.counters.securityFloor] {
            try connection.undefine(Handle(rawValue: counter.index))
        }
        try connection.undefine(handle)
    }

    /// What the counter of grants begins with: for a TPM that changes hands a value that no grant of its former owner opens for.
    ///
    /// A counter never goes back, even undefined and defined again (Part 1, on NV counters), and the floor's was defined after all of the
    /// former owner's; grants that stand in a row are bound to values that may be yet to come.
    func leastGrants(above floor: UInt64) throws -> UInt64 {
        guard order.takesOver != nil else { return 0 }
        let (least, overflow) = floor.addingReportingOverflow(UInt64(BornCounters.grantsInARow))
        guard !overflow else { throw BirthInterruption.notTaken("TPM2_NV_Increment") }
        return least
    }

    /// Without a tag that names them nobody knows whose counters these are, and how far grants reach that are bound to them.
    private func refuseCounters(_ connection: TPMConnection, besides named: [UInt32] = []) throws {
        for handle in [profile.nv.securityFloor, profile.nv.grants].map(\.handle) {
            guard !named.contains(handle.rawValue), try connection.nvIndex(at: handle) != nil else { continue }
            throw BirthRefusal(.indexTaken(handle))
        }
    }

    /// A tag may say anything: what is no index of a birth is not removed.
    private func refuseOthers(_ tag: BirthTag, _ connection: TPMConnection) throws {
        for place in certificates(of: tag) {
            guard let index = try connection.nvIndex(at: place) else { continue }
            guard try connection.isRecord(index) else { throw BirthRefusal(.indexTaken(place)) }
        }
        for counter in [tag.counters.grants, tag.counters.securityFloor] {
            let place = Handle(rawValue: counter.index)
            guard let index = try connection.nvIndex(at: place) else { continue }
            guard try connection.existingCounter(index) != nil else { throw BirthRefusal(.indexTaken(place)) }
        }
    }

    /// Stations that did not write the places into the tag had those of the profile.
    private func certificates(of tag: BirthTag) -> [Handle] {
        (tag.certificates ?? profile.nv.certificates).map { Handle(rawValue: $0) }
    }
}

extension TPMConnection {
    /// Takes a hierarchy's value away; it does not cross the bus.
    fileprivate func release(_ hierarchy: OwnedHierarchy, from value: [UInt8]) throws {
        try setAuthorizationValue(value, of: hierarchy.hierarchy)
        do throws(TPMError) {
            try hierarchyChangeAuth(of: hierarchy.hierarchy, to: [], authorization: .session(startSession(.hmac)))
        } catch {
            guard error.code == .authFail || error.code == .badAuth else { throw error }
            throw BirthRefusal(.hierarchyOwned([hierarchy.rawValue]))
        }
        try setAuthorizationValue([], of: hierarchy.hierarchy)
    }

    /// Undefines an index by the hierarchy that has defined it, if it is there.
    fileprivate func undefine(_ handle: Handle) throws {
        guard let index = try nvIndex(at: handle) else { return }
        let isPlatforms = try nvReadPublic(index).publicArea.attributes.contains(.platformCreate)
        do throws(TPMError) {
            try nvUndefineSpace(index, by: isPlatforms ? .platform : .owner)
        } catch {
            guard isPlatforms, Birth.isUnauthorised(error) else { throw error }
            throw BirthInterruption.platformClosed
        }
    }
}
