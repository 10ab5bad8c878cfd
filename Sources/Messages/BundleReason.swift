/// Why a bundle of births is refused whole: nothing of it is taken over.
public enum BundleReason: String, Hashable, Sendable, CaseIterable {
    /// No station that the verifier trusts has the key that signed.
    case stationUnknown = "station-unknown"
    /// The station's key was reported compromised.
    case stationCompromised = "station-compromised"
    /// The station's word counts no longer, or not yet.
    case stationExpired = "station-expired"
    /// The bundle's list is not what the station signed.
    case listSignature = "manifest-signature"
    /// What the station signed is no list of a bundle.
    case listUnreadable = "manifest-unreadable"
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
    /// What a birth claims is not so, as the verifier sees it.
    case birthNotBelieved = "birth-not-believed"
    /// What a restoration claims is not so, as the verifier sees it.
    case restorationNotBelieved = "restoration-not-believed"
    /// Another bundle of this number came before.
    case numberTaken = "number-taken"

    /// What to do next.
    public var hint: String {
        switch self {
        case .stationUnknown:
            "if the station is one of yours: birthmark-verifier init DIR with --birth-keys FILE for each station"
        case .stationExpired:
            "check the clocks; then birthmark-factory init with --days, and birthmark-verifier init --birth-keys"
        case .listSignature, .listUnreadable, .birthsDiffer, .logsDiffer:
            "copy it from the station again, or make it again there with birthmark-factory export --bundle NUMBER"
        case .birthDoubled, .stationDiffers, .birthOutsideValidity, .restorationNotBelieved:
            "the station signed what it must not: look at it before anything else comes from there"
        case .birthNotBelieved:
            "if it is a vendor that this verifier does not know: birthmark-verifier init --ek-roots; "
                + "otherwise bring the others, with birthmark-factory export --serial"
        case .stationCompromised: "make a station with another key, and bear those devices again that are genuine"
        case .numberTaken: "make a station with another name, and let its sequence begin at 1"
        }
    }
}
