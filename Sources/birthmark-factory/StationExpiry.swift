import CommandLineContract
import FactoryLine
import Messages

extension Station {
    /// Says ahead what of the station ends: a line stands still the moment it does.
    func warnOfExpiry() {
        let remake = "birthmark-factory init \(directory.path) --name \(name)"
        ExpiryWarning.tell(
            "the word of the station \(name)",
            until: listed.until,
            hint: "\(remake) --days, then give the verifiers \(directory.birthKeys)"
        )
        if let enrolmentExpiry {
            ExpiryWarning.tell(
                "the certificate of the station \(name) for its CA host",
                until: enrolmentExpiry,
                hint: "have another made with birthmark-factory ca station at the CA host, then \(remake) --ca-host"
            )
        }
    }
}
