import ArgumentParser

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "The proof of what was delivered, on whose authority.",
        discussion: """
            It says to whom and when, too.

            Examples:
              birthmark audit export GW-0001 --out gw-0001.audit
              birthmark audit verify gw-0001.audit --trust trust.json
              birthmark audit reappraise GW-0001 --trust trust.json \\
                  --operator operators/alice
            """,
        subcommands: [AuditExport.self, AuditVerify.self, AuditReappraise.self]
    )
}
