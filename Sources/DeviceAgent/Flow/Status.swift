public import Messages
import TPMDevice

/// What the agent believes, and what its TPM says, or its software identity.
public struct AgentStatus: Hashable, Sendable, Encodable {
    /// The state directory.
    public var state: String
    /// The verifier's address, when a trust bundle is in place.
    public var verifier: String?
    /// Which version of the verifier's trust bundle is in place.
    public var trustVersion: Int64?
    /// Why the trust bundle that is in place cannot be read.
    public var trustTrouble: String?
    /// How the instance proves itself, where the disk says it: `compensated`; a TPM's tier is its factory's to say.
    public var tier: Tier?
    /// The instance: the TPM's or the identity's word when it could be asked, the journal's otherwise.
    public var instance: InstanceID?
    /// The serial number, from the TPM or the identity.
    public var serial: Label?
    /// The lease as the verifier last told it.
    public var lease: LeaseStatement?
    /// Whether that lease still holds by the operating system's clock.
    public var leaseHolds: Bool
    /// Since when and why `birthmark-device run` cannot renew it; absent when it can, or does not run.
    public var renewalTrouble: RenewalTrouble?
    /// What the last confirmed update installed.
    public var running: RunningPackage?
    /// The update under way, or the last one.
    public var update: UpdateReport?
    /// The security version below which nothing is installed, from the TPM; without one from birth and journal.
    public var securityFloor: UInt64?
    /// How many grants this device has spent since its birth, from the TPM.
    public var grantsSpent: UInt64?
    /// Why the TPM could not be asked, or why it signs nothing now.
    public var tpmTrouble: String?
    /// What stands of the software identity; absent of a device with a TPM.
    public var identity: IdentityReport?

    /// How a software identity stands, for people.
    public struct IdentityReport: Hashable, Sendable, Encodable {
        /// Whether it lies sealed on the disk.
        public var isSealed: Bool
        /// Whether the first key signs still, so that whoever made it knows it.
        public var isAtFirstKey: Bool?
        /// Why it cannot be used: it is damaged, does not unseal, or was not born yet.
        public var trouble: String?
    }

    /// How far an update is, for people.
    public struct UpdateReport: Hashable, Sendable, Encodable {
        /// The package.
        public var package: PackageReference
        /// The last step that was reached.
        public var step: UpdateRecord.Step
        /// The grant's id.
        public var grant: String?
        /// Why it came to nothing.
        public var failure: String?
        /// What to do next.
        public var next: String
    }
}

extension AgentStatus {
    /// Looks, and changes nothing; a TPM that cannot be asked is part of the answer.
    public static func of(
        _ state: StateDirectory,
        trust: TrustBundle?,
        tcti: String?,
        wallClock: Int64
    ) async throws(AgentError) -> AgentStatus {
        let journal = try state.journal()
        var status = AgentStatus(state, journal, trust: trust, wallClock: wallClock)
        do throws(AgentError) {
            let (born, readings, lockout) = try await DeviceTPM.with(tcti: tcti) { tpm throws(AgentError) in
                let born = try await tpm.bornInstance()
                let lockout = try await tpm.perform { connection throws(TPMError) in
                    try connection.dictionaryAttackState()
                }
                return (born, try await tpm.readings(born.tag.counters), lockout)
            }
            if lockout.isLockedOut { status.tpmTrouble = lockout.description }
            if let journal, journal.instance != born.tag.instance {
                status.tpmTrouble = "the journal is instance \(journal.instance)'s, this TPM is \(born.tag.instance)"
                return status
            }
            if let journal, !journal.isOf(born.tag) {
                status.tpmTrouble = "the journal is a former owner's; give the agent an empty directory"
                return status
            }
            status.instance = born.tag.instance
            status.serial = born.tag.serial
            status.securityFloor = readings.floor(born.tag.counters)
            if let record = journal?.update, let resets = record.resetsAtInstall, resets != readings.resets {
                status.update?.next = record.nextOnceBooted
            }
            status.grantsSpent = readings.grants.flatMap { value in
                value >= born.tag.counters.grants.base ? value - born.tag.counters.grants.base : nil
            }
        } catch {
            status.tpmTrouble = error.message
        }
        return status
    }
}

extension AgentStatus {
    /// What the disk says.
    init(_ state: StateDirectory, _ journal: Journal?, trust: TrustBundle?, wallClock: Int64) {
        self.init(
            state: state.path,
            verifier: trust?.url,
            trustVersion: trust?.number,
            instance: journal?.instance,
            lease: journal?.lease,
            leaseHolds: journal?.lease.map { wallClock < $0.expires } ?? false,
            renewalTrouble: state.renewalTrouble(holding: journal?.lease),
            running: journal?.running,
            update: journal?.update.map(UpdateReport.init)
        )
    }
}

extension AgentStatus.UpdateReport {
    init(_ record: UpdateRecord) {
        self.init(
            package: record.package,
            step: record.step,
            grant: record.grant,
            failure: record.failure?.because,
            next: record.next
        )
    }
}

extension UpdateRecord {
    /// Whether its grant came as a file, as its proof goes.
    var isOffLine: Bool { (try? DecisionRequest(parsing: request.bytes))?.purpose == .delayed }

    /// What to do next, for people.
    var next: String {
        switch step {
        case .requested: "run birthmark-device update again: no grant is known here"
        case .granted, .spent, .installing: "run birthmark-device update --resume"
        case .installed where isOffLine:
            "reboot, then run birthmark-device receipt, or confirm where there is a network"
        case .installed: "reboot, then run birthmark-device confirm"
        case .confirmed: "nothing"
        case .failed where isConfirmable:
            "boot what was installed and run birthmark-device confirm, or run birthmark-device update again"
        case .failed where isOffLine: "a new grant takes a new request: birthmark-device request"
        case .failed: "run birthmark-device update again"
        }
    }

    /// The same, after the reboot that an installed update waits for.
    var nextOnceBooted: String {
        switch step {
        case .installed where isOffLine: "run birthmark-device receipt, or confirm where there is a network"
        case .installed: "run birthmark-device confirm"
        default: next
        }
    }
}
