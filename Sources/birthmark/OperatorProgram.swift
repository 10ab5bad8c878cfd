import ArgumentParser

struct OperatorProgram: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "birthmark",
        abstract:
            "For operators, release makers and auditors: releases, devices, policy, quotes, logs, results and the ledger.",
        discussion: """
            Commands that ask the verifier take --trust and --operator, or these:
              export BIRTHMARK_TRUST=trust.json BIRTHMARK_OPERATOR=operators/alice

            Births that a station has exported, and how devices stand:
              birthmark births import births.json
              birthmark device list

            A release, once it is signed (birthmark release sign --help):
              birthmark release add app-2.0.dsse.json
              birthmark policy explain GW-0001

            A device off line, whose requests, grants and receipts are files on a stick:
              birthmark freshness --out /media/stick/epoch.json
              birthmark authorize /media/stick --out /media/stick
              birthmark receipts import /media/stick

            A device without a TPM, for which people answer:
              birthmark approve 3b5d… --device SENSOR-0007 --role release-manager \\
                  --reason 'change 12'
              birthmark device witness SENSOR-0007 --release 3b5d… --reason 'on site'

            What was delivered, on whose authority, for a stranger to judge:
              birthmark audit export GW-0001 --out gw-0001.audit
              birthmark audit verify gw-0001.audit

            Exit status: 0 done or accepted, 1 refused, 2 malformed input or wrong usage, 3 the environment failed.
            """,
        subcommands: [
            // Every day; now and then; off line; afterwards; for relying parties; and single files.
            BirthsCommand.self, DeviceCommand.self, ReleaseCommand.self, PolicyCommand.self, ApproveCommand.self,
            ReportCommand.self,
            EmergencyCommand.self, TrustCommand.self, KeyCommand.self,
            FreshnessCommand.self, AuthorizeCommand.self, ReceiptsCommand.self,
            LedgerCommand.self, AuditCommand.self, ControlsCommand.self,
            StatusCommand.self, EARCommand.self, QuoteCommand.self, LogCommand.self, EKCommand.self,
        ]
    )
}
