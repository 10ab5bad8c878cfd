import Crypto
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// The part that a device without a TPM has in its retirement, over the wire.
@Suite struct CompensatedFarewellTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private static let setup = {
        var setup = TestVerifier.Setup()
        setup.policy = TestRule.policy(
            TestRule("no-tpm", for: .compensated, #""controls":{"releases":"*","approvals":0,"claims":true}"#),
            TestRule("gateways", for: .withTPM, #""gateway":true"#)
        )
        return setup
    }()

    /// A device that has spoken.
    private func with(
        _ body: (TestVerifier, VerifierClient, inout CompensatedDevice) async throws -> Void
    ) async throws {
        try await TestVerifier.with(Self.setup, factory: factory) { service in
            var device = try CompensatedDevice(serial: "SN-1", at: factory)
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                try await client.ask(&device)
                try await body(service, client, &device)
            }
        }
    }

    private func retire(_ device: CompensatedDevice, _ service: TestVerifier) async throws {
        _ = try await service.operating(as: .operator) { client in
            try await client.act(.retire, on: device.serial, try remark("scrapped"))
        }
    }

    private func report(_ device: CompensatedDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
    }

    private func types(_ device: CompensatedDevice, _ service: TestVerifier) async throws -> [String] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
            .filter { $0.instance == device.instance }.map(\.body.type)
    }

    @Test func anOperatorFirstThenTheDevice() async throws {
        try await with { service, client, device in
            let before = try await report(device, service)
            let early = try await problem { try await client.takeLeave(device) }
            #expect(early.kind == .refused && early.reasons == ["not-retired"])
            #expect(early.title.contains("birthmark device retire"))
            #expect(try await report(device, service) == before)

            try await retire(device, service)
            let evidence = try await client.evidence(of: device, .farewell)
            let answer = try await client.takeLeave(evidence)
            #expect(answer.instance == device.instance && !answer.wasKnown)
            try FarewellWord.hold(
                answer,
                to: evidence.request.bytes,
                of: device.instance,
                issuer: try label("test"),
                keys: try service.trust.resultKeys.found()
            )
            let again = try await client.takeLeave(device)
            #expect(again.wasKnown && again.at == answer.at)
            let after = try await report(device, service)
            #expect(after.farewell == answer.at && after.position == 2 && after.lifecycle == "retired")
            #expect(try await types(device, service).suffix(3) == ["operator", "lease", "farewell"])
            #expect(try await problem { try await client.ask(&device) }.reasons == ["retired"])
        }
    }

    /// Who has none of its keys, or what was said for something else: none of it is a farewell.
    @Test func attack74_aStrangersFarewellMovesNothing() async throws {
        try await with { service, client, device in
            try await retire(device, service)
            let size = try await service.store.ledgerHead().size
            var stranger = device
            (stranger.key, stranger.next) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
            for _ in 0..<20 {
                #expect(try await problem { try await client.takeLeave(stranger) }.kind == .notAuthentic)
            }
            let unknown = try CompensatedDevice(serial: "SN-9", at: factory)
            #expect(try await problem { try await client.takeLeave(unknown) }.kind == .notAuthentic)
            let measured = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: measured, by: factory)
            var pretender = device
            pretender.speaksFor = measured.instance
            #expect(try await problem { try await client.takeLeave(pretender) }.kind == .notAuthentic)

            // Each kind of evidence has its own place.
            let attest = try await client.evidence(of: device)
            #expect(try await problem { try await client.takeLeave(attest) }.kind == .malformed)
            let farewell = try await client.evidence(of: device, .farewell)
            #expect(try await problem { try await client.decide(farewell) }.kind == .malformed)
            let crossed = try device.evidence(.farewell, try await client.challengeToAttest(device))
            #expect(try await problem { try await client.takeLeave(crossed) }.kind == .notAuthentic)
            #expect(try await report(device, service).farewell == nil)
            #expect(try await service.store.ledgerHead().size == size + 1, "the other birth")

            // Seen on its way and sent again, it is an answered challenge.
            _ = try await client.takeLeave(farewell)
            #expect(try await problem { try await client.takeLeave(farewell) }.kind == .notAuthentic)
        }
    }

    /// A gateway has nothing to say about a farewell, and cannot have one decided on.
    @Test func noGatewayVouchesForAFarewell() async throws {
        try await with { service, client, device in
            let gateway = try TestGateway(serial: "GW-1")
            try await service.importBirth(of: gateway.device, by: factory)
            try await service.assign(device, to: [gateway])
            let evidence = try await client.evidence(of: device, .farewell)
            let refused = try await problem {
                try await client.pass(evidence, of: device.instance, through: gateway, try TestGateway.observed())
            }
            #expect(refused.kind == .malformed)
        }
    }

    @Test func aCopyThatSpeaksShowsWhateverItSays() async throws {
        try await with { service, client, device in
            let copy = device
            for _ in 0..<2 { try await client.ask(&device) }
            #expect(try await problem { try await client.takeLeave(copy) }.reasons == ["forked"])
            #expect(try await report(device, service).fork != nil)
            #expect(try await problem { try await client.ask(&device) }.reasons == ["suspended", "forked"])
            try await retire(device, service)
            #expect(try await problem { try await client.takeLeave(copy) }.reasons == ["forked"])
            #expect(try await report(device, service).farewell == nil)
            #expect(try await !client.takeLeave(device).wasKnown)
        }
    }
}

extension VerifierClient {
    fileprivate func takeLeave(_ device: CompensatedDevice) async throws -> FarewellAnswer {
        try await takeLeave(try await evidence(of: device, .farewell))
    }

    fileprivate func challengeToAttest(_ device: CompensatedDevice) async throws -> String {
        try await challenge(ChallengeRequest(instance: device.instance, purpose: .attest)).challenge
    }
}
