import Ledger
public import Messages

/// Whose word a gate takes.
public struct GateTrust: Sendable {
    /// The verifier's name.
    public let issuer: Label
    let grantKeys: [StatementKey]
    /// The keys of the ledger's checkpoints: one, or several while one follows another.
    let ledgerKeys: [VerifierKey]
    /// The witnesses of the ledger, and how many of them have to have signed a checkpoint.
    let witnesses: [VerifierKey]
    let witnessQuorum: Int
    let releaseKeys: SigningKeys

    /// Seconds that a witness's clock, or the verifier's, may be off: at another time than that nobody has seen a grant.
    public static let witnessTolerance: Int64 = 900

    /// Takes over a trust bundle.
    /// - Throws: `MessageError` when the bundle lacks what a gate needs: the verifier's name, grant keys, the ledger's key, release keys;
    ///   or names witnesses that are none.
    public init(_ bundle: TrustBundle) throws(MessageError) {
        guard let issuer = Label(bundle.verifier) else {
            throw MessageError(.outOfRange, "\"verifier\" in the trust bundle is not a name that grants carry")
        }
        guard let releaseKeys = bundle.releaseKeys else {
            throw MessageError(.outOfRange, "the trust bundle names no release keys, so no release can be checked")
        }
        let ledgerKeys: [VerifierKey]
        do {
            ledgerKeys = try bundle.allLedgerKeys.map { text throws(LedgerFormatError) in
                try VerifierKey(parsing: text)
            }
        } catch {
            throw MessageError(.malformed, "\"ledgerKey\" in the trust bundle: \(error)")
        }
        guard ledgerKeys.allSatisfy({ $0.kind == .log && $0.name == ledgerKeys.first?.name }) else {
            throw MessageError(.malformed, "\"ledgerKeys\" in the trust bundle are not the keys of one ledger")
        }
        var witnesses: [VerifierKey] = []
        for text in bundle.ledgerWitnesses?.keys ?? [] {
            guard let key = try? VerifierKey(parsing: text), key.kind == .witness, !witnesses.contains(key) else {
                throw MessageError(
                    .malformed,
                    "\"\(text)\" in \"ledgerWitnesses\" in the trust bundle is no witness's key"
                )
            }
            witnesses.append(key)
        }
        witnessQuorum = bundle.ledgerWitnesses?.required ?? 0
        guard (0...witnesses.count).contains(witnessQuorum) else {
            throw MessageError(.outOfRange, "the trust bundle names fewer witnesses of the ledger than it requires")
        }
        self.ledgerKeys = ledgerKeys
        self.witnesses = witnesses
        self.issuer = issuer
        self.releaseKeys = releaseKeys
        grantKeys = bundle.grantKeys
    }
}

/// The package file as it was measured: of the very bytes that are installed.
public struct MeasuredPackage: Hashable, Sendable {
    /// Its size in bytes.
    public var size: UInt64
    /// Its SHA-256.
    public var sha256: ContentDigest

    /// Joins both.
    public init(size: UInt64, sha256: ContentDigest) {
        self.size = size
        self.sha256 = sha256
    }
}

/// What this device's TPM says now.
public struct GateReadings: Hashable, Sendable {
    /// TPMS_CLOCK_INFO.clock, in milliseconds (TPM2_ReadClock).
    public var clock: UInt64
    /// TPMS_CLOCK_INFO.resetCount.
    public var resetCount: UInt32
    /// TPMS_CLOCK_INFO.safe.
    public var safe: Bool
    /// TPM_PT_CLOCK_UPDATE in milliseconds: how far the clock may have gone back after a power cut.
    public var clockUpdate: UInt64
    /// The value of the grants counter; `nil` when it cannot be read.
    public var grants: UInt64?
    /// The value of the security floor's counter; `nil` when it cannot be read.
    public var securityFloor: UInt64?

    /// Joins the readings.
    public init(
        clock: UInt64,
        resetCount: UInt32,
        safe: Bool,
        clockUpdate: UInt64,
        grants: UInt64?,
        securityFloor: UInt64?
    ) {
        self.clock = clock
        self.resetCount = resetCount
        self.safe = safe
        self.clockUpdate = clockUpdate
        self.grants = grants
        self.securityFloor = securityFloor
    }
}

/// All that a gate judges: what was delivered, what the device asked for, what it is and what it sees.
public struct GateInput: Sendable {
    /// The grant with its proof, as it was delivered.
    public var delivery: GrantDelivery
    /// The exact bytes of the request that this device made.
    public var request: [UInt8]
    /// The release, as its makers signed it.
    public var release: SignedEnvelope
    /// The package as it was measured.
    public var package: MeasuredPackage
    /// This instance.
    public var instance: InstanceID
    /// TPMT_PUBLIC of this device's IAK, exactly, as its TPM shows it.
    public var iakPublicArea: [UInt8]
    /// The counters that this instance was born with.
    public var counters: BornCounters
    /// What the TPM says.
    public var readings: GateReadings
    /// The operating system's clock, in seconds since 1970.
    ///
    /// It can only shut the gate: behind the grant it is known to be wrong and ignored, past the grant's end it is believed.
    public var wallClock: Int64
    /// The `jti` of the grant that the journal says was spent and is being installed.
    public var journalled: String?

    /// Joins the parts.
    public init(
        delivery: GrantDelivery,
        request: [UInt8],
        release: SignedEnvelope,
        package: MeasuredPackage,
        instance: InstanceID,
        iakPublicArea: [UInt8],
        counters: BornCounters,
        readings: GateReadings,
        wallClock: Int64,
        journalled: String? = nil
    ) {
        self.delivery = delivery
        self.request = request
        self.release = release
        self.package = package
        self.instance = instance
        self.iakPublicArea = iakPublicArea
        self.counters = counters
        self.readings = readings
        self.wallClock = wallClock
        self.journalled = journalled
    }
}
