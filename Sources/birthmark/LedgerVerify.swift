import ArgumentParser
import Audit
import CommandLineContract
import DurableFiles
import Ledger
import Messages
import UpdateTrust
import VerifierClient
import Wording

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads the whole ledger and checks it from outside.",
        discussion: """
            Every entry must be under the signed checkpoint, be readable, name the entry before it of the same instance, and be no earlier \
            than those before it. Needs no operator's certificate: the ledger is for anybody who has the trust bundle. When that names \
            witnesses, enough of them must have signed for a part of it. With --keep the checkpoint is kept, and the next run finds what \
            was taken away or changed since. With --files it judges a copy, and needs no network.

            A verifier's clock that was wrong and put right leaves entries that are earlier than those before them, as does whoever writes \
            history: where it was the clock, name the entry.

            Examples:
              birthmark ledger verify --trust trust.json --keep seen.checkpoint
              birthmark ledger verify --files ledger --trust trust.json
            """
    )

    @Option(
        help: ArgumentHelp(
            "The checkpoint that was seen last: the ledger must continue it, and a newer one takes its place. Made when it is missing.",
            valueName: "file"
        )
    )
    var keep: String?
    @Option(help: ArgumentHelp("A copy of the ledger, instead of what the verifier serves.", valueName: "dir"))
    var files: String?
    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "An entry before which the verifier's clock was put back, by its operator's word; repeat for several.",
            valueName: "n"
        )
    )
    var clockPutBack: [Int] = []
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable, Sendable {
        var origin: String
        var entries: Int
        var root: String
        var instances: Int
        var types: [String: Int]
        /// Entries that witnesses have signed for, and how many did; absent when the bundle names none.
        var witnessed: Int?
        var witnesses: Int?
        /// Entries of the checkpoint that was kept before.
        var kept: Int?
    }

    func run() async throws {
        let bundle = try verifier.bundle()
        let keys = try LedgerKeys(bundle)
        let kept = try keep.flatMap { try before($0, keys) }
        let audited =
            if let files {
                try await audit(LedgerSource.copied(to: files), keys, kept)
            } else {
                try await VerifierClient.with(bundle) { client in try await audit(.served(by: client), keys, kept) }
            }
        if let keep, let newest = audited.newest { try AtomicFile.write(newest, to: keep, mode: 0o644) }
        let report = audited.report
        try output.print(report) { text(of: report) }
    }

    private struct Audited: Sendable {
        var report: Report
        /// The checkpoint to be kept; `nil` when the one that was kept already speaks for more.
        var newest: [UInt8]?
    }

    private func audit(
        _ source: LedgerSource,
        _ keys: LedgerKeys,
        _ kept: VerifiedCheckpoint?
    ) async throws -> Audited {
        // The witnessed one first: what is served later cannot be smaller.
        let witnessed = try await signedByWitnesses(source, keys)
        let bytes = try await source.file("checkpoint")
        let checkpoint = try keys.verified(bytes, "the checkpoint", quorum: 0).checkpoint
        let auditor = try await read(source, checkpoint, kept: kept, witnessed: witnessed?.verified)
        // Which of those that witnesses have signed is served, the verifier chooses: what was seen is not forgotten for an older one.
        let size = (witnessed?.verified.checkpoint ?? checkpoint).size
        let isNewer = size >= kept?.checkpoint.size ?? 0
        return Audited(
            report: report(auditor, checkpoint, kept, witnessed?.verified),
            newest: isNewer ? witnessed?.bytes ?? bytes : nil
        )
    }

    private func text(of report: Report) -> String {
        let types = report.types.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
        let witnessed = report.witnessed.map {
            Counted.of($0, "entry", "entries") + ", by " + Counted.of(report.witnesses ?? 0, "witness", "witnesses")
        }
        let kept = report.kept.map {
            "the " + Counted.of($0, "entry seen before is", "entries seen before are") + " the first of these"
        }
        return facts([
            ("ledger", report.origin),
            ("entries", "\(report.entries), all under the signed checkpoint"),
            ("root", report.root),
            ("witnessed", witnessed),
            ("kept", kept),
            ("instances", "\(report.instances), each with an unbroken chain"),
            ("types", types),
        ])
    }

    private func report(
        _ audit: LedgerAuditor,
        _ checkpoint: Checkpoint,
        _ kept: VerifiedCheckpoint?,
        _ witnessed: VerifiedCheckpoint?
    ) -> Report {
        Report(
            origin: checkpoint.origin,
            entries: checkpoint.size,
            root: checkpoint.root.base64,
            instances: audit.instances,
            types: audit.types,
            witnessed: witnessed?.checkpoint.size,
            witnesses: witnessed?.cosignatures.count,
            kept: kept?.checkpoint.size
        )
    }

    private func before(_ path: String, _ keys: LedgerKeys) throws -> VerifiedCheckpoint? {
        guard let bytes = try BoundedFile.readIfThere(path, limit: SignedNote.maxByteCount) else { return nil }
        return try keys.verified(bytes, path, quorum: 0)
    }

    /// What enough witnesses have signed; `nil` when the bundle requires none.
    private func signedByWitnesses(
        _ source: LedgerSource,
        _ keys: LedgerKeys
    ) async throws -> (bytes: [UInt8], verified: VerifiedCheckpoint)? {
        guard keys.quorum > 0 else { return nil }
        let bytes = try await source.file("witnessed")
        return (bytes, try keys.verified(bytes, "the witnessed checkpoint", quorum: keys.quorum))
    }

    private func read(
        _ source: LedgerSource,
        _ checkpoint: Checkpoint,
        kept: VerifiedCheckpoint?,
        witnessed: VerifiedCheckpoint?
    ) async throws -> LedgerAuditor {
        let bar = ProgressBar("reading the ledger")
        defer { bar.finish() }
        let log = TiledLog(size: checkpoint.size, file: source.file)
        do {
            var auditor = try LedgerAuditor(
                of: checkpoint,
                kept: kept,
                witnessed: witnessed,
                clockPutBack: Set(clockPutBack)
            )
            for bundle in log.bundles() {
                for entry in try await log.entries(bundle) { try auditor.follow(entry) }
                bar.update(UInt64(auditor.size), of: UInt64(checkpoint.size))
            }
            return auditor
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("a file of the ledger: \(error)")
        } catch let refusal as LedgerAuditor.Refusal {
            throw Self.refused(refusal)
        }
    }

    private static func refused(_ refusal: LedgerAuditor.Refusal) -> CommandFailure {
        switch refusal {
        case .log(let refusal): return .ledgerRefused(refusal.description)
        case .chain(let fault): return .ledgerRefused(fault.description)
        case .notSigned: return .ledgerRefused("the entries are not those that the checkpoint was signed over")
        case .backDated(let index, let says, let after):
            return CommandFailure(
                .refused,
                "entry \(index) says \(UTCTime.text(says)), after \(UTCTime.text(after)): it is back-dated",
                hint: "ask the verifier's operator; when its clock was put right there, give --clock-put-back \(index)",
                reasons: ["ledger-back-dated"]
            )
        case .postDated(let index, let says, let signed):
            return .ledgerRefused(
                "entry \(index) says \(UTCTime.text(says)), and was signed for at \(UTCTime.text(signed))"
            )
        }
    }
}
