import ArgumentParser
import CommandLineContract
import Ledger
import Messages
import UpdateTrust

struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads the whole ledger and checks it from outside.",
        discussion: """
            Every entry must be under the signed checkpoint, be readable, and name the entry before it of the same
            instance. Needs no operator's certificate: the ledger is for anybody who has the trust bundle. With --files it needs no
            network either.

            Examples:
              birthmark ledger verify --trust trust.json
              birthmark ledger verify --files ledger --trust trust.json
            """
    )

    @Option(help: ArgumentHelp("A copy of the ledger, instead of what the verifier serves.", valueName: "dir"))
    var files: String?
    @OptionGroup var verifier: VerifierOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let bundle = try verifier.bundle()
        let audit = { (ledger: OpenedLedger) async throws -> LedgerReport in try await LedgerReport(auditing: ledger) }
        let report =
            if let files {
                try await OpenedLedger.copied(to: files, bundle, audit)
            } else {
                try await OpenedLedger.served(by: bundle, audit)
            }
        try output.print(report) { facts(report.facts) }
    }
}

/// What stands on a ledger, all of it checked.
struct LedgerReport: Encodable {
    var origin: String
    var entries: Int
    var root: String
    var instances: Int
    var types: [String: Int]

    /// Reads all of a ledger.
    /// - Throws: a refusal that names the first entry which is not as it must be.
    init(auditing ledger: OpenedLedger) async throws {
        let bar = ProgressBar("reading the ledger")
        defer { bar.finish() }
        var tree = TreeFrontier()
        var chains = EntryChains()
        var types: [String: Int] = [:]
        let checkpoint = ledger.checkpoint
        do {
            for bundle in ledger.log.bundles() {
                for entry in try await ledger.log.entries(bundle) {
                    types[try chains.follow(entry.bytes, at: tree.size).body.type, default: 0] += 1
                    _ = tree.append(entry.leafHash)
                }
                bar.update(UInt64(tree.size), of: UInt64(checkpoint.size))
            }
        } catch let fault as EntryChains.Fault {
            throw CommandFailure.ledgerRefused(fault.description)
        } catch let error as LedgerFormatError {
            throw CommandFailure.ledgerRefused("behind entry \(tree.size): \(error)")
        }
        guard tree.root == checkpoint.root else {
            throw CommandFailure.ledgerRefused("the entries are not those that the checkpoint was signed over")
        }
        origin = checkpoint.origin
        entries = checkpoint.size
        root = tree.root.base64
        instances = chains.ends.count
        self.types = types
    }

    var facts: [(name: String, value: String?)] {
        [
            ("ledger", origin),
            ("entries", "\(entries), all under the signed checkpoint"),
            ("root", root),
            ("instances", "\(instances), each with an unbroken chain"),
            (
                "types",
                types.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            ),
        ]
    }
}
