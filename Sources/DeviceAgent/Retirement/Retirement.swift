public import Messages

/// What a retirement will destroy, as the TPM and the disk show it.
public struct RetirementPlan: Hashable, Sendable {
    /// The instance.
    public var instance: InstanceID
    /// Its serial number.
    public var serial: Label
    /// What is in the TPM.
    public var remnants: [Remnant]
}

/// One step, and what became of it.
public struct RetirementStep: Hashable, Sendable, Encodable {
    /// What it was about: a kind of remnant, `file`, or `tpm`.
    public var what: String
    /// Where: a handle, an NV index, or a path in the state directory; empty for `tpm`.
    public var place: String
    /// `removed`, `gone`, `another`, `platform`, `not-a-file`, `kept`, or `left-out`.
    public var outcome: String
}

/// What the device's part of a retirement came to.
public struct RetirementOutcome: Hashable, Sendable, Encodable {
    /// The instance; absent when nothing was left of one.
    public var instance: InstanceID?
    /// Its serial number.
    public var serial: Label?
    /// When the verifier took its farewell, in seconds since 1970; absent when it was not asked.
    public var farewell: Int64?
    /// Each step.
    public var steps: [RetirementStep]

    /// Nothing was left of a birth, in the TPM or here.
    public static let nothingLeft = RetirementOutcome(instance: nil, serial: nil, farewell: nil, steps: [])
}

extension RetirementOutcome {
    /// What a retirement that was written down has come to.
    public init(_ record: RetirementRecord, steps: [RetirementStep] = []) {
        let left = record.leavesTPM == true ? [RetirementStep(what: "tpm", place: "", outcome: "left-out")] : []
        self.init(instance: record.instance, serial: record.serial, farewell: record.farewell, steps: steps + left)
    }
}

/// The device's part of the end of its life: its keys leave the TPM, its NV indices are undefined, its directory is shredded; without a
/// TPM the keys are among the files.
///
/// A courtesy: what ends trust is the operator's act at the verifier. Each step looks whether it is done already, so a run that was
/// killed is finished by the same command. An evicted key is gone from its handle, and not from the world: whoever owns the TPM can
/// derive it again from the endorsement seed, which only TPM2_ChangeEPS or a hammer ends.
public struct Retirement: Sendable {
    let state: StateDirectory
    let tcti: String?
    let owner: OwnerAuthorization?
    let hasTPM: Bool
    let leavesTPM: Bool

    /// Joins the parts.
    /// - Parameters:
    ///   - tcti: as tpm2-tools spell it; nil for their search.
    ///   - owner: the owner's authorization, where a factory has set one.
    public init(_ state: StateDirectory, tcti: String?, owner: OwnerAuthorization?) {
        self.state = state
        self.tcti = tcti
        self.owner = owner
        hasTPM = true
        leavesTPM = false
    }

    /// The retirement of a device that has no TPM, or whose TPM is left out because it will never answer.
    /// - Parameter leavesTPM: whether there is one that is left out.
    public init(withoutTPM state: StateDirectory, leavesTPM: Bool = false) {
        self.state = state
        tcti = nil
        owner = nil
        hasTPM = false
        self.leavesTPM = leavesTPM
    }

    /// Looks at what is to be destroyed, and whether it can be; nothing is changed.
    /// - Returns: nil when nothing is left of a birth, in the TPM or here.
    public func plan() async throws(AgentError) -> RetirementPlan? {
        guard hasTPM else {
            let identity = try await IdentityKeeper(state)
            guard let serial = identity.serial else { throw IdentityKeeper.notBorn }
            return RetirementPlan(instance: identity.instance, serial: serial, remnants: [])
        }
        let isShredded = try state.remains().isEmpty
        return try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
            guard try await tpm.hasBirthTag() else {
                guard !isShredded else { return nil }
                throw AgentError(
                    .environment,
                    "the TPM holds nothing of this device's birth: it was cleared, or it is another one",
                    hint: "name the right TPM with --tcti; after a clear the directory alone is left: "
                        + "remove \(state.path) by hand"
                )
            }
            let born = try await tpm.bornInstance()
            try await tpm.check(owner)
            return RetirementPlan(
                instance: born.tag.instance,
                serial: born.tag.serial,
                remnants: try await tpm.remnants(of: born.tag)
            )
        }
    }

    /// Writes down what is to be destroyed; from here on there is no way back.
    public func begin(
        _ plan: RetirementPlan,
        farewell: Int64?,
        _ lock: borrowing AgentLock
    ) throws(AgentError) -> RetirementRecord {
        let record = RetirementRecord(
            instance: plan.instance,
            serial: plan.serial,
            farewell: farewell,
            tcti: tcti,
            remnants: plan.remnants,
            withoutTPM: hasTPM ? nil : true,
            leavesTPM: leavesTPM ? true : nil
        )
        try state.write(record)
        return record
    }

    /// Destroys it, keys first, the record of it last; that of a device without a TPM stays.
    public func carryOut(
        _ record: RetirementRecord,
        _ lock: borrowing AgentLock
    ) async throws(AgentError) -> RetirementOutcome {
        guard record.tcti == tcti else {
            throw AgentError(
                .refused,
                "the retirement began on another TPM: \(record.tcti ?? "the one that is found by itself")",
                hint: "name the same TPM as then",
                reasons: ["other-tpm"]
            )
        }
        var steps = hasTPM ? try await remove(record.remnants) : []
        for name in try state.remains() where hasTPM || name != StateDirectory.retirementName {
            let isShredded = try state.shred(name)
            steps.append(
                RetirementStep(what: "file", place: name, outcome: isShredded ? "removed" : "not-a-file")
            )
        }
        if !hasTPM {
            var done = record
            done.isDone = true
            try state.write(done)
            steps.append(RetirementStep(what: "file", place: StateDirectory.retirementName, outcome: "kept"))
        }
        return RetirementOutcome(record, steps: steps)
    }

    private func remove(_ remnants: [Remnant]) async throws(AgentError) -> [RetirementStep] {
        try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
            try await tpm.check(owner)
            var steps: [RetirementStep] = []
            for remnant in remnants {
                let removal = try await tpm.remove(remnant, by: owner)
                steps.append(RetirementStep(remnant, removal))
            }
            return steps
        }
    }
}

extension RetirementStep {
    fileprivate init(_ remnant: Remnant, _ removal: Removal) {
        let digits = String(remnant.handle, radix: 16, uppercase: true)
        let place = "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
        self.init(what: remnant.kind.rawValue, place: place, outcome: removal.rawValue)
    }
}
