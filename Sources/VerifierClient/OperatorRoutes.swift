public import Messages

/// What an operator asks; each needs a certificate with the role for it.
extension VerifierClient {
    /// Imports births; those on record already are answered as such, so it may be repeated.
    public func importBirths(_ bundle: BirthBundle) async throws(VerifierClientError) -> BirthsAnswer {
        try await post("/v1/births", bundle, limit: BirthsAnswer.maximumSize, isRepeatable: true)
    }

    /// What came of each station, and what did not.
    public func stations() async throws(VerifierClientError) -> StationList {
        try await get("/v1/births/stations", limit: StationList.maximumSize)
    }

    /// Registers a release.
    public func addRelease(_ envelope: SignedEnvelope) async throws(VerifierClientError) -> ReleaseReport {
        try await post("/v1/releases", envelope, limit: ReleaseReport.maximumSize)
    }

    /// Brings the event log that a release's boot was taken from.
    public func addLog(_ log: ReleaseLog, of manifest: ContentDigest) async throws(VerifierClientError) {
        let _: ReleaseReport = try await post(
            "/v1/releases/\(manifest)/log",
            log,
            limit: ReleaseReport.maximumSize,
            isRepeatable: true
        )
    }

    /// The releases on record.
    public func releases() async throws(VerifierClientError) -> ReleaseList {
        try await get("/v1/releases", limit: ReleaseList.maximumSize)
    }

    /// Withdraws a release: nothing of it is granted any more.
    public func withdrawRelease(
        _ manifest: ContentDigest,
        _ reason: OperatorReason
    ) async throws(VerifierClientError) -> ReleaseReport {
        try await post("/v1/releases/\(manifest)/withdraw", reason, limit: ReleaseReport.maximumSize)
    }

    /// Recalls a release: nothing of it is granted any more, and the leases of those who run it end.
    public func recallRelease(
        _ manifest: ContentDigest,
        _ reason: OperatorReason
    ) async throws(VerifierClientError) -> ReleaseReport {
        try await post("/v1/releases/\(manifest)/recall", reason, limit: ReleaseReport.maximumSize)
    }

    /// How the rollout of a release stands.
    public func rollout(of manifest: ContentDigest) async throws(VerifierClientError) -> RolloutReport {
        try await get("/v1/releases/\(manifest)/rollout", limit: RolloutReport.maximumSize)
    }

    /// Sets, pauses or resumes the rollout of a release.
    public func rollout(
        of manifest: ContentDigest,
        _ order: RolloutOrder
    ) async throws(VerifierClientError) -> RolloutReport {
        try await post("/v1/releases/\(manifest)/rollout", order, limit: RolloutReport.maximumSize)
    }

    /// What became of a release's grants, the latest first, a page of them.
    public func updates(
        of manifest: ContentDigest,
        before: Int64? = nil
    ) async throws(VerifierClientError) -> UpdateList {
        try await updates("/v1/releases/\(manifest)/updates", before)
    }

    /// What became of the grants of one instance, by its id or serial number; the latest first, a page of them.
    public func updates(of name: Label, before: Int64? = nil) async throws(VerifierClientError) -> UpdateList {
        try await updates("/v1/instances/\(PathSegment.encode(name))/updates", before)
    }

    private func updates(_ path: String, _ before: Int64?) async throws(VerifierClientError) -> UpdateList {
        let page: UpdateList = try await get(
            path + (before.map { "?before=\($0)" } ?? ""),
            limit: UpdateList.maximumSize
        )
        if let before, let next = page.next, next >= before { throw Self.circles }
        return page
    }

    /// The instances on record, a page of them.
    public func instances(after: InstanceID? = nil) async throws(VerifierClientError) -> InstanceList {
        let page: InstanceList = try await get(
            "/v1/instances" + (after.map { "?after=\($0)" } ?? ""),
            limit: InstanceList.maximumSize
        )
        if let after, let next = page.next, next <= after { throw Self.circles }
        return page
    }

    private static let circles = VerifierClientError.malformedAnswer("its pages go in circles")

    /// One instance, by its id or serial number.
    public func instance(_ name: Label) async throws(VerifierClientError) -> InstanceReport {
        let report: InstanceReport = try await get(
            "/v1/instances/\(PathSegment.encode(name))",
            limit: InstanceReport.maximumSize
        )
        // Other questions go on from it, and a bundle that is collected by it proves itself, of whomever it is.
        guard report.serial == name || report.instance.text == name.text else {
            throw .malformedAnswer("it is about \(report.serial), and not about \(name)")
        }
        return report
    }

    /// Why the boot of an instance was refused, by its id or serial number.
    public func refusedBoot(of name: Label) async throws(VerifierClientError) -> BootExplanation {
        try await get("/v1/instances/\(PathSegment.encode(name))/refused-boot", limit: BootExplanation.maximumSize)
    }

    /// Lets PCRs of a refused boot through that somebody has reviewed.
    public func allowBoot(
        of name: Label,
        _ addition: BootAddition
    ) async throws(VerifierClientError) -> InstanceReport {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/allow-boot",
            addition,
            limit: InstanceReport.maximumSize
        )
    }

    /// Lets one release below the security floor be installed once.
    public func allowDowngrade(
        of name: Label,
        _ order: DowngradeOrder
    ) async throws(VerifierClientError) -> InstanceReport {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/allow-downgrade",
            order,
            limit: InstanceReport.maximumSize
        )
    }

    /// Says which of two copies of an instance goes on.
    public func settleFork(
        of name: Label,
        _ order: ForkOrder
    ) async throws(VerifierClientError) -> InstanceReport {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/settle-fork",
            order,
            limit: InstanceReport.maximumSize
        )
    }

    /// Has a code made for somebody at a device; nobody can be told it again.
    public func giveWitnessCode(
        at name: Label,
        _ order: WitnessCodeOrder
    ) async throws(VerifierClientError) -> WitnessCodeAnswer {
        try await post("/v1/instances/\(PathSegment.encode(name))/witness", order, limit: WitnessCodeAnswer.maximumSize)
    }

    /// Lets an instance speak without its TPM for a time; the same order again is answered again.
    public func lowerTier(
        of name: Label,
        _ order: LowerTierOrder
    ) async throws(VerifierClientError) -> LoweredTierFile {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/lower-tier",
            order,
            limit: LoweredTierFile.maximumSize,
            isRepeatable: true
        )
    }

    /// Ends the time in which an instance speaks without its TPM.
    public func raiseTier(
        of name: Label,
        _ reason: OperatorReason
    ) async throws(VerifierClientError) -> InstanceReport {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/raise-tier",
            reason,
            limit: InstanceReport.maximumSize
        )
    }

    /// Says through which gateways an instance without a TPM may speak.
    public func assign(_ name: Label, _ order: GatewayOrder) async throws(VerifierClientError) -> InstanceReport {
        try await post("/v1/instances/\(PathSegment.encode(name))/gateways", order, limit: InstanceReport.maximumSize)
    }

    /// Approves a release as a whole, or for devices without a TPM, in the caller's name.
    public func approve(_ order: ApprovalOrder) async throws(VerifierClientError) -> ApprovalReport {
        try await post("/v1/approvals", order, limit: ApprovalOrder.maximumSize)
    }

    /// The approvals of a release that count still.
    public func approvals(of release: ContentDigest) async throws(VerifierClientError) -> ApprovalList {
        try await get("/v1/releases/\(release)/approvals", limit: ApprovalList.maximumSize)
    }

    /// Declares an emergency for a release, in the caller's name.
    public func declareEmergency(_ order: EmergencyOrder) async throws(VerifierClientError) -> EmergencyList {
        try await post("/v1/emergencies", order, limit: EmergencyList.maximumSize)
    }

    /// The emergencies that are not over.
    public func emergencies() async throws(VerifierClientError) -> EmergencyList {
        try await get("/v1/emergencies", limit: EmergencyList.maximumSize)
    }

    /// What an operator can do to an instance.
    public enum InstanceAct: String, Sendable, CaseIterable {
        case suspend
        case reinstate
        case retire
    }

    /// Acts on one instance, by its id or serial number.
    public func act(
        _ act: InstanceAct,
        on name: Label,
        _ reason: OperatorReason
    ) async throws(VerifierClientError) -> InstanceReport {
        try await post(
            "/v1/instances/\(PathSegment.encode(name))/\(act.rawValue)",
            reason,
            limit: InstanceReport.maximumSize
        )
    }

    /// Brings a request that a device made off line; the same request gets the same grant again.
    public func authorize(_ request: Evidence) async throws(VerifierClientError) -> DecisionAnswer {
        try await post("/v1/delayed/requests", request, limit: DecisionAnswer.maximumSize, isRepeatable: true)
    }

    /// Brings a receipt that a device made off line; one that was taken before is known as that.
    public func bringReceipt(_ receipt: Evidence) async throws(VerifierClientError) -> ReceiptAnswer {
        try await post("/v1/delayed/receipts", receipt, limit: ReceiptAnswer.maximumSize, isRepeatable: true)
    }

    /// The fleet in figures.
    public func figures() async throws(VerifierClientError) -> FleetReport {
        try await get("/v1/figures", limit: FleetReport.maximumSize)
    }

    /// The policy in force.
    public func policy() async throws(VerifierClientError) -> PolicyReport {
        try await get("/v1/policy", limit: PolicyReport.maximumSize)
    }

    /// Puts a policy into force, in the caller's name.
    public func putPolicy(_ order: PolicyOrder) async throws(VerifierClientError) -> PolicyPutReport {
        try await post("/v1/policy", order, limit: PolicyPutReport.maximumSize)
    }

    /// Which rule would decide, and why.
    public func explain(_ question: PolicyQuestion) async throws(VerifierClientError) -> PolicyExplanation {
        try await post("/v1/policy/explain", question, limit: PolicyExplanation.maximumSize, isRepeatable: true)
    }

    /// One entry of the ledger, exactly.
    public func ledgerEntry(_ index: Int) async throws(VerifierClientError) -> [UInt8] {
        try await exchange("/v1/ledger/entries/\(index)", isRepeatable: true, limit: Self.maximumLedgerFileSize)
    }

    /// A file of the ledger as C2SP tlog-tiles serves it: `checkpoint`, `tile/entries/000.p/5`; anybody may read it.
    public func ledgerFile(_ path: String) async throws(VerifierClientError) -> [UInt8] {
        try await exchange("/ledger/" + path, isRepeatable: true, limit: Self.maximumLedgerFileSize)
    }

    // A bundle has at most 256 entries of at most 65,535 bytes, each behind its length.
    private static let maximumLedgerFileSize = 256 * (2 + 65_535)
}
