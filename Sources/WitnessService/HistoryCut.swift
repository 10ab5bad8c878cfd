import DurableFiles
import HTTPService
public import Ledger
public import Messages
import Wording

/// That another history of a log took the place of the one which a witness had seen, by the word of the witness's people.
///
/// It is kept for ever: whoever holds lines of this witness under both learns when, by whom and why.
public struct HistoryCut: Hashable, Sendable, Codable {
    /// When, in seconds since 1970 by the witness's clock.
    public let at: Int64
    /// Who accepted the other history, by his own word.
    public let by: Label
    /// Why.
    public let reason: Remark
    /// The checkpoint that was cosigned last of what was given up, as it was kept.
    public let before: String
    /// The checkpoint in its place, with the log's lines and this witness's.
    public let after: String

    /// What both say: each was judged before it was noted.
    /// - Throws: `LedgerFormatError` when the note is not of this program's making.
    public func checkpoints() throws(LedgerFormatError) -> (before: Checkpoint, after: Checkpoint) {
        (
            try SignedCheckpoint(parsing: Array(before.utf8)).claimed,
            try SignedCheckpoint(parsing: Array(after.utf8)).claimed
        )
    }
}

/// Why a witness does not take another history for the one that it saw.
public enum HistoryRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// The log is not known here, or has not signed.
    case checkpoint(WitnessRefusal)
    /// Something else was seen last than what is to be given up.
    case otherSize(seen: Int, given: Int)
    /// The checkpoint is the one that was cosigned last.
    case same(size: Int)

    public var description: String {
        switch self {
        case .checkpoint(let refusal): refusal.description
        case .otherSize(let seen, let given):
            "\(Counted.of(seen, "entry was", "entries were")) seen last here, and not \(given)"
        case .same(let size): "the witness stands at this very checkpoint of \(Counted.of(size, "entry", "entries"))"
        }
    }
}

/// What a witness knows of a log.
public struct WatchedLog: Sendable {
    /// The log's name.
    public let origin: String
    /// What was cosigned last; `nil` when nothing was.
    public let last: VerifiedCheckpoint?
    /// The histories that were given up for another, the earliest first.
    public let cuts: [HistoryCut]
}

extension WitnessDirectory {
    /// `seen/….cuts` of a log.
    private func notesFile(_ origin: String) -> String { seen(origin) + ".cuts" }

    /// Some hundred notes, in bytes; with a log that is put back more often than that, something else is wrong.
    private static let maximumNotes = 256 << 10

    private struct Notes: Codable {
        static let formatVersion = 1
        var formatVersion = Notes.formatVersion
        var cuts: [HistoryCut]
    }

    /// What is known of each log, by their names in order.
    /// - Throws: `SetupError` when that is gone, or is not of this witness's making.
    public func watched() throws -> [WatchedLog] {
        let configuration = try read()
        let witness = try witness(configuration)
        return try configuration.keysByLog.keys.sorted().map { origin in
            WatchedLog(origin: origin, last: witness.last(of: origin), cuts: try cuts(of: origin))
        }
    }

    /// Puts another history of a log in the place of the one that was seen, and notes it.
    ///
    /// For who has stopped the witness and holds ``lock``: no request can ask for it. It is done once the note is durable, so that of no two
    /// histories which this witness cosigns it is missing.
    /// - Parameters:
    ///   - checkpoint: of the other history, signed by the log.
    ///   - seen: how many entries were seen last of the one that is given up.
    ///   - now: seconds since 1970.
    /// - Returns: the note; or why the witness stays where it is.
    /// - Throws: `SetupError`, `FileError`, `Witness.ClockBehind`.
    public func accept(
        _ checkpoint: SignedCheckpoint,
        insteadOf seen: Int,
        by: Label,
        reason: Remark,
        now: Int64
    ) throws -> Result<HistoryCut, HistoryRefusal> {
        let witness = try witness(read())
        let cosigned: Witness.Cosigned
        switch try witness.cosign(insteadOfSeen: checkpoint, at: Int(now)) {
        case .success(let made): cosigned = made
        case .failure(let refusal): return .failure(.checkpoint(refusal))
        }
        let origin = cosigned.origin
        guard let last = witness.last(of: origin)?.checkpoint, last.size == seen, let before = try kept(of: origin)
        else { return .failure(.otherSize(seen: witness.last(of: origin)?.checkpoint.size ?? 0, given: seen)) }
        guard last != checkpoint.claimed else { return .failure(.same(size: seen)) }
        let cut = HistoryCut(
            at: now,
            by: by,
            reason: reason,
            before: String(decoding: before, as: UTF8.self),
            after: String(decoding: cosigned.bytes, as: UTF8.self)
        )
        let notes = try EditedJSON.encode(Notes(cuts: cuts(of: origin) + [cut]))
        guard notes.count <= Self.maximumNotes else {
            throw SetupError(
                .environment,
                "\(notesFile(origin)) cannot take another note",
                hint: "this log was put back too often: watch it as another witness, with another name and key"
            )
        }
        try AtomicFile.write(notes, to: notesFile(origin))
        try AtomicFile.write(cosigned.bytes, to: self.seen(origin))
        return .success(cut)
    }

    /// The checkpoint of a log that was cosigned last, or the note that none was, as it was kept; `nil` when that is gone.
    ///
    /// A history that was given up is not taken up again, whether the machine was cut off just then or an older file was put back.
    func kept(of origin: String) throws -> [UInt8]? {
        guard let bytes = try BoundedFile.readIfThere(seen(origin), limit: SignedNote.maxByteCount) else { return nil }
        let cuts = try cuts(of: origin)
        guard let last = cuts.last, cuts.contains(where: { Array($0.before.utf8) == bytes }) else { return bytes }
        return Array(last.after.utf8)
    }

    private func cuts(of origin: String) throws -> [HistoryCut] {
        let file = notesFile(origin)
        guard let bytes = try BoundedFile.readIfThere(file, limit: Self.maximumNotes) else { return [] }
        do {
            let notes = try EditedJSON.decode(Notes.self, from: bytes, limit: Self.maximumNotes)
            guard notes.formatVersion == Notes.formatVersion else {
                throw MessageError(.outOfRange, "\"formatVersion\" is \(notes.formatVersion)")
            }
            for cut in notes.cuts {
                let (before, after) = try cut.checkpoints()
                guard before.origin == origin, after.origin == origin else {
                    throw MessageError(.outOfRange, "a note in it is of another log")
                }
            }
            return notes.cuts
        } catch {
            throw SetupError(
                .environment,
                "\(file) does not say which histories this witness has given up: \(error)",
                hint: "find out who changed it, and restore it"
            )
        }
    }
}
