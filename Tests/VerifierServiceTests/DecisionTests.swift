import AttestationResults
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

@Suite struct DecisionTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    @Test func wholeLifeOfADevice() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let release = try releases.release("2.0")
            let package = try await service.add(release, releases)
            try await service.anonymous { client in
                let attested = try await client.attest(device)
                #expect(attested.bootState == "current")
                #expect(attested.rule == "lab")
                #expect(attested.grant == nil)

                let granted = try await client.update(device, to: package)
                let delivery = try granted.grant.found()
                let grant = try service.grant(delivery.grant)
                #expect(grant.instance == device.instance)
                #expect(grant.claims.package.reference == package)
                #expect(grant.claims.exp <= granted.lease.expires)

                // The proof holds for a stranger who has the ledger's key and nothing else.
                let proof = try LogProof(parsing: Array(delivery.proof.utf8))
                let entry = try LogEntry(delivery.entry.bytes)
                let key = try VerifierKey(parsing: service.trust.ledgerKey)
                #expect(throws: Never.self) { try proof.verify(entry: entry, logKey: key).get() }
                guard case .grant(let recorded) = try LedgerEntry(parsing: delivery.entry.bytes).body else {
                    Issue.record("not a grant's entry")
                    return
                }
                #expect(recorded.grant == grant.digest)

                device.counters.grants += 1
                device.reboot(into: "os 2.0")
                let confirmed = try await client.confirm(device, grant: grant.claims.jti)
                #expect(confirmed.bootState == "granted")
                let again = try await client.attest(device)
                #expect(again.bootState == "current")
            }
            let report = try await service.operating(as: .auditor) { client in
                try await client.instance(device.serial)
            }
            #expect(report.lifecycle == "trusted")
            #expect(report.running.version.text == "2.0")
            #expect(report.running.manifest == package.manifest)
            #expect(report.pending == nil)
        }
    }

    @Test func resultIsGivenToWhomeverAsksForOne() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let plain = try await client.attest(device)
                #expect(plain.ear == nil)
                let challenge = try await client.challenge(device, .attest).challenge
                let evidence = try device.evidence(for: device.request(.attest, challenge: challenge))
                let answer = try await client.decide(evidence, wantsResult: true)
                let keys = try service.trust.resultKeys.found()
                let result = try AttestationResult.verify(try answer.ear.found(), keys: keys)
                #expect(result.isAbout(device.instance))
                #expect(result.claims.expires == answer.lease.expires)
                #expect(result.claims.nonces == [EARClaims.nonce(for: challenge)])
                // Two keys: what signs results signs no grants.
                #expect(keys != service.trust.grantKeys)
                #expect(throws: JWSError.self) {
                    try AttestationResult.verify(result.compact, keys: service.trust.grantKeys)
                }
                // A refusal carries none.
                device.reboot(into: "evil")
                let next = try await client.challenge(device, .attest).challenge
                let evil = try device.evidence(for: device.request(.attest, challenge: next))
                let refusal = try await problem { try await client.decide(evil, wantsResult: true) }
                #expect(refusal.reasons?.contains("boot-unexpected") == true)
            }
            try await HTTPProbe.with(service) { probe in
                let reply = try await probe.send("POST", "/v1/decisions?result=other", body: Array("{}".utf8))
                #expect(reply.status == 400)
            }
        }
    }

    @Test func tamperedBootEndsTheLease() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                device.reboot(into: "evil")
                let refusal = try await problem { try await client.attest(device) }
                #expect(refusal.kind == .refused)
                #expect(refusal.reasons?.contains("boot-unexpected") == true)
                // What the device is told leads an operator to what was decided.
                let number = try refusal.entry.found()
                let bytes = try await service.operating(as: .auditor) { try await $0.ledgerEntry(number) }
                let entry = try LedgerEntry(parsing: bytes)
                #expect(entry.instance == device.instance)
                guard case .decision(let decision) = entry.body else {
                    Issue.record("entry \(number) is no decision: \(entry)")
                    return
                }
                #expect(decision.reasons.contains("boot-unexpected"))
                device.reboot(into: "os 1.0")
                let next = try await problem { try await client.attest(device) }
                #expect(next.reasons == ["suspended"])
            }
            let report = try await service.operating(as: .operator) { try await $0.instance(device.serial) }
            #expect(report.lifecycle == "suspended")
            #expect(report.lease == nil)
        }
    }

    @Test func strangersHurtNobody() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                _ = try await client.attest(device)
                let before = try await service.store.ledgerHead()
                // Somebody else's key under this device's name, with a boot that would be refused.
                let stranger = try SoftwareKeyDevice(serial: "SN-2")
                stranger.reboot(into: "evil")
                let challenge = try await client.challenge(device, .attest)
                let request = try stranger.request(.attest, challenge: challenge.challenge, as: device.instance)
                let evidence = try stranger.evidence(for: request)
                let refusal = try await problem { try await client.decide(evidence) }
                #expect(refusal.kind == .notAuthentic)
                #expect(refusal.reasons == nil)
                #expect(try await service.store.ledgerHead() == before)
                let after = try await client.attest(device)
                #expect(after.bootState == "current")
            }
            #expect(service.verifier.metrics.value(.garbage) == 1)
        }
    }

    @Test func unknownInstanceIsToldNothing() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let known = try SoftwareKeyDevice(serial: "SN-1")
            let unknown = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: known, by: factory)
            try await service.anonymous { client in
                let (one, other) = (
                    try await client.challenge(known, .attest), try await client.challenge(unknown, .attest)
                )
                #expect(one.challenge.count == other.challenge.count)
                #expect(one.selection == other.selection)
                let answers = try await [
                    problem { try await client.attest(unknown) },
                    problem {
                        let evidence = try unknown.evidence(
                            for: unknown.request(.attest, challenge: one.challenge, as: known.instance)
                        )
                        return try await client.decide(evidence)
                    },
                ]
                #expect(answers[0] == answers[1])
            }
        }
    }
}
