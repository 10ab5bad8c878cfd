import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// A device's part of its retirement, over the wire, and what is noticed when its key comes back.
@Suite struct FarewellTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func types(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> [String] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
            .filter { $0.instance == device.instance }.map(\.body.type)
    }

    private func retire(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws {
        _ = try await service.operating(as: .operator) { client in
            try await client.act(.retire, on: device.serial, try remark("scrapped"))
        }
    }

    private func report(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
    }

    @Test func anOperatorFirstThenTheDevice() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let lease = try await client.attest(device).lease
                let early = try await problem { try await client.takeLeave(device) }
                #expect(early.kind == .refused && early.reasons == ["not-retired"])
                #expect(early.title.contains("birthmark device retire"))
                // It cost the device nothing.
                #expect(try await client.attest(device).lease.id == lease.id)

                try await retire(device, service)
                let answer = try await client.takeLeave(device)
                #expect(answer.instance == device.instance && !answer.wasKnown)
                let again = try await client.takeLeave(device)
                #expect(again.wasKnown && again.at == answer.at)
                #expect(try await report(device, service).farewell == answer.at)
            }
            let types = try await types(device, service)
            #expect(types.suffix(3) == ["operator", "lease", "farewell"])
            #expect(try await report(device, service).reappeared == nil)
        }
    }

    @Test func aKeyThatComesBackIsRefusedAndNoticed() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                try await retire(device, service)
                _ = try await client.takeLeave(device)
                for time in 0..<3 {
                    let refusal = try await problem { try await client.attest(device) }
                    #expect(refusal.reasons == ["retired"])
                    // The entry that notices it is named, and it is written once.
                    #expect((refusal.entry != nil) == (time == 0))
                }
            }
            #expect(try await types(device, service).filter { $0 == "reappearance" }.count == 1)
            let report = try await report(device, service)
            #expect(report.lifecycle == "retired" && report.lease == nil && report.reappeared?.times == 1)
            #expect(service.verifier.metrics.value(.reappearances) == 3)
        }
    }

    @Test func attack38_farewellTakesNoOtherChallenge() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await retire(device, service)
            try await service.anonymous { client in
                let attest = try await client.challenge(device, .attest).challenge
                let crossed = try device.evidence(for: device.request(.farewell, challenge: attest))
                #expect(try await problem { try await client.takeLeave(crossed) }.kind == .notAuthentic)
                let farewell = try await client.challenge(device, .farewell).challenge
                let other = try device.evidence(for: device.request(.attest, challenge: farewell))
                #expect(try await problem { try await client.decide(other) }.kind == .notAuthentic)
                // Each says what it is for, and goes to its own place.
                let misled = try device.evidence(for: device.request(.farewell, challenge: farewell))
                #expect(try await problem { try await client.decide(misled) }.kind == .malformed)
                #expect(try await problem { try await client.takeLeave(other) }.kind == .malformed)
            }
            #expect(try await report(device, service).farewell == nil)
        }
    }

    @Test func attack37_farewellIsNotReplayed() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                // Said too early, kept by somebody, and brought again behind the operator's act.
                let challenge = try await client.challenge(device, .farewell).challenge
                let evidence = try device.evidence(for: device.request(.farewell, challenge: challenge))
                #expect(try await problem { try await client.takeLeave(evidence) }.reasons == ["not-retired"])
                try await retire(device, service)
                #expect(try await problem { try await client.takeLeave(evidence) }.kind == .notAuthentic)
            }
            #expect(try await report(device, service).farewell == nil)
        }
    }
}
