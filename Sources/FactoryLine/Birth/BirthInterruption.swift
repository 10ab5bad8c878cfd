public import Messages

/// A birth that cannot go on now, for a reason that does not speak against the device.
public enum BirthInterruption: Error, Sendable, CustomStringConvertible {
    /// Another process provisions this TPM.
    case busy
    /// The TPM has no such PCR bank.
    case bankMissing(PCRBank)
    /// The factory's CA did not answer, or could not decide.
    case authority(String)
    /// The station's word does not count now, so no verifier would take the birth.
    case stationExpired(StationKey)
    /// PCRs changed each time they were to be quoted.
    case unsettled

    /// One sentence for people.
    public var description: String {
        switch self {
        case .busy: "another process is provisioning this TPM"
        case .bankMissing(let bank): "the TPM does not have all PCRs of the profile in its \(bank.rawValue) bank"
        case .authority(let detail): "the factory's CA: \(detail)"
        case .stationExpired(let station):
            "the births of station \(station.name) do not count now, by this machine's clock and its birth-keys.json"
        case .unsettled: "the PCRs did not come to rest while they were quoted"
        }
    }

    /// What to do next.
    public var hint: String {
        switch self {
        case .busy: "wait for it to end, then run the same command again"
        case .bankMissing: "allocate the bank in the firmware setup, or name another bank in the profile"
        case .authority:
            "check that birthmark-factory ca serve runs and that the network leads there, then run the same command again"
        case .stationExpired(let station):
            "check the clock; then `birthmark-factory init DIR --name \(station.name) --days N`, and give birth-keys.json to the verifiers"
        case .unsettled: "wait until the system has started, then run the same command again"
        }
    }
}
