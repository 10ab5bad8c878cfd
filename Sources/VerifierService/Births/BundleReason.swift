/// Why a bundle is refused whole: nothing of it is taken over.
enum BundleReason: String, Hashable, Sendable, CaseIterable {
    /// No station that this verifier trusts has the key that signed.
    case stationUnknown = "station-unknown"
    /// The station's word counts no longer, or not yet.
    case stationExpired = "station-expired"
    /// The manifest is not what the station signed.
    case manifestSignature = "manifest-signature"
    /// What the station signed is no manifest.
    case manifestUnreadable = "manifest-unreadable"
    /// A birth is missing, added, changed or elsewhere in the order.
    case birthsDiffer = "births-differ"
    /// A log is missing, added or changed.
    case logsDiffer = "logs-differ"
    /// Two births of one instance, one TPM, or one serial number without a rework.
    case birthDoubled = "birth-doubled"
    /// A birth of another station.
    case stationDiffers = "station-differs"
    /// A birth dated when the station's word did not count.
    case birthOutsideValidity = "birth-outside-validity"
    /// What a birth claims is not so, as this verifier sees it.
    case birthNotBelieved = "birth-not-believed"
    /// Another bundle of this number came before.
    case numberTaken = "number-taken"
}
