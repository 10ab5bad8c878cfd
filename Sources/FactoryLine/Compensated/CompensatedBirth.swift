import FactoryAuthority
public import Messages

extension Station {
    /// Gives birth to a device without a TPM, or finds it done.
    ///
    /// There is nothing to prove: the station's word is that this key belongs to the device in front of it. The signed record is written
    /// once, so that the same order again changes nothing.
    /// - Parameters:
    ///   - request: the key, and what the hardware says of itself.
    ///   - origin: where the key was made.
    ///   - now: seconds since 1970.
    /// - Throws: when it could not be decided: a file failed, or the station's word does not count now. Nothing was signed.
    public func enrol(
        _ order: CompensatedOrder,
        _ request: KeyRequest,
        origin: CompensatedBirthRecord.KeyOrigin,
        now: Int64
    ) throws -> CompensatedOutcome {
        let missing = order.requiredClaims.filter { request.claims.values[$0] == nil }
        guard missing.isEmpty else { return .claimsMissing(missing) }
        let files = BirthFiles(self)
        guard try !files.isRetired(request.key.thumbprint, order.serial) else { return .retired }
        let record = try record(order, request.key, request.claims, origin: origin, now: now)
        if let earlier = try currentBirth(of: order.serial) { return earlier.outcome(for: record) }
        // Its date stays for ever, and no verifier would take the bundle that it is in.
        guard listed.isValid(at: now) else { throw BirthInterruption.stationExpired(listed) }
        do {
            try files.claim(order.serial, forKey: request.key)
        } catch let refusal as BirthRefusal {
            guard case .serialTaken? = refusal.reasons.first else { throw refusal }
            return .serialTaken
        }
        let payload = try CanonicalJSON.encode(record)
        // As a verifier will read it: what it would refuse must not leave the line.
        _ = try CompensatedBirthRecord(parsing: payload)
        let envelope = try SignedEnvelope(
            payload: payload,
            payloadType: CompensatedBirthRecord.payloadType,
            signers: [signer]
        )
        try files.finish(envelope, of: order.serial)
        return .born(record)
    }

    /// What a birth by this order says.
    func record(
        _ order: CompensatedOrder,
        _ key: SoftwareKey,
        _ claims: HardwareClaims,
        origin: CompensatedBirthRecord.KeyOrigin,
        now: Int64
    ) throws -> CompensatedBirthRecord {
        CompensatedBirthRecord(
            serial: order.serial,
            model: order.model,
            hardwareRevision: order.hardwareRevision,
            environment: order.environment,
            profile: order.profile,
            bornAt: now,
            station: name,
            replaces: try BirthFiles(self).replacement(of: order.serial),
            bornWith: order.bornWith,
            key: key,
            keyOrigin: origin,
            claims: claims
        )
    }

}

extension InstanceBirth {
    /// What it means for another that has its serial number, or for the same again.
    fileprivate func outcome(for record: CompensatedBirthRecord) -> CompensatedOutcome {
        guard case .compensated(let earlier) = self, earlier.instance == record.instance else { return .serialTaken }
        let differences = earlier.differences(from: record)
        return differences.isEmpty ? .alreadyBorn(earlier) : .orderDiffers(differences)
    }
}

extension CompensatedBirthRecord {
    func differences(from other: CompensatedBirthRecord) -> [String] {
        let parts: [(String, Bool)] = [
            ("model", model == other.model), ("hardware revision", hardwareRevision == other.hardwareRevision),
            ("environment", environment == other.environment), ("profile", profile == other.profile),
            ("package", bornWith == other.bornWith), ("claims", claims == other.claims),
            ("origin of the key", keyOrigin == other.keyOrigin),
        ]
        return parts.filter { !$0.1 }.map(\.0)
    }
}

extension BirthFiles {
    /// Makes this key the one with this serial number; before anything is signed it is free again when another comes.
    fileprivate func claim(_ serial: Label, forKey key: SoftwareKey) throws {
        _ = try claims.claim(serial, for: key.thumbprint) { _ -> Bool? in
            nil
        } release: { holder in
            guard try isRetired(holder, serial) || !isBound(serial, to: holder) else {
                throw BirthRefusal(.serialTaken(by: holder))
            }
        }
    }
}
