import Wording

/// What a witness answers instead of a cosignature; the numbers are those of HTTP (C2SP tlog-witness).
public enum WitnessRefusal: Error, Hashable, Sendable {
    /// 400: the request is none.
    case malformed(LedgerFormatError)
    /// 400: a tree does not grow backwards.
    case oldSizeAboveNew(old: Int, new: Int)
    /// 404: nobody has told this witness of the log.
    case unknownOrigin(String)
    /// 403: the log's key has not signed, or somebody altered what it signed.
    case notSigned(LedgerRefusal)
    /// 409: the proof does not begin where the witness stands.
    case otherSize(seen: Int, old: Int)
    /// 409: there are two trees of this size.
    case otherRoot(size: Int)
    /// 422: the proof does not hold.
    case badProof(LedgerRefusal)

    /// The status code of the answer.
    public var status: Int {
        switch self {
        case .malformed, .oldSizeAboveNew: 400
        case .notSigned: 403
        case .unknownOrigin: 404
        case .otherSize, .otherRoot: 409
        case .badProof: 422
        }
    }

    /// The size that the witness saw last, which an answer with 409 states.
    public var seenSize: Int? {
        switch self {
        case .otherSize(let seen, _): seen
        case .otherRoot(let size): size
        default: nil
        }
    }
}

extension WitnessRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformed(let error): error.description
        case .oldSizeAboveNew(let old, let new):
            "a tree of \(Counted.of(old, "entry", "entries")) cannot have become one of \(new)"
        case .unknownOrigin(let origin): "the log \"\(origin)\" is not known here"
        case .notSigned(let refusal): refusal.description
        case .otherSize(let seen, let old):
            "the proof begins at \(Counted.of(old, "entry", "entries")), the last that were seen are \(seen)"
        case .otherRoot(let size): "the log of \(Counted.of(size, "entry", "entries")) has two roots: it was forked"
        case .badProof: "the proof that it continues what was seen does not hold"
        }
    }
}

/// One log as a witness knows it: its keys, and the checkpoint that was cosigned last.
public struct WitnessedLog: Hashable, Sendable {
    /// The keys whose signature makes a checkpoint the log's; all have its name.
    public let keys: [VerifierKey]
    /// The largest tree that was cosigned, and when; `nil` when none was.
    public private(set) var last: VerifiedCheckpoint?

    /// Takes up a log where it was left.
    /// - Parameters:
    ///   - keys: the log's keys, one or more with one name.
    ///   - cosigned: the checkpoint that this witness cosigned last, as ``Cosigned/bytes`` gave it; `nil` when there is none.
    ///   - witness: this witness's key.
    /// - Throws: `LedgerFormatError` when the keys are not of one log; `LedgerRefusal` or `LedgerFormatError` when what was kept is not
    ///   of this witness's and this log's making.
    public init(keys: [VerifierKey], cosigned: [UInt8]?, by witness: VerifierKey) throws {
        guard let origin = keys.first?.name, keys.allSatisfy({ $0.kind == .log && $0.name == origin }) else {
            throw LedgerFormatError(.verifierKey, "a log has one or more keys, all of its own name")
        }
        self.keys = keys
        guard let cosigned else { return }
        let checkpoint = try SignedCheckpoint(parsing: cosigned)
        last = try Self.verified(checkpoint, keys, witnesses: [witness], quorum: 1).get()
    }

    /// The log's name.
    public var origin: String { keys[0].name }
    /// The number of entries that were cosigned last.
    public var size: Int { last?.checkpoint.size ?? 0 }

    fileprivate mutating func remember(_ cosigned: VerifiedCheckpoint) { last = cosigned }

    /// Holds a checkpoint to all that was seen of the log.
    fileprivate func judge(_ request: AddCheckpoint) -> Result<VerifiedCheckpoint, WitnessRefusal> {
        let offered: Checkpoint
        switch Self.verified(request.checkpoint, keys) {
        case .success(let verified): offered = verified.checkpoint
        case .failure(let refusal): return .failure(.notSigned(refusal))
        }
        guard request.oldSize <= offered.size else {
            return .failure(.oldSizeAboveNew(old: request.oldSize, new: offered.size))
        }
        guard request.oldSize == size else { return .failure(.otherSize(seen: size, old: request.oldSize)) }
        if let seen = last?.checkpoint, seen.size > 0 {
            if seen.size == offered.size, seen.root != offered.root { return .failure(.otherRoot(size: seen.size)) }
            if let refusal = offered.refusal(toContinue: seen, path: request.path) {
                return .failure(.badProof(refusal))
            }
        } else if !request.path.isEmpty {
            // Every tree continues the empty one, and there is nothing to prove of that.
            return .failure(.badProof(.forked(seen: 0, offered: offered.size)))
        }
        return .success(VerifiedCheckpoint(checkpoint: offered, cosignatures: [:]))
    }

    /// Holds a checkpoint to the log's keys alone: another history is to take the place of the one that was seen.
    fileprivate func judge(insteadOfSeen other: SignedCheckpoint) -> Result<VerifiedCheckpoint, WitnessRefusal> {
        Self.verified(other, keys).mapError(WitnessRefusal.notSigned)
    }

    /// The signature of any of the log's keys makes it the log's; a line of one of them that does not verify refuses it.
    private static func verified(
        _ checkpoint: SignedCheckpoint,
        _ keys: [VerifierKey],
        witnesses: [VerifierKey] = [],
        quorum: Int = 0
    ) -> Result<VerifiedCheckpoint, LedgerRefusal> {
        var refusals: [LedgerRefusal] = []
        for key in keys {
            switch checkpoint.verify(logKey: key, witnesses: witnesses, quorum: quorum) {
            case .success(let verified): return .success(verified)
            case .failure(let refusal):
                if case .signatureInvalid = refusal { return .failure(refusal) }
                refusals.append(refusal)
            }
        }
        return .failure(refusals.first ?? .logSignatureMissing(key: "none"))
    }
}

/// A witness of some logs: gives its word for a checkpoint only when it continues the last one for which it did.
///
/// It remembers what its owner makes durable: ``judge(_:at:)`` changes nothing, and what it gives must not leave before
/// ``Cosigned/bytes`` are on the disk and were handed to ``remember(_:)``.
public struct Witness: Sendable {
    private let signer: WitnessSigner
    private var logs: [String: WitnessedLog] = [:]

    /// A checkpoint under which this witness has put its name.
    public struct Cosigned: Hashable, Sendable {
        /// To be kept: the checkpoint as the log signed it, and this witness's line.
        public let bytes: [UInt8]
        /// To be answered: this witness's line.
        public let line: [UInt8]
        fileprivate let verified: VerifiedCheckpoint

        /// The log.
        public var origin: String { verified.checkpoint.origin }
        /// The number of its entries.
        public var size: Int { verified.checkpoint.size }
    }

    /// The clock says a time before one that this witness has stated already: nothing is signed until it is right.
    public struct ClockBehind: Error, Hashable, Sendable, CustomStringConvertible {
        /// What the clock says, in seconds since 1970.
        public let now: Int
        /// What was stated.
        public let stated: Int

        public var description: String {
            "the clock says \(now), and this witness has cosigned at \(stated): it has gone back"
        }
    }

    /// A witness of these logs; throws when two of them have one name.
    public init(_ signer: WitnessSigner, logs: [WitnessedLog]) throws(LedgerFormatError) {
        self.signer = signer
        for log in logs {
            guard self.logs.updateValue(log, forKey: log.origin) == nil else {
                throw LedgerFormatError(.verifierKey, "the log \"\(log.origin)\" is named twice")
            }
        }
    }

    /// Judges the body of a request, and cosigns what it finds good.
    /// - Parameter now: seconds since 1970.
    /// - Returns: what to keep and then to answer, or why not.
    /// - Throws: ``ClockBehind``; what the signing library throws.
    public func judge(_ body: [UInt8], at now: Int) throws -> Result<Cosigned, WitnessRefusal> {
        let request: AddCheckpoint
        do {
            request = try AddCheckpoint(parsing: body)
        } catch { return .failure(.malformed(error)) }
        let origin = request.checkpoint.claimed.origin
        guard let log = logs[origin] else { return .failure(.unknownOrigin(origin)) }
        switch log.judge(request) {
        case .success(let continuing): return .success(try cosign(continuing, as: request.checkpoint, of: log, at: now))
        case .failure(let refusal): return .failure(refusal)
        }
    }

    /// Cosigns a checkpoint of a log in the place of what was seen, whether it continues that or not.
    ///
    /// Never for somebody who asks: by it this witness has cosigned two histories. Whoever calls this has people of the witness behind him
    /// who believe the other one, and notes it for ever.
    /// - Parameter now: seconds since 1970.
    /// - Returns: what to keep; or why not: the log is not known here, or has not signed.
    /// - Throws: ``ClockBehind``; what the signing library throws.
    public func cosign(
        insteadOfSeen checkpoint: SignedCheckpoint,
        at now: Int
    ) throws -> Result<Cosigned, WitnessRefusal> {
        let origin = checkpoint.claimed.origin
        guard let log = logs[origin] else { return .failure(.unknownOrigin(origin)) }
        switch log.judge(insteadOfSeen: checkpoint) {
        case .success(let other): return .success(try cosign(other, as: checkpoint, of: log, at: now))
        case .failure(let refusal): return .failure(refusal)
        }
    }

    /// - Parameter signed: the same checkpoint, with the log's lines.
    private func cosign(
        _ verified: VerifiedCheckpoint,
        as signed: SignedCheckpoint,
        of log: WitnessedLog,
        at now: Int
    ) throws -> Cosigned {
        if let stated = log.last?.cosignatures[signer.verifierKey], stated > now {
            throw ClockBehind(now: now, stated: stated)
        }
        let signature = try signer.cosign(verified, time: now)
        let cosigned = SignedCheckpoint(
            checkpoint: verified.checkpoint,
            signatures: signed.note.signatures.filter { line in
                log.keys.contains { $0.name == line.name && $0.id == line.keyID }
            } + [signature]
        )
        return Cosigned(
            bytes: cosigned.bytes,
            line: Array(signature.line.utf8),
            verified: VerifiedCheckpoint(
                checkpoint: verified.checkpoint,
                cosignatures: [signer.verifierKey: now]
            )
        )
    }

    /// Takes in what is durable by now: the next checkpoint has to continue it.
    public mutating func remember(_ cosigned: Cosigned) { logs[cosigned.origin]?.remember(cosigned.verified) }

    /// What was cosigned last of a log; `nil` when nothing was.
    public func last(of origin: String) -> VerifiedCheckpoint? { logs[origin]?.last }

    /// How far each log was seen, by its name.
    var sizes: [String: Int] { logs.mapValues(\.size) }
}
