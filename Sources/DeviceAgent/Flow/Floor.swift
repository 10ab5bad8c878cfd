import Messages

extension Agent {
    /// The most increments that one update makes: each costs the TPM's NV a write, and a mistyped version must not cost all of them.
    static let maximumFloorStep: UInt64 = 1000

    /// Raises the TPM's floor to what the verifier has confirmed; done already, it does nothing.
    func settleFloor(_ tpm: DeviceTPM, _ born: BornInstance, _ journal: JournalKeeper) async throws(AgentError) {
        guard let target = journal.journal.floorTarget else { return }
        let counters = born.tag.counters
        guard var floor = try await tpm.readings(counters).floor(counters) else { throw Self.floorUnreadable }
        guard target <= floor || target - floor <= Self.maximumFloorStep else {
            throw AgentError(
                .environment,
                "the floor would have to rise from \(floor) to \(target), more than \(Self.maximumFloorStep) at once",
                hint: "move \(state.journalPath) away and ask the maker of the release about its security version"
            )
        }
        while floor < target {
            let value = try await tpm.increment(counters.securityFloor)
            guard value >= counters.securityFloor.base else { throw Self.floorUnreadable }
            floor = value - counters.securityFloor.base
        }
        try journal.change { $0.floorTarget = nil }
    }

    /// Refuses a release whose confirmation could not be carried out, before anything is asked for it.
    func checkFloorStep(to release: Release, from floor: UInt64?) throws(AgentError) {
        guard let floor else { throw Self.floorUnreadable }
        guard release.securityVersion <= floor || release.securityVersion - floor <= Self.maximumFloorStep else {
            throw AgentError(
                .refused,
                "the release's security version \(release.securityVersion) is more than \(Self.maximumFloorStep) above "
                    + "this device's floor \(floor)",
                hint: "security versions count up one by one; ask the maker of the release",
                reasons: ["floor-step"]
            )
        }
    }

    private static let floorUnreadable = AgentError(
        .environment,
        "the TPM's security floor counter cannot be read",
        hint: "the TPM was cleared or replaced; bring the device back to the factory line",
        reasons: ["floor-unreadable"]
    )
}
