import AttestationResults

/// A check that failed where the rest has no meaning without it.
struct Finding: Error {
    var reason: Reason

    init(_ code: ReasonCode, _ detail: String = "") { reason = Reason(code, detail) }
    init(_ reason: Reason) { self.reason = reason }
}

/// Turns the reason of a failed check into the end of the examination.
func pass(_ reason: Reason?) throws(Finding) {
    if let reason { throw Finding(reason) }
}
