import AttestationResults
import Messages
import Testing

@testable import Appraisal

extension Scene {
    /// An instance that booted this, and is expected to show it: exactly, or by facts where they are given.
    init(booted boot: BootLog, facts: BootFactRequirements = BootFactRequirements(), exact: [Int] = []) throws {
        try self.init()
        values = boot.values.filter { $0.key < 10 }
        log = .bytes(boot.bytes, digest: boot.digest)
        let fixed = try #require(PCRValues(bank: .sha256, values: values.filter { exact.contains($0.key) }))
        expectations = [BootExpectation(name: .current, profile: BootProfile(exact: fixed, facts: facts))]
    }

    /// Facts of `sensor-os-1.7.0`.
    static func facts(
        secureBoot: Bool? = nil,
        firmware: String? = nil,
        commandLine: String? = nil
    ) -> BootFactRequirements {
        BootFactRequirements(secureBoot: secureBoot, firmwareVersion: firmware, kernelCommandLine: commandLine)
    }
}
