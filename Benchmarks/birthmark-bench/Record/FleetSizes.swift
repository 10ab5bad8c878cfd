import ArgumentParser

/// How large the large records are.
struct FleetSizes: ParsableArguments {
    @Option(help: ArgumentHelp("Devices on the record that is compared with one of a thousand.", valueName: "n"))
    var devices = 1_000_000
    @Option(help: ArgumentHelp("Leases that run out together, and instances on the status list.", valueName: "n"))
    var leases = 100_000

    @Option(help: ArgumentHelp("Entries on the largest ledger that proofs are taken from.", valueName: "n"))
    var entries = 10_000_000

    /// A record that fits into every cache.
    static let small = 1_000

    func validate() throws {
        // Places on a record are drawn among ten million at most (LoadOrder).
        guard (Self.small...5_000_000).contains(devices) else {
            throw ValidationError("--devices is from \(Self.small) to 5000000")
        }
        guard (Self.small...1_000_000).contains(leases) else {
            throw ValidationError("--leases is from \(Self.small) to 1000000")
        }
        guard (Self.small...100_000_000).contains(entries) else {
            throw ValidationError("--entries is from \(Self.small) to 100000000")
        }
    }
}
