import Messages

/// Judges what a station signed when it restored devices, before any record is asked.
struct RestorationJudge: Sendable {
    /// The station whose bundle it came in.
    let station: StationKey

    /// A restoration that may be held to what is on record.
    struct Judged: Sendable {
        var restoration: Restoration
        /// SHA-256 of the statement's bytes.
        var statement: ContentDigest
        var envelope: SignedEnvelope
    }

    /// Reads and judges all of a bundle.
    func judge(_ envelopes: [SignedEnvelope]) throws(BundleJudge.Refused) -> [Judged] {
        var judged: [Judged] = []
        var latest: [InstanceID: UInt32] = [:]
        for (index, envelope) in envelopes.enumerated() {
            let one = try judge(envelope, named: "restoration \(index + 1)")
            let restoration = one.restoration
            guard restoration.number > latest[restoration.instance] ?? 0 else {
                throw Self.refused("the restorations of \(restoration.serial) are not each once and in their order")
            }
            latest[restoration.instance] = restoration.number
            judged.append(one)
        }
        return judged
    }

    private func judge(_ envelope: SignedEnvelope, named name: String) throws(BundleJudge.Refused) -> Judged {
        let restoration: Restoration
        let statement: ContentDigest
        do throws(MessageError) {
            let payload = try envelope.payload(type: Restoration.payloadType, signedBy: station.key)
            restoration = try Restoration(parsing: payload)
            statement = ContentDigest(of: payload)
        } catch { throw Self.refused("\(name): \(error.detail)") }
        guard restoration.station == station.name else {
            throw BundleJudge.Refused(
                .stationDiffers,
                "\(restoration.serial) was restored at \(restoration.station), in a bundle of \(station.name)"
            )
        }
        guard station.isValid(at: restoration.restoredAt) else {
            throw Self.refused("\(restoration.serial) was restored when \(station.name)'s word did not count")
        }
        return Judged(restoration: restoration, statement: statement, envelope: envelope)
    }

    private static func refused(_ detail: String) -> BundleJudge.Refused {
        BundleJudge.Refused(.restorationNotBelieved, detail)
    }
}
