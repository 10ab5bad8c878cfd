import ArgumentParser

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "The ledger: births, decisions, grants and acts.",
        discussion: "Example: birthmark ledger verify --trust trust.json",
        subcommands: [
            LedgerVerify.self, LedgerTail.self, LedgerExport.self, LedgerShow.self, LedgerWitness.self,
        ]
    )
}
