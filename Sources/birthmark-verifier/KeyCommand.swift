import ArgumentParser
import CommandLineContract
import Messages
import VerifierService

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Lets a key of the verifier follow another.",
        discussion: """
            The keys are those with which this verifier signs.

            A key is made, named beside the old one in a trust bundle that people sign (birthmark trust), and then used. The old one stays \
            in the bundle for as long as devices may hold what it has signed.

            Example: birthmark-verifier key new grant verifier
            """,
        subcommands: [New.self, Use.self]
    )

    struct New: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes the next key beside the current one.",
            discussion: """
                It signs nothing yet.

                The private half stays in keys/, 0600, and is never shown. The public half goes into a file for birthmark trust draft --add.

                Example: birthmark-verifier key new grant verifier
                """
        )

        @Argument(help: "grant, results or ledger.")
        var kind: RotatedKey
        @OptionGroup var place: DirectoryArgument
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (key, path) = try KeyRotation(place.directory).makeNext(kind.kind)
            try output.print(NextKeyReport(kind: key.kind, name: key.name, file: path)) {
                """
                \(path) holds the public half of \(key.kind.rawValue):\(key.name)
                next: birthmark trust draft --add \(path), and after it was published birthmark-verifier key use \(kind.rawValue) \(place.path)
                """
            }
        }
    }

    struct Use: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Puts the next key in the place of the current one.",
            discussion: """
                A published trust bundle must name it.

                The service signs with it after a restart. A ledger's old key signs beside it until a later bundle does not name it any more; \
                the start after that removes it.

                Example: birthmark-verifier key use grant verifier
                """
        )

        @Argument(help: "grant, results or ledger.")
        var kind: RotatedKey
        @OptionGroup var place: DirectoryArgument
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let directory = place.directory
            switch try await KeyRotation(directory).use(kind.kind, openStore: { try directory.openStore($0) }) {
            case .used(let name):
                let old =
                    kind == .ledger
                    ? "; the one before signs beside it until a published trust bundle does not name it" : ""
                try output.print(UsedKeyReport(kind: kind.rawValue, name: name)) {
                    "\(kind.rawValue):\(name) signs from the next start of the service on: restart it\(old)"
                }
            case .refused(let why):
                throw CommandFailure(
                    .refused,
                    why,
                    hint: "make it (key new), have it named (birthmark trust draft, sign, publish), and run this again",
                    reasons: ["key-not-published"]
                )
            }
        }
    }
}

private struct NextKeyReport: Encodable {
    var kind: KeyKind
    var name: String
    var file: String
}

private struct UsedKeyReport: Encodable {
    var kind: String
    var name: String
}

/// Which of the verifier's keys, on the command line.
enum RotatedKey: String, ExpressibleByArgument, CaseIterable {
    case grant
    case results
    case ledger

    var kind: KeyRotation.Kind {
        switch self {
        case .grant: .grant
        case .results: .results
        case .ledger: .ledger
        }
    }
}
