import BirthJudgement
import Endorsement
import Messages

/// Judges a bundle as a whole, and every birth in it again: all of it is as the station said and so, or none of it is taken.
struct BundleJudge: Sendable {
    let stations: StationKeys
    let factories: FactoryPolicy
    /// `nil` when no vendor's roots were given: then the factory's judgement of endorsement keys stands.
    let endorsement: EndorsementPolicy?
    /// Endorsement keys that are believed without a certificate; `nil` when the operator keeps no such list.
    let allowed: EKAllowList?
    /// The keys of stations that were reported compromised: their ids.
    var compromised: Set<String> = []

    /// A bundle that may be taken over.
    struct Judged: Sendable {
        var list: BundleList
        /// SHA-256 of the list.
        var digest: ContentDigest
        /// In the bundle's order.
        var births: [JudgedBirth]
        var logs: [ContentDigest: [UInt8]]
        /// In the bundle's order: those of one instance as they were made.
        var restorations: [RestorationJudge.Judged]
    }

    /// Why a bundle is not taken over.
    struct Refused: Error {
        var reason: BundleReason
        /// For the operator who brings it; names serial numbers, and holds nothing that was not in the bundle.
        var detail: String

        init(_ reason: BundleReason, _ detail: String) {
            self.reason = reason
            self.detail = detail
        }
    }

    // Enough to see what they have in common.
    private static let shownFaults = 5

    /// Judges.
    /// - Parameter now: the verifier's clock, in seconds since 1970.
    func judge(_ bundle: BirthBundle, at now: Int64) throws(Refused) -> Judged {
        let (station, list) = try list(of: bundle, at: now)
        try hold(bundle.births, to: list.births, "birth")
        try hold(bundle.restorations ?? [], to: list.restorations ?? [], "restoration")
        let logs = try logs(of: bundle, list)
        let judge = BirthJudge(station: station, factories: factories, endorsement: endorsement, allowed: allowed)
        var births: [JudgedBirth] = []
        var faults: [String] = []
        for (index, envelope) in bundle.births.enumerated() {
            do {
                births.append(
                    envelope.payloadType == CompensatedBirthRecord.payloadType
                        ? try CompensatedBirthJudge(station: station).judge(envelope)
                        : try judge.judge(envelope, logs: logs)
                )
            } catch {
                guard error.reason == .birthNotBelieved else {
                    throw Refused(error.reason, Self.named(error, index))
                }
                faults.append(Self.named(error, index))
            }
        }
        guard faults.isEmpty else {
            let rest = faults.count - Self.shownFaults
            let shown = faults.prefix(Self.shownFaults).joined(separator: "; ")
            throw Refused(.birthNotBelieved, shown + (rest > 0 ? "; and \(rest) more" : ""))
        }
        try holdApart(births)
        guard Set(births.compactMap(\.log)) == Set(logs.keys) else {
            throw Refused(.logsDiffer, "the event logs are not those that the births name")
        }
        let restorations = try RestorationJudge(station: station).judge(bundle.restorations ?? [])
        return Judged(
            list: list,
            digest: ContentDigest(of: bundle.list.payload.bytes),
            births: births,
            logs: logs,
            restorations: restorations
        )
    }

    /// The list, once a station that this verifier trusts has signed it and its word counts.
    private func list(
        of bundle: BirthBundle,
        at now: Int64
    ) throws(Refused) -> (station: StationKey, list: BundleList) {
        let envelope = bundle.list
        guard let station = envelope.signatures.first.flatMap({ stations.station(keyID: $0.keyid) }) else {
            throw Refused(.stationUnknown, "no station that this verifier trusts has the key that signed it")
        }
        guard !compromised.contains(station.key.id) else {
            throw Refused(.stationCompromised, "\(station.name)'s key was reported compromised")
        }
        let payload: [UInt8]
        do {
            payload = try envelope.payload(type: BundleList.payloadType, signedBy: station.key)
        } catch { throw Refused(.listSignature, "\(station.name)'s signature: \(error.detail)") }
        let list: BundleList
        do {
            list = try BundleList(parsing: payload)
        } catch { throw Refused(.listUnreadable, error.detail) }
        guard list.station == station.name else {
            throw Refused(.stationDiffers, "\(station.name)'s key signed it, and it says \(list.station)")
        }
        guard station.isValid(at: now), station.isValid(at: list.exportedAt) else {
            throw Refused(
                .stationExpired,
                station.isValid(at: now)
                    ? "it was made when \(station.name)'s word did not count"
                    : "\(station.name)'s word \(now < station.from ? "does not count yet" : "counts no longer")"
            )
        }
        return (station, list)
    }

    private func hold(
        _ statements: [SignedEnvelope],
        to digests: [ContentDigest],
        _ what: String
    ) throws(Refused) {
        guard statements.count == digests.count else {
            throw Refused(
                .birthsDiffer,
                "it holds \(statements.count) \(what)s, and the station signed for \(digests.count)"
            )
        }
        for (index, (statement, digest)) in zip(statements, digests).enumerated() {
            guard (try? statement.digest) == digest else {
                throw Refused(.birthsDiffer, "\(what) \(index + 1) is not the one that the station signed for")
            }
        }
    }

    private func logs(of bundle: BirthBundle, _ list: BundleList) throws(Refused) -> [ContentDigest: [UInt8]] {
        guard bundle.logs.allSatisfy({ $0.bytes.count <= Evidence.maximumLogSize }) else {
            throw Refused(.logsDiffer, "an event log has more than \(Evidence.maximumLogSize) bytes")
        }
        let digests = bundle.logs.map { ContentDigest(of: $0.bytes) }
        guard digests == list.logs else {
            throw Refused(.logsDiffer, "the \(digests.count) event logs are not those that the station signed for")
        }
        // The list names each once.
        return Dictionary(zip(digests, bundle.logs.map(\.bytes))) { first, _ in first }
    }

    /// No two births of one bundle are of one instance or one TPM; of one serial number only when each but the first replaces another.
    private func holdApart(_ births: [JudgedBirth]) throws(Refused) {
        struct Holding: Hashable {
            var serial: Label
            var replaces: InstanceID?
        }
        var (instances, roots, serials) = (Set<InstanceID>(), Set<[UInt8]>(), Set<Holding>())
        for birth in births {
            let facts = birth.birth.facts
            let holding = Holding(serial: facts.serial, replaces: birth.replaces?.instance)
            guard instances.insert(facts.instance).inserted, roots.insert(birth.root).inserted,
                serials.insert(holding).inserted
            else { throw Refused(.birthDoubled, "\(facts.serial): its instance, TPM or serial number comes twice") }
        }
    }

    /// Which birth, and what is wrong with it, in one bounded line: names out of certificates may stand in it.
    private static func named(_ refused: BirthJudge.Refused, _ index: Int) -> String {
        let name = refused.serial?.text ?? "birth \(index + 1)"
        return MessageError(.outOfRange, "\(name): \(refused.detail)").detail
    }
}
