import Ledger
import Messages

/// A part of a gate's judgement: what it found, or why it shuts the gate.
struct GateFinding<Value> {
    var value: Value?
    var reasons: [GateReason] = []
}

extension GateFinding<Release> {
    /// The makers' word about the package, and the package itself.
    static func release(
        _ envelope: SignedEnvelope,
        of package: GrantedPackage,
        _ measured: MeasuredPackage,
        trust: GateTrust
    ) -> GateFinding<Release> {
        guard let payload = try? envelope.payload(type: Release.payloadType, signedBy: trust.releaseKeys) else {
            return GateFinding(reasons: [.releaseSignature])
        }
        guard let release = try? Release(parsing: payload) else { return GateFinding(reasons: [.releaseMalformed]) }
        var finding = GateFinding(value: release)
        if ContentDigest(of: payload) != package.manifest { finding.reasons.append(.otherRelease) }
        let isSame =
            release.name == package.name && release.version == package.version
            && release.securityVersion == package.securityVersion && release.artifact.size == package.size
            && release.artifact.sha256 == package.sha256
        if !isSame { finding.reasons.append(.otherPackage) }
        if measured.size != package.size || measured.sha256 != package.sha256 {
            finding.reasons.append(.packageContent)
        }
        return finding
    }
}

extension LedgerEntry {
    /// Whether it is the entry of a grant.
    /// - Parameters:
    ///   - grant: SHA-256 of the grant's compact form.
    ///   - downgrade: the act that the grant names.
    func states(
        _ grant: ContentDigest,
        _ claims: some FramedClaims,
        to instance: InstanceID,
        downgrade: ContentDigest?
    ) -> Bool {
        guard case .grant(let body) = self.body else { return false }
        return self.instance == instance && body.grant == grant && body.jti == claims.jti
            && body.request == claims.request && body.downgrade == downgrade
    }
}

extension GrantDelivery {
    /// What is not on the ledger is not installed: so nothing can be given out in secret.
    /// - Parameters:
    ///   - witnesses: how many must have signed, as the grant says: it can raise what the bundle requires, never lower it.
    ///   - time: from when the grant was made until it ends, as it says, in seconds since 1970.
    ///   - states: whether an entry is that of the grant.
    func reasons(
        trust: GateTrust,
        wanting witnesses: Int?,
        good time: Range<Int64>,
        states: (LedgerEntry) -> Bool
    ) -> [GateReason] {
        guard let leaf = try? LogEntry(entry.bytes), let stated = try? LedgerEntry(parsing: entry.bytes) else {
            return [.entryMalformed]
        }
        var reasons: [GateReason] = []
        if !states(stated) { reasons.append(.entryMismatch) }
        guard let proof = try? LogProof(parsing: Array(proof.utf8)) else { return reasons + [.proofMalformed] }
        let quorum = max(trust.witnessQuorum, witnesses ?? 0)
        guard quorum <= trust.witnesses.count else { return reasons + [.tooFewWitnessesKnown] }
        switch proof.verify(entry: leaf, logKeys: trust.ledgerKeys, witnesses: trust.witnesses, quorum: quorum) {
        case .success(let verified):
            // Who writes today what was granted last month finds nobody who has seen it last month.
            let near = verified.cosignatures.values.count { Self.isNear($0, time) }
            if near < quorum { reasons.append(.ledgerTime) }
        case .failure(.notIncluded): reasons.append(.notOnLedger)
        case .failure(.witnessesMissing): reasons.append(.ledgerUnwitnessed)
        case .failure: reasons.append(.checkpointRefused)
        }
        return reasons
    }

    private static func isNear(_ time: Int, _ range: Range<Int64>) -> Bool {
        let seen = Int64(time)
        let (earliest, below) = range.lowerBound.subtractingReportingOverflow(GateTrust.witnessTolerance)
        let (latest, above) = range.upperBound.addingReportingOverflow(GateTrust.witnessTolerance)
        return (below || seen >= earliest) && (above || seen < latest)
    }
}
