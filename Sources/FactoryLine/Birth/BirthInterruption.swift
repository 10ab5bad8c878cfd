public import Messages
public import VerifierClient

/// A birth that cannot go on now, for a reason that does not speak against the device.
public enum BirthInterruption: Error, Sendable, CustomStringConvertible {
    /// Another process provisions this TPM.
    case busy
    /// The TPM has no such PCR bank.
    case bankMissing(PCRBank)
    /// The profile wants an escrow, and the station has no key for it.
    case escrowKeyMissing(path: String)
    /// The endorsement key is not kept, and its hierarchy has an authorization value that nobody here has.
    case endorsementClosed
    /// The profile wants the platform's authorization, and the firmware has closed it.
    case platformClosed
    /// The TPM accepted a command and shows no effect of it.
    case notTaken(String)
    /// The factory's CA did not answer, or could not decide.
    case authority(VerifierClientError)
    /// The factory's CA has no challenge open that it gave a moment before.
    case challengeForgotten
    /// The station's word does not count now, so no verifier would take the birth.
    case stationExpired(StationKey)
    /// The CA has dated the birth to a moment at which the station's word does not count.
    case datedOutside(StationKey)
    /// PCRs changed each time they were to be quoted.
    case unsettled

    /// One sentence for people.
    public var description: String {
        switch self {
        case .busy: "another process is provisioning this TPM"
        case .bankMissing(let bank): "the TPM does not have all PCRs of the profile in its \(bank.rawValue) bank"
        case .escrowKeyMissing(let path):
            "the profile wants authorization values in escrow, and there is no operator's key at \(path)"
        case .endorsementClosed:
            "the endorsement key is not kept, and its hierarchy has an authorization value: it cannot be looked at"
        case .platformClosed: "the platform hierarchy is closed: the firmware has set its authorization or disabled it"
        case .notTaken(let command): "the TPM accepted \(command), and shows no effect of it"
        case .authority(let error): error.description(asking: .factoryCA)
        case .challengeForgotten:
            "the factory's CA does not know its challenge any more: it was started anew meanwhile, its clock was set, or the answer took too long"
        case .stationExpired(let station):
            "the births of station \(station.name) do not count now, by this machine's clock and its birth-keys.json"
        case .datedOutside(let station):
            "the CA's clock has dated this birth to a moment at which births of station \(station.name) do not count"
        case .unsettled: "the PCRs did not come to rest while they were quoted"
        }
    }

    /// What to do next.
    public var hint: String {
        switch self {
        case .busy: "wait for it to end, then run the same command again"
        case .bankMissing: "allocate the bank in the firmware setup, or name another bank in the profile"
        case .escrowKeyMissing:
            "make one with birthmark-factory escrow keygen, and give its public half to birthmark-factory init --escrow-key"
        case .endorsementClosed: "clear the TPM in the firmware setup, or keep the endorsement key at its handle first"
        case .platformClosed:
            "give birth in early boot, before the firmware closes it; or by a profile without \"nvAuthority\""
        case .notTaken: "run the same command again; if it repeats, set the board aside"
        case .authority(let error): error.hint(asking: .factoryCA)
        case .challengeForgotten: "nothing speaks against the board: run the same command again"
        case .stationExpired(let station):
            "check the clock; then `birthmark-factory init DIR --name \(station.name) --days N`, and give birth-keys.json to the verifiers"
        case .datedOutside(let station):
            """
            set the CA host's clock and this one right; for this birth give the station a time with that moment in it: \
            an earlier "from" in its birth-keys.json, or `birthmark-factory init DIR --name \(station.name) --days N`; \
            and give birth-keys.json to the verifiers
            """
        case .unsettled: "wait until the system has started, then run the same command again"
        }
    }
}
