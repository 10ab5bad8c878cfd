public import Messages

/// What the agent believes, and how far an update has come: one file, replaced in one step.
public struct Journal: Hashable, Sendable, Codable {
    /// The format; 1 is the only one.
    public var formatVersion: Int
    /// Whose journal it is: a disk that was moved or copied to another TPM is noticed.
    public var instance: InstanceID
    /// The birth tag's word of when the instance was taken over: the disk of a former owner's agent is noticed.
    public var takenOver: Int64?
    /// The lease as the verifier last told it.
    public var lease: LeaseStatement?
    /// Where the part of the IMA list begins that the verifier has not judged yet; absent before the first.
    public var ima: IMAListPosition?
    /// What the last confirmed update installed; absent before the first.
    public var running: RunningPackage?
    /// The security version that the verifier has confirmed and the TPM's counter has to reach.
    public var floorTarget: UInt64?
    /// The update under way, or the last one.
    public var update: UpdateRecord?

    /// The most bytes of the file: the release, the grant, and room for the rest.
    static let maximumSize = 2 * SignedEnvelope.maximumSize

    /// Begins a journal.
    init(instance: InstanceID, takenOver: Int64? = nil) {
        self.formatVersion = 1
        self.instance = instance
        self.takenOver = takenOver
    }

    /// Whether it is that of the TPM with this tag, under its present owner.
    func isOf(_ tag: BirthTag) -> Bool { instance == tag.instance && takenOver == tag.takenOver }
}

/// One update, from the question to the receipt.
public struct UpdateRecord: Hashable, Sendable, Codable {
    /// How far it has come.
    ///
    /// requested → granted → spent → installing → installed → confirmed; failed from any of them.
    /// Each step is written before what it announces is done, so that after a crash the journal is never behind the world
    /// by more than the one act that the next run can see for itself.
    public enum Step: String, Hashable, Sendable, Codable, CaseIterable {
        /// The request was sent, or is about to be; nothing is granted that we know of.
        case requested
        /// The grant is kept. The TPM counter may have been incremented already; the counter says.
        case granted
        /// The counter was incremented: the grant can be used by nobody any more, except to go on from here. For a verifier: the stage
        /// `installed`.
        case spent
        /// The install command was started, and whether it ended is not known.
        case installing
        /// The install command ended well; the device must boot what it installed.
        case installed
        /// The verifier has seen that boot.
        case confirmed
        /// It came to nothing; `failure` says why.
        case failed
    }

    /// Why and where it came to nothing.
    public struct Failure: Hashable, Sendable, Codable {
        /// The last step that was reached.
        public var after: Step
        /// One sentence for people.
        public var because: String
    }

    /// How far it has come.
    public var step: Step
    /// The exact bytes of the decision request.
    public var request: Blob
    /// The TPM's resetCount when it was asked for.
    public var resetsAtRequest: UInt32
    /// The package.
    public var package: PackageReference
    /// Its signed release.
    public var release: SignedEnvelope
    /// How it is installed.
    public var installCommand: String
    /// Seconds after which the install command is killed.
    public var installSeconds: Int64
    /// The grant's id, from `granted` on.
    public var grant: String?
    /// The grant and its ledger proof, from `granted` on.
    public var delivery: GrantDelivery?
    /// The TPM's resetCount when the install command ended well: another boot shows by it, a suspend to RAM does not.
    public var resetsAtInstall: UInt32?
    /// Which boot of the kernel ran when the install command ended well; of a device without a TPM, whose resets nobody counts.
    public var bootAtInstall: String?
    /// Present when the step is `failed`.
    public var failure: Failure?

    /// Begins an update.
    init(
        request: Blob,
        resetsAtRequest: UInt32,
        package: PackageReference,
        release: SignedEnvelope,
        installCommand: String,
        installSeconds: Int64
    ) {
        self.step = .requested
        self.request = request
        self.resetsAtRequest = resetsAtRequest
        self.package = package
        self.release = release
        self.installCommand = installCommand
        self.installSeconds = installSeconds
    }

    /// Whether a boot of what was installed can still be confirmed: also after a boot that fell back.
    public var isConfirmable: Bool {
        grant != nil && (step == .installed || (step == .failed && failure?.after == .installed))
    }
}

extension StateDirectory {
    /// The journal, or nil when there is none yet.
    public func journal() throws(AgentError) -> Journal? {
        guard let bytes = try read(journalPath, limit: Journal.maximumSize) else { return nil }
        do throws(MessageError) {
            let journal = try CanonicalJSON.decode(Journal.self, from: bytes, limit: Journal.maximumSize)
            guard journal.formatVersion == 1 else {
                throw MessageError(.outOfRange, "journal format \(journal.formatVersion) is not known here")
            }
            return journal
        } catch {
            throw AgentError(
                .environment,
                "\(journalPath) is damaged: \(error.detail)",
                hint: "move it away; the agent begins a new one, and the TPM's counters keep every grant single-use"
            )
        }
    }

    /// Replaces the journal; what it says is durable when this returns.
    func write(_ journal: Journal) throws(AgentError) {
        try write(journal, as: "the journal", to: journalPath)
    }
}
