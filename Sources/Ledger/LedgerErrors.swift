import Wording

/// Input that is not what the ledger's formats allow.
public struct LedgerFormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The form that was expected.
    public enum Form: String, Hashable, Sendable {
        case entry = "ledger entry"
        case entryBundle = "entry bundle"
        case hashTile = "hash tile"
        case tilePath = "tile path"
        case verifierKey = "verifier key"
        case signedNote = "signed note"
        case checkpoint = "checkpoint"
        case proof = "proof"
        case addCheckpoint = "request to a witness"
        case tree = "tree"
    }

    public let form: Form
    /// What is wrong with it, in words for a person.
    public let problem: String

    init(_ form: Form, _ problem: String) {
        self.form = form
        self.problem = problem
    }

    public var description: String { "not a valid \(form.rawValue): \(problem)" }
}

/// Why a well-formed checkpoint or proof is not believed.
public enum LedgerRefusal: Error, Hashable, Sendable {
    /// The checkpoint speaks for another log than the key.
    case wrongOrigin(expected: String, found: String)
    /// No line is signed by the log's key.
    case logSignatureMissing(key: String)
    /// A key we know stands beside a signature that it did not make.
    case signatureInvalid(key: String)
    /// Fewer of the required witnesses have signed than asked for.
    case witnessesMissing(required: Int, found: Int)
    /// The tree is smaller than one already seen: entries were taken away, or an old state was restored.
    case truncated(seen: Int, offered: Int)
    /// Two trees that cannot be the same log: history was rewritten, or two logs are kept under one name.
    case forked(seen: Int, offered: Int)
    /// The entry is not at this place in the tree.
    case notIncluded(index: Int, size: Int)
}

extension LedgerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongOrigin(let expected, let found):
            "the checkpoint is of the log \"\(found)\", but the key is for \"\(expected)\""
        case .logSignatureMissing(let key):
            "the checkpoint is not signed by the log key \(key)"
        case .signatureInvalid(let key):
            "the signature of \(key) does not verify: the checkpoint was altered or the key is not the signer's"
        case .witnessesMissing(let required, let found):
            "\(Counted.of(required, "witness", "witnesses")) must have signed the checkpoint, and \(found) did"
        case .truncated(let seen, let offered):
            "the log has \(Counted.of(offered, "entry", "entries")), but had \(seen) before: it was cut or restored from an old copy"
        case .forked(let seen, let offered):
            "the log of \(Counted.of(offered, "entry", "entries")) does not continue the log of \(seen) that was seen before: it was forked"
        case .notIncluded(let index, let size):
            "the entry is not at index \(index) of the log of \(Counted.of(size, "entry", "entries"))"
        }
    }
}
