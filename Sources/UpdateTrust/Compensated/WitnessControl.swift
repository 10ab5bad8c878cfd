import AttestationResults
import Messages

/// The control `witness`: somebody at the device has the digits that a named person at the verifier was given for it.
///
/// It shows that the two spoke to each other, whoever else did. It shows nothing of the device, which passes on whatever it is told.
extension CompensatedInput {
    /// Holds what was typed to what was said, and counts what was wrong; `nil` when no package is asked for.
    /// - Parameter draft: takes the count, whatever else is decided.
    func witness(of shown: CompensatedState, in draft: inout TransitionDraft) -> ControlReport? {
        let asked = request.request
        guard let package = asked.package else { return nil }
        guard let awaited = draft.state.witness, awaited.release == package.manifest, let typed = asked.witness,
            awaited.wrong < AwaitedWitnessCode.maximumWrong
        else { return ControlReport(.witness, isMet: false) }
        let isRight = typed.digest(for: state.instance, package.manifest).isEqualInConstantTime(to: awaited.code)
        if let spent = awaited.spent {
            // The answer was lost: the same request again is given what was given.
            let isSame =
                shown.isRepeated && shown.ratchet.position == spent.position && now < spent.until
                && state.pending?.status == .issued && state.pending?.package.manifest == package.manifest
            return met(isRight && isSame, by: awaited)
        }
        guard now < awaited.until else { return ControlReport(.witness, isMet: false) }
        if !isRight { draft.state.witness?.wrong = awaited.wrong &+ 1 }
        return met(isRight, by: awaited)
    }

    private func met(_ isMet: Bool, by awaited: AwaitedWitnessCode) -> ControlReport {
        ControlReport(.witness, isMet: isMet, evidence: isMet ? [awaited.act] : nil)
    }
}

extension AwaitedWitnessCode {
    /// Spends it on a grant; what was spent stays spent on the same.
    /// - Parameter expires: when the grant ends.
    mutating func spend(at position: Int64, until expires: Int64) {
        spent = Spent(position: position, until: expires)
    }
}

extension ContentDigest {
    /// Compares all bytes, however early two differ.
    fileprivate func isEqualInConstantTime(to other: ContentDigest) -> Bool {
        zip(bytes, other.bytes).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
