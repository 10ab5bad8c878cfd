import ArgumentParser

struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "The ledger of births, decisions, grants and operators' acts.",
        discussion: "Example: birthmark ledger verify --trust trust.json",
        subcommands: [
            LedgerVerify.self, LedgerTail.self, LedgerExport.self, LedgerShow.self, LedgerWitness.self,
        ]
    )
}
