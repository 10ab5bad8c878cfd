import EdgeProbes
import Messages
import Synchronization
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Whoever cannot sign with an instance's key cannot end, suspend or delay its trust, however much he sends in its name.
@Suite(.timeLimit(.minutes(20))) struct StrangerTests {
    /// What strangers can get hold of: everything but the instance's key.
    private struct Loot: Sendable {
        var instance: InstanceID
        /// Evidence of the instance that was accepted, byte by byte.
        var accepted: [[UInt8]]
        /// The parts of the last of them.
        var evidence: Evidence
        /// Another instance of the same fleet.
        var own: StolenDevice
    }

    /// The strangers' own device, with its key and a boot that would be refused.
    private final class StolenDevice: Sendable {
        private let device: Mutex<SoftwareKeyDevice>

        init() throws { device = Mutex(try SoftwareKeyDevice(serial: "SN-2")) }

        /// Makes it known to the verifier; then it is taken apart.
        func bundle(by factory: TestFactory) throws -> BirthBundle {
            try device.withLock { device in
                defer { device.reboot(into: "evil") }
                return try factory.bundle(device)
            }
        }

        func request(as instance: InstanceID, challenge: String) throws -> DecisionRequest {
            try device.withLock { try $0.request(.attest, challenge: challenge, as: instance) }
        }

        func evidence(for request: DecisionRequest) throws -> Evidence {
            try device.withLock { try $0.evidence(for: request) }
        }
    }

    /// How often each status was answered.
    private final class Answers: Sendable {
        private let counts = Mutex<[Int: Int]>([:])

        func count(_ status: Int) { counts.withLock { $0[status, default: 0] += 1 } }

        subscript(_ status: Int) -> Int { counts.withLock { $0[status] ?? 0 } }

        var statuses: Set<Int> { counts.withLock { Set($0.keys) } }
    }

    /// One of the ways of the strangers, by number.
    private static func body(
        _ number: Int,
        _ loot: Loot,
        challenge: () async throws -> String
    ) async throws -> [UInt8] {
        switch number % 6 {
        case 0: return (0..<300).map { UInt8(truncatingIfNeeded: $0 &* number &+ 7) }
        case 1: return loot.accepted[number / 6 % loot.accepted.count]
        case 2:
            var evidence = loot.evidence
            evidence.signature.bytes[40] ^= UInt8(truncatingIfNeeded: number | 1)
            return try CanonicalJSON.encode(evidence)
        case 3:
            // A challenge that is really for the instance, and another device's signature.
            let request = try loot.own.request(as: loot.instance, challenge: try await challenge())
            return try CanonicalJSON.encode(loot.own.evidence(for: request))
        case 4:
            // The same with the instance's own quote, of another time.
            var evidence = loot.evidence
            evidence.request = Blob(try loot.own.request(as: loot.instance, challenge: try await challenge()).bytes)
            return try CanonicalJSON.encode(evidence)
        default:
            // The instance's own quote beside the values of another boot.
            var evidence = loot.evidence
            evidence.pcrs = try PCRValues(bank: .sha256, values: SoftwareKeyDevice.boot("evil")).found()
            return try CanonicalJSON.encode(evidence)
        }
    }

    /// Sends until so many were answered; an address that is refused for a while comes again.
    private static func flood(
        _ service: TestVerifier,
        from address: String,
        count: Int,
        _ loot: Loot,
        _ answers: Answers
    ) async {
        var sent = 0
        while sent < count, !Task.isCancelled {
            let first = sent
            let done = try? await EdgeClient.with(service.edge, from: address) { client in
                var number = first
                while number < count {
                    let body = try await Self.body(number, loot) {
                        let asked = try CanonicalJSON.encode(
                            ChallengeRequest(instance: loot.instance, purpose: .attest)
                        )
                        let reply = try await client.send("POST", "/v1/challenges", asked)
                        guard reply.status == 200 else { return "none" }
                        return try CanonicalJSON.decode(
                            ChallengeAnswer.self,
                            from: reply.body,
                            limit: ChallengeAnswer.maximumSize
                        ).challenge
                    }
                    number += 1
                    let status = try await client.send("POST", "/v1/decisions", body).status
                    answers.count(status)
                    // The service closes after it.
                    if status == 429 { break }
                }
                return number
            }
            sent = done ?? sent + 1
        }
    }

    private func renew(_ device: SoftwareKeyDevice, _ client: VerifierClient, times: Int) async throws -> Int64 {
        var expires: Int64 = 0
        for _ in 0..<times {
            let answer = try await client.attest(device)
            #expect(answer.bootState == "current")
            #expect(answer.lease.expires >= expires)
            expires = answer.lease.expires
        }
        return expires
    }

    /// - Parameter addresses: the strangers' addresses; the device has 127.0.0.1 for itself.
    @Test(arguments: [1, 8])
    func aFloodDoesNotTouchTheGenuineDevice(addresses: Int) async throws {
        let factory = try TestFactory()
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let loot = try await loot(of: device, factory, service)
            let before = try await service.store.snapshot(of: device.instance, release: nil).found()
            let size = try await service.store.ledgerHead().size

            let answers = Answers()
            let renewals = 20
            try await withThrowingTaskGroup { group in
                for number in 0..<addresses {
                    group.addTask {
                        let address = "127.0.\(number).2"
                        await Self.flood(service, from: address, count: 2400 / addresses, loot, answers)
                    }
                }
                while answers[400] == 0 || answers[401] == 0 { try await Task.sleep(for: .milliseconds(5)) }
                _ = try await service.anonymous { try await renew(device, $0, times: renewals) }
                group.cancelAll()
                try await group.waitForAll()
            }

            // Each renewal is a decision and a lease; nothing else was recorded.
            #expect(try await service.store.ledgerHead().size == size + 2 * renewals)
            let after = try await service.store.snapshot(of: device.instance, release: nil).found()
            #expect(after.state.version == before.state.version + Int64(renewals))
            #expect(after.state.lifecycle == .trusted && after.state.lease?.id == before.state.lease?.id)
            #expect(answers.statuses.isSubset(of: [400, 401, 429]), "\(answers.statuses)")
            #expect(service.verifier.metrics.value(.garbage) >= Double(answers[401]))
        }
    }

    /// A flood that is refused for its rate, and the device at another address, which is not.
    @Test func aStrangersLimitIsNotTheDevices() async throws {
        let factory = try TestFactory()
        var setup = TestVerifier.Setup()
        // So few that no machine is too slow to exceed them.
        setup.limits.requestsPerSecond = 1
        setup.limits.requestBurst = 60
        try await TestVerifier.with(setup, factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let loot = try await loot(of: device, factory, service)
            let answers = Answers()
            await withTaskGroup { group in
                for number in 0..<4 {
                    group.addTask {
                        await Self.flood(service, from: "127.0.\(number).2", count: 60, loot, answers)
                    }
                }
            }
            #expect(answers[429] > 0 && service.verifier.metrics.value(.rateLimited) > 0)
            _ = try await service.anonymous { try await renew(device, $0, times: 10) }
            let state = try await service.store.snapshot(of: device.instance, release: nil).found().state
            #expect(state.lifecycle == .trusted)
        }
    }

    /// What the instance sent before, while strangers were listening.
    private func loot(
        of device: SoftwareKeyDevice,
        _ factory: TestFactory,
        _ service: TestVerifier
    ) async throws -> Loot {
        let own = try StolenDevice()
        let bundle = try own.bundle(by: factory)
        _ = try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
        var sent: [Evidence] = []
        try await service.anonymous { client in
            for _ in 0..<4 {
                let challenge = try await client.challenge(device, .attest)
                let evidence = try device.evidence(for: device.request(.attest, challenge: challenge.challenge))
                _ = try await client.decide(evidence)
                sent.append(evidence)
            }
        }
        return Loot(
            instance: device.instance,
            accepted: try sent.map { try CanonicalJSON.encode($0) },
            evidence: try sent.last.found(),
            own: own
        )
    }
}
