import ArgumentParser
import CommandLineContract
import FactoryLine
import Messages

/// What a TPM was before its birth here: another instance that was retired, or the same one under another owner.
struct PastOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The retired instance that this TPM was before.", valueName: "instance"))
    var follows: String?
    @Option(
        name: .customLong("follows-because"),
        help: ArgumentHelp(
            "Why the TPM lives again, in one line; it stands on the ledger, which anybody can read.",
            valueName: "text"
        )
    )
    var followsBecause: String?
    @Option(
        name: .customLong("takes-over"),
        help: ArgumentHelp(
            "The instance that this TPM is under its former owner, whose keys it keeps.",
            valueName: "instance"
        )
    )
    var takesOver: String?
    @Option(
        name: .customLong("takes-over-because"),
        help: ArgumentHelp(
            "Why the device changes hands, in one line; it stands on the ledger, which anybody can read.",
            valueName: "text"
        )
    )
    var takesOverBecause: String?
    @Option(
        name: .customLong("takes-over-record"),
        help: ArgumentHelp(
            "The former owner's signed birth; the new one names its digest. Needed when it follows another life.",
            valueName: "file"
        )
    )
    var takesOverRecord: String?
    @Option(
        name: .customLong("takes-over-authorizations"),
        help: ArgumentHelp(
            "The former owner's authorization values: the file that its birthmark-factory escrow open wrote.",
            valueName: "file"
        )
    )
    var takesOverAuthorizations: String?
    @Option(help: ArgumentHelp("Who gives the TPM another life, or takes it over.", valueName: "name"))
    var by: Label?

    func validate() throws {
        let following = [follows, followsBecause].compactMap { $0 }.count
        let takingOver = [takesOver, takesOverBecause, takesOverRecord, takesOverAuthorizations].compactMap { $0 }.count
        guard following == 0 || takingOver == 0 else {
            throw ValidationError("--follows makes other keys, --takes-over keeps them: give one of them")
        }
        guard following == 0 || formerLife != nil else {
            throw ValidationError(
                "--follows takes the 32 digits of an instance, --follows-because one line, and --by a name: all or none"
            )
        }
        guard takingOver == 0 || named != nil else {
            throw ValidationError(
                "--takes-over takes the 32 digits of an instance, --takes-over-because one line, and --by a name: all or none"
            )
        }
        guard by == nil || following + takingOver > 0 else {
            throw ValidationError("--by goes with --follows or --takes-over")
        }
    }

    /// The retired instance that is followed.
    var formerLife: Replacement? { Self.statement(follows, followsBecause, by) }

    private var named: Replacement? { Self.statement(takesOver, takesOverBecause, by) }

    private static func statement(_ instance: String?, _ reason: String?, _ by: Label?) -> Replacement? {
        guard let instance = instance.flatMap({ InstanceID($0) }), let reason = reason.flatMap({ Remark($0) }), let by
        else { return nil }
        return Replacement(instance: instance, reason: reason, by: by)
    }

    /// The former owner's instance, and what its record says when that was given.
    func formerOwner() throws -> Takeover? {
        guard let named else { return nil }
        var takeover = Takeover(instance: named.instance, reason: named.reason, by: named.by)
        guard let path = takesOverRecord else { return takeover }
        let bytes = try InputFile.read(path, limit: SignedEnvelope.maximumSize, what: "the former owner's birth")
        // Its signature says nothing here, where nobody knows its station; that it is of these keys, the TPM shows.
        let envelope = try SignedEnvelope(parsing: bytes)
        guard envelope.payloadType == BirthRecord.payloadType else {
            throw CommandFailure(
                .malformed,
                "\(path) is no signed birth",
                hint: "give the file out of the births/ of the station where the device was born"
            )
        }
        let record = try BirthRecord(parsing: envelope.payload.bytes)
        guard record.instance == named.instance else {
            throw CommandFailure(
                .refused,
                "\(path) is the birth of instance \(record.instance), not of \(named.instance)",
                hint: "give the birth of the device that is taken over",
                reasons: ["takes-over-another"]
            )
        }
        takeover.record = ContentDigest(of: envelope.payload.bytes)
        takeover.follows = record.formerLife
        return takeover
    }

    /// The values that the former owner has handed over.
    func formerValues() throws -> AuthorizationValues? {
        guard let path = takesOverAuthorizations else { return nil }
        let limit = AuthorizationValues.maximumSize
        let bytes = try InputFile.readPrivate(path, limit: limit, what: "the authorization values")
        return try AuthorizationValues(edited: bytes)
    }
}
