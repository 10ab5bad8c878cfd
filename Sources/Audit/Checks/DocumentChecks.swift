import BirthJudgement
import Messages
import UpdateTrust

extension AuditCheck {
    static let births = AuditCheck(says: "each birth is the record that a station signed, for keys in an endorsed TPM")
    {
        record,
        anchors in
        var judged = Set<ContentDigest>()
        return record.entries.flatMap { placed -> [AuditFinding] in
            switch placed.entry.body {
            case .birth(let entry): return judge(entry, placed, record, anchors.factory, &judged)
            case .restoration(let entry):
                guard let held = record.restorations[entry.statement] else {
                    return [AuditFinding(placed.place, "the station's statement is missing")]
                }
                return judge(held.restoration, held.envelope, placed, anchors.factory)
            default: return []
            }
        }
    }

    private static func judge(
        _ restoration: Restoration,
        _ envelope: SignedEnvelope,
        _ placed: AuditRecord.PlacedEntry,
        _ factory: AuditAnchors.Factory?
    ) -> [AuditFinding] {
        guard restoration.instance == placed.entry.instance else {
            return [AuditFinding(placed.place, "the station's statement is about another instance")]
        }
        guard let factory else { return [] }
        let station = factory.stations.stations.first { $0.name == restoration.station }
        guard let station, station.isValid(at: restoration.restoredAt),
            (try? envelope.payload(type: Restoration.payloadType, signedBy: station.key)) != nil
        else { return [AuditFinding(placed.place, "the statement is not that of a known station")] }
        return []
    }

    /// - Parameter judged: the records that were judged: any number of a stranger's entries may name one.
    private static func judge(
        _ entry: BirthEntry,
        _ placed: AuditRecord.PlacedEntry,
        _ record: AuditRecord,
        _ factory: AuditAnchors.Factory?,
        _ judged: inout Set<ContentDigest>
    ) -> [AuditFinding] {
        guard let held = record.births[entry.record] else {
            return [AuditFinding(placed.place, "the birth record is missing")]
        }
        let facts = held.birth.facts
        guard facts.instance == placed.entry.instance, BirthEntry(facts, payload: entry.record) == entry else {
            return [AuditFinding(placed.place, "is not what the birth record of \(facts.serial) says")]
        }
        guard let factory else { return [] }
        guard let station = factory.stations.stations.first(where: { $0.name == facts.station }) else {
            return [AuditFinding(placed.place, "the station \(facts.station) is not among the known ones")]
        }
        guard judged.insert(entry.record).inserted else { return [] }
        do throws(BirthJudge.Refused) {
            switch held.birth {
            case .measured:
                let judge = BirthJudge(
                    station: station,
                    factories: factory.factories,
                    endorsement: factory.endorsement,
                    allowed: factory.allowed
                )
                _ = try judge.judge(held.envelope, logs: [:])
            case .compensated: _ = try CompensatedBirthJudge(station: station).judge(held.envelope)
            }
            return []
        } catch {
            return [AuditFinding("birth \(facts.serial)", error.detail)]
        }
    }

    static let releases = AuditCheck(says: "each release is what its makers signed") { record, anchors in
        let entries = record.entries.flatMap { placed -> [AuditFinding] in
            guard case .release(let entry) = placed.entry.body else { return [] }
            guard let held = record.releases[entry.manifest] else {
                return [AuditFinding(placed.place, "the release is missing")]
            }
            return ReleaseEntry(manifest: entry.manifest, release: held.release) == entry
                ? [] : [AuditFinding(placed.place, "is not what the release says")]
        }
        guard let keys = anchors.releaseKeys else { return entries }
        let signatures = record.releases.values.compactMap { held -> AuditFinding? in
            let isOfBefore = anchors.earlierReleaseKeys.contains { earlier in
                (try? held.envelope.payload(type: Release.payloadType, signedBy: earlier)) != nil
            }
            guard !isOfBefore else { return nil }
            do throws(MessageError) {
                _ = try held.envelope.payload(type: Release.payloadType, signedBy: keys)
                return nil
            } catch {
                return AuditFinding("release \(held.release.name) \(held.release.version)", error.detail)
            }
        }
        return entries + signatures.sorted { $0.place < $1.place }
    }

    static let policies = AuditCheck(says: "each decision names a policy that had come into force, and a rule of it") {
        record,
        _ in
        var inForce: ContentDigest?
        var findings: [AuditFinding] = []
        for placed in record.entries {
            let named: (policy: ContentDigest, rule: Label?)
            switch placed.entry.body {
            case .policy(let entry):
                inForce = entry.policy
                continue
            case .decision(let entry): named = (entry.policy, entry.rule)
            case .compensated(let entry): named = (entry.policy, entry.rule)
            default: continue
            }
            // A commit refuses a decision by a policy that another has replaced.
            guard inForce == named.policy else {
                findings.append(AuditFinding(placed.place, "its policy was not in force, by the entries before it"))
                continue
            }
            guard let policy = record.policies[named.policy] else {
                findings.append(AuditFinding(placed.place, "its policy \(named.policy.short) is missing"))
                continue
            }
            if let rule = named.rule, !policy.rules.contains(where: { $0.id == rule }) {
                findings.append(AuditFinding(placed.place, "its policy has no rule \(rule)"))
            }
        }
        return findings
    }
}
