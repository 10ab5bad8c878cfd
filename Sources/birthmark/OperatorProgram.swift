import ArgumentParser

struct OperatorProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark",
        abstract:
            "For operators, release makers and auditors: releases, devices, policy, quotes, logs, results and the ledger.",
        discussion: """
            Examples:
              birthmark release list --trust trust.json --operator operators/alice
              birthmark quote verify --key ak.pub --attest quote.msg \\
                  --signature quote.sig --nonce 00112233

            Commands that ask the verifier take --trust and --operator, or BIRTHMARK_TRUST and BIRTHMARK_OPERATOR.
            Exit status: 0 done or accepted, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [
            BirthsCommand.self, ReleaseCommand.self, DeviceCommand.self, PolicyCommand.self, QuoteCommand.self,
            LogCommand.self, EKCommand.self, EARCommand.self, StatusCommand.self, LedgerCommand.self, AuditCommand.self,
            ReportCommand.self, ControlsCommand.self,
            ApproveCommand.self, EmergencyCommand.self, TrustCommand.self, KeyCommand.self, FreshnessCommand.self,
            AuthorizeCommand.self,
            ReceiptsCommand.self,
        ]
    )
}
