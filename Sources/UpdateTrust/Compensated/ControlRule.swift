import AttestationResults
public import Messages

/// What a policy's rule wants of instances without a TPM before anything is granted to them.
///
/// A rule without one serves none of them: there is no control that is met by saying nothing. The ratchet is always wanted.
public struct ControlRule: Hashable, Sendable, Codable {
    /// The releases that may go this way, by package; what may be installed of them the rest of the rule says.
    public var releases: Selector<Label>
    /// How many people must have approved: 0 to 2.
    public var approvals: Int
    /// The roles that count for it, by the approver's certificate; absent: any that may approve.
    public var roles: [OperatorRole]?
    /// Whether the device's hardware must say of itself what it said at birth.
    public var claims: Bool
    /// Whether somebody at the device must have been told a code by a named person at the verifier; absent: no.
    public var witness: Bool?
    /// Whether it must come through a gateway that it is assigned to; absent: it need not.
    public var gateway: Bool?
    /// Whether a confirmation counts only when the gateway has read the installed image back; absent: it counts without.
    public var readBack: Bool?

    /// More people than two only make approval a formality.
    static let maximumApprovals = 2

    /// What is wrong with it, for the author of the policy.
    var problem: String? {
        guard (0...Self.maximumApprovals).contains(approvals) else {
            return "\"controls.approvals\" is \(approvals), it must be 0 to \(Self.maximumApprovals)"
        }
        guard readBack != true || gateway == true else {
            return "\"controls.readBack\" without \"gateway\": nobody else can read the image back"
        }
        guard let roles else { return nil }
        if approvals == 0 { return "\"controls.roles\" without \"approvals\" asks nobody" }
        return roles.isEmpty ? "an empty \"controls.roles\" lets nobody approve; leave the key out to allow any" : nil
    }

    /// What is wrong with a new one, though a policy that is on a ledger may say so: it waits for people who approve nothing.
    var problemOfNew: String? { roles?.problem(asApproversUnder: "controls.roles") }

    /// The controls that a request for a package is held to, in the order in which they are told.
    /// - Parameters:
    ///   - approvals: those on record for this release that cover this instance.
    ///   - vouch: the word of a gateway that the instance is assigned to.
    ///   - lifting: the declarations of an emergency that lifts the window.
    func outcomes(
        of state: CompensatedState,
        package: Label?,
        approvals: [RecordedApproval],
        vouch: Vouch?,
        window: MaintenanceWindow?,
        lifting: [RecordedEmergency] = [],
        at now: Int64
    ) -> [ControlReport] {
        var outcomes = [ControlReport(.ratchet, isMet: true, evidence: [state.evidence])]
        if claims { outcomes.append(ControlReport(.claims, isMet: state.differingClaims.isEmpty)) }
        if gateway == true || vouch != nil {
            outcomes.append(ControlReport(.gateway, isMet: vouch != nil, evidence: vouch.map { [$0.entry] }))
        }
        guard let package else { return outcomes }
        outcomes.append(ControlReport(.release, isMet: releases.contains(package)))
        if self.approvals > 0 {
            let counting = approvals.counting(roles, at: now)
            outcomes.append(
                ControlReport(
                    .approval,
                    isMet: counting.count >= self.approvals,
                    evidence: counting.isEmpty ? nil : counting.map(\.entry)
                )
            )
        }
        if let window {
            let isOpen = window.closing(at: now) != nil
            outcomes.append(
                ControlReport(
                    .window,
                    isMet: isOpen || !lifting.isEmpty,
                    evidence: isOpen || lifting.isEmpty ? nil : lifting.map(\.entry)
                )
            )
        }
        return outcomes
    }

    /// What is wanted for a package, and what of it is there, for people.
    func says(package: Label, _ approvals: [RecordedApproval], at now: Int64) -> [String] {
        var lines: [String] = []
        if !releases.contains(package) { lines.append("\(package) may not go to devices without a TPM") }
        if self.approvals > 0 {
            let people = approvals.counting(roles, at: now).map { "\($0.approval.by)" }
            let there = people.isEmpty ? "" : " (\(people.joined(separator: ", ")))"
            lines.append("approved by \(people.count)\(there) of \(self.approvals) people")
        }
        if claims { lines.append("the device's hardware has to say what it said at birth") }
        if witness == true { lines.append("somebody at the device has to type a code: birthmark device witness") }
        if gateway == true { lines.append("it has to come through a gateway that it is assigned to") }
        if readBack == true { lines.append("the gateway has to read the installed image back before it counts") }
        return lines
    }
}

extension ControlRule {
    /// What is wanted, in short words.
    /// - Parameter package: `nil` when nothing is said of one.
    func wants(_ package: Label?) -> [String] {
        CompensatingControl.allCases.compactMap { control in
            want(control, package).map { detail in
                detail.isEmpty ? control.rawValue : "\(control.rawValue): \(detail)"
            }
        }
    }

    /// What of a control is wanted, empty when its name says all; `nil` when it is not wanted.
    private func want(_ control: CompensatingControl, _ package: Label?) -> String? {
        switch control {
        case .ratchet: return ""
        case .approval:
            guard approvals > 0 else { return nil }
            let by = roles.map { " by " + $0.map(\.rawValue).joined(separator: " or ") } ?? ""
            return "\(approvals)\(by)"
        case .release:
            guard package == nil, case .only(let names) = releases else { return nil }
            return names.map(\.text).joined(separator: " or ")
        case .claims: return claims ? "" : nil
        // Of every tier: the rule says it.
        case .window: return nil
        case .witness: return witness == true ? "" : nil
        case .gateway: return gateway == true ? "" : nil
        case .readBack: return readBack == true ? "" : nil
        }
    }
}

extension CompensatingControl {
    /// Whether it is wanted for the lease, so that an unmet one costs that too; of the others only what is to be installed.
    ///
    /// An image that was read back and differs costs more, and is judged by itself.
    var isOfTheLease: Bool {
        switch self {
        case .claims, .gateway: true
        case .ratchet, .approval, .release, .window, .witness, .readBack: false
        }
    }
}
