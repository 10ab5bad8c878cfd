import ArgumentParser
import CommandLineContract
import Ledger
import Messages
import UpdateTrust
import VerifierClient

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "The ledger of births, decisions, grants and operators' acts.",
        discussion: "Example: birthmark ledger verify --trust trust.json",
        subcommands: [Verify.self, LedgerShow.self]
    )

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads the whole ledger and checks it from outside.",
            discussion: """
                Every entry must be under the signed checkpoint, be readable, and name the entry before it of the same
                instance. Needs no operator's certificate: the ledger is for anybody who has the trust bundle.

                Example: birthmark ledger verify --trust trust.json
                """
        )

        @OptionGroup var verifier: VerifierOptions
        @OptionGroup var output: OutputOptions

        private struct Report: Encodable {
            var origin: String
            var entries: Int
            var root: String
            var instances: Int
            var types: [String: Int]
        }

        func run() async throws {
            let bundle = try verifier.bundle()
            let key: VerifierKey
            do {
                key = try VerifierKey(parsing: bundle.ledgerKey)
            } catch {
                throw CommandFailure(.malformed, "the trust bundle's ledgerKey: \(error)")
            }
            let report = try await VerifierClient.with(bundle) { client in
                let checkpoint = try await verifiedCheckpoint(client, key)
                return try await audit(client, checkpoint)
            }
            try output.print(report) {
                facts([
                    ("ledger", report.origin),
                    ("entries", "\(report.entries), all under the signed checkpoint"),
                    ("root", report.root),
                    ("instances", "\(report.instances), each with an unbroken chain"),
                    (
                        "types",
                        report.types.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
                    ),
                ])
            }
        }

        private func verifiedCheckpoint(_ client: VerifierClient, _ key: VerifierKey) async throws -> Checkpoint {
            let bytes = try await client.ledgerFile("checkpoint")
            let signed: SignedCheckpoint
            do {
                signed = try SignedCheckpoint(parsing: bytes)
            } catch {
                throw Self.refused("the checkpoint: \(error)")
            }
            switch signed.verify(logKey: key) {
            case .success(let verified): return verified.checkpoint
            case .failure(let refusal): throw Self.refused("the checkpoint: \(refusal.description)")
            }
        }

        private func audit(_ client: VerifierClient, _ checkpoint: Checkpoint) async throws -> Report {
            let bar = ProgressBar("reading the ledger")
            defer { bar.finish() }
            var tree = TreeFrontier()
            var chains: [InstanceID: ContentDigest] = [:]
            var types: [String: Int] = [:]
            while tree.size < checkpoint.size {
                let width = min(TilePath.fullWidth, checkpoint.size - tree.size)
                for entry in try await bundle(client, tree.size / TilePath.fullWidth, width) {
                    try follow(entry, at: tree.size, &chains, &types)
                    _ = tree.append(entry.leafHash)
                }
                bar.update(UInt64(tree.size), of: UInt64(checkpoint.size))
            }
            guard tree.root == checkpoint.root else {
                throw Self.refused("the entries are not those that the checkpoint was signed over")
            }
            return Report(
                origin: checkpoint.origin,
                entries: checkpoint.size,
                root: tree.root.base64,
                instances: chains.count,
                types: types
            )
        }

        private func bundle(_ client: VerifierClient, _ index: Int, _ width: Int) async throws -> [LogEntry] {
            do {
                let path = try TilePath(.entries, index: index, width: width)
                return try EntryBundle.parse(try await client.ledgerFile(path.text), width: width)
            } catch let error as LedgerFormatError {
                throw Self.refused("entry bundle \(index): \(error)")
            }
        }

        /// An entry is readable, and names the one before it of the same instance.
        private func follow(
            _ entry: LogEntry,
            at index: Int,
            _ chains: inout [InstanceID: ContentDigest],
            _ types: inout [String: Int]
        ) throws(CommandFailure) {
            let read: LedgerEntry
            do {
                read = try LedgerEntry(parsing: entry.bytes)
            } catch {
                throw Self.refused("entry \(index) cannot be read: \(error.detail)")
            }
            types[read.body.type, default: 0] += 1
            guard let instance = read.instance else { return }
            guard read.prev == chains[instance] else {
                throw Self.refused("entry \(index) does not follow the one before it of instance \(instance)")
            }
            chains[instance] = ContentDigest(of: entry.bytes)
        }

        private static func refused(_ message: String) -> CommandFailure {
            CommandFailure(
                .refused,
                message,
                hint: "keep what was served; somebody changed the ledger, or this is another one than the bundle's",
                reasons: ["ledger-not-verified"]
            )
        }
    }
}
