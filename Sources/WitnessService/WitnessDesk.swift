import DurableFiles
import HTTPService
import Ledger
import Logging

/// Judges requests one after the other: what was seen is compared and kept in one step, so that no answer takes an earlier one back.
actor WitnessDesk {
    private var witness: Witness
    private let directory: WitnessDirectory
    private let metrics: Metrics
    private let logger: Logger
    private let now: @Sendable () -> Int

    /// What an answer with 409 is (C2SP tlog-witness).
    private static let sizeType = "text/x.tlog.size"

    init(
        _ witness: Witness,
        _ directory: WitnessDirectory,
        metrics: Metrics,
        logger: Logger,
        now: @escaping @Sendable () -> Int
    ) {
        self.witness = witness
        self.directory = directory
        self.metrics = metrics
        self.logger = logger
        self.now = now
    }

    /// `POST /add-checkpoint`.
    func add(_ body: [UInt8]) throws -> Answer {
        switch try witness.judge(body, at: now()) {
        case .success(let cosigned):
            // Before a line leaves: whoever holds one can rely on it that this witness remembers.
            try AtomicFile.write(cosigned.bytes, to: directory.seen(cosigned.origin))
            witness.remember(cosigned)
            metrics.count(.witnessRequests, "cosigned")
            logger.info("cosigned", metadata: ["log": "\(cosigned.origin)", "size": "\(cosigned.size)"])
            return .text(cosigned.line)
        case .failure(let refusal):
            metrics.count(.witnessRequests, "\(refusal.status)")
            note(refusal)
            if let size = refusal.seenSize {
                return Answer(status: refusal.status, mediaType: Self.sizeType, body: Array("\(size)\n".utf8))
            }
            return Answer(
                status: refusal.status,
                mediaType: "text/plain; charset=utf-8",
                body: Array("\(refusal.sentence)\n".utf8)
            )
        }
    }

    /// Two roots of one size under the log's own key are proof of what its keeper did; a proof that does not hold may be anybody's.
    private func note(_ refusal: WitnessRefusal) {
        switch refusal {
        case .otherRoot:
            logger.error(
                "a log does not continue",
                metadata: [
                    "why": "\(refusal)",
                    "hint":
                        "ask the log's people; when they have restored it openly: birthmark ledger witness accept --help",
                ]
            )
        case .badProof:
            logger.error(
                "no proof that a log continues",
                metadata: [
                    "why": "\(refusal)",
                    "hint":
                        "anybody can send a wrong proof of a sound log: birthmark ledger verify --keep with a copy of its file in seen/ says whether it is one; if not, ask the log's people",
                ]
            )
        default: logger.info("refused", metadata: ["why": "\(refusal)", "status": "\(refusal.status)"])
        }
    }
}

extension WitnessRefusal {
    /// For whoever asked; nothing that he sent is echoed.
    fileprivate var sentence: String {
        switch self {
        case .malformed: "The request cannot be read."
        case .oldSizeAboveNew: "The old size is above the checkpoint's."
        case .unknownOrigin: "The log is not known here."
        case .notSigned: "The checkpoint is not signed by the log's key."
        case .otherSize, .otherRoot: "The witness has seen another tree."
        case .badProof: "The proof does not hold."
        }
    }
}

extension MetricFamily {
    static let witnessRequests = MetricFamily(
        "birthmark_witness_requests_total",
        labels: ["outcome"],
        help: "Requests to cosign, by outcome: cosigned, or the status that was answered."
    )
    static let witnessCuts = MetricFamily(
        "birthmark_witness_cuts",
        .gauge,
        help: "Histories that were cosigned and then given up for another of the same ledger, by this witness's people."
    )
}
