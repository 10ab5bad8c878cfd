public import HTTPService

/// What a verifier measures besides what every service does: the closed list.
extension MetricFamily {
    static let decisions = MetricFamily(
        "birthmark_decisions_total",
        labels: ["purpose", "verdict"],
        help: "Decisions, by purpose and verdict."
    )
    static let reasons = MetricFamily(
        "birthmark_refusal_reasons_total",
        labels: ["reason"],
        help: "Reasons given in refusals of authentic evidence."
    )
    static let garbage = MetricFamily(
        "birthmark_unauthentic_evidence_total",
        help: "Evidence that no instance's key signed for a challenge of ours."
    )
    static let commitGroup = MetricFamily(
        "birthmark_commit_group_size",
        .histogram,
        bounds: [1, 2, 4, 8, 16, 32, 64],
        help: "Decisions that shared one transaction."
    )
    static let commitSeconds = MetricFamily(
        "birthmark_commit_seconds",
        .histogram,
        help: "Duration of one transaction."
    )
    static let commitFailures = MetricFamily(
        "birthmark_commit_failures_total",
        help: "Transactions that failed; nothing of them was answered."
    )
    static let staleCommits = MetricFamily(
        "birthmark_stale_commits_total",
        help: "Decisions taken again because record, policy or release had moved."
    )
    static let ledgerSize = MetricFamily("birthmark_ledger_entries", .gauge, help: "Entries of the ledger.")
    static let births = MetricFamily(
        "birthmark_births_total",
        labels: ["outcome"],
        help: "Births offered for import, by outcome."
    )

    static let lapses = MetricFamily(
        "birthmark_lapses_total",
        labels: ["cause"],
        help: "Leases and grants that ended without a request, by cause."
    )

    static let rolloutHalts = MetricFamily(
        "birthmark_rollout_halts_total",
        help: "Rollouts that were halted because too many updates failed."
    )

    static let reappearances = MetricFamily(
        "birthmark_retired_instances_asking_total",
        help: "Authentic evidence of instances that are retired."
    )

    static let tierMismatches = MetricFamily(
        "birthmark_tier_mismatches_total",
        help: "Requests in which an instance claimed to prove itself in another way than it was born with."
    )

    static let vouches = MetricFamily(
        "birthmark_vouches_total",
        labels: ["verdict"],
        help: "Contacts that gateways vouched for, by what became of the gateway's own evidence and assignment."
    )

    static let emergencyDeclarations = MetricFamily(
        "birthmark_emergency_declarations_total",
        help: "Emergencies that people have declared; two of them lift something."
    )

    static let emergencyGrants = MetricFamily(
        "birthmark_emergency_grants_total",
        help: "Grants that were given in an emergency, and would have been refused without it."
    )

    static let emergenciesInForce = MetricFamily(
        "birthmark_emergencies_in_force",
        .gauge,
        labels: ["lifts"],
        help: "Releases for which two people have lifted something, by what it is."
    )

    static let compromisedKeys = MetricFamily(
        "birthmark_compromised_keys_total",
        labels: ["kind"],
        help: "Keys that were reported compromised, by what they are for."
    )

    static let instances = MetricFamily(
        "birthmark_instances",
        .gauge,
        labels: ["lifecycle", "tier"],
        help: "Identities: births, by where they stand and how they prove themselves now."
    )

    static let leasesHeld = MetricFamily(
        "birthmark_leases_held",
        .gauge,
        labels: ["tier"],
        help: "Identities that are trusted now."
    )

    static let running = MetricFamily(
        "birthmark_devices_running",
        .gauge,
        labels: ["release"],
        help: "Devices that are not retired, by the release that they run."
    )

    static let attestationAge = MetricFamily(
        "birthmark_devices_attested",
        .gauge,
        labels: ["within"],
        help:
            "Devices that are not retired, by how long ago evidence of theirs was accepted last; each but for the one before."
    )

    static let updates = MetricFamily(
        "birthmark_updates",
        .gauge,
        labels: ["stage"],
        help: "Sessions: grants, by what became of them."
    )

    static let trustFault = MetricFamily(
        "birthmark_trust_lists_stale",
        .gauge,
        help: "1 while a file that says whose word counts cannot be read: what it said before counts."
    )

    /// All of them.
    public static let ofVerifier =
        [
            decisions, reasons, garbage, commitGroup, commitSeconds, commitFailures, staleCommits, ledgerSize, births,
            lapses, rolloutHalts, reappearances, tierMismatches, vouches, trustFault, emergencyDeclarations,
            emergencyGrants, compromisedKeys,
            witnessAnswers, witnessedEntries, witnessesInTrouble, witnessesAhead,
        ] + ofFleet

    /// How many there are of what: for operators, and nobody else's business.
    static let ofFleet = [instances, leasesHeld, running, attestationAge, updates, emergenciesInForce]
}
