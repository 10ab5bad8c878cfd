import Messages

/// Where a run of an update begins.
enum UpdateStart: Sendable {
    /// With the question for a grant.
    case ask
    /// Under the grant that an earlier run was given.
    case goOn
    /// At its end: it was done before, and waits for the reboot.
    case done(UpdateRecord)

    /// Judges what an earlier run has left.
    /// - Parameter isSameBoot: whether the device was not booted since that run's install.
    init(of wanted: PackageReference, after record: UpdateRecord?, isSameBoot: Bool) throws(AgentError) {
        guard let record else {
            self = .ask
            return
        }
        let isSame = record.package == wanted
        switch record.step {
        case .requested, .confirmed, .failed: self = .ask
        case .granted, .spent: self = isSame ? .goOn : .ask
        case .installing:
            guard !isSame else {
                self = .goOn
                return
            }
            throw AgentError(interrupted: record)
        case .installed:
            // After another boot the verifier judges whether the install took; before it there is nothing new to ask.
            guard isSameBoot else {
                self = .ask
                return
            }
            if isSame {
                self = .done(record)
                return
            }
            throw AgentError(
                .refused,
                "\(record.package.name) \(record.package.version) is installed and was not booted yet",
                hint: "reboot, then run birthmark-device confirm",
                reasons: ["not-rebooted"]
            )
        }
    }
}

extension StateDirectory {
    /// The update that `update --resume` goes on with.
    func resumableUpdate() throws(AgentError) -> UpdateRecord {
        guard let record = try journal()?.update, record.isUnderInstall || record.step == .installed else {
            throw AgentError(
                .refused,
                "no update is under way here",
                hint: "begin one: birthmark-device update --package … --manifest … --install-command …",
                reasons: ["nothing-to-resume"]
            )
        }
        return record
    }
}

extension AgentError {
    /// An install that an earlier run has begun comes before any other.
    init(interrupted record: UpdateRecord) {
        self.init(
            .refused,
            "the install of \(record.package.name) \(record.package.version) was interrupted",
            hint: "finish it first: birthmark-device update --resume",
            reasons: ["install-interrupted"]
        )
    }
}
