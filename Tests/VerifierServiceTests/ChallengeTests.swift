import Crypto
import Messages
import Testing
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

@Suite struct ChallengeTests {
    private let challenges = Challenges(key: SymmetricKey(size: .bits256), lifetime: 120_000)
    private let now: Int64 = 1_800_000_000_000

    private func binding(
        _ purpose: Purpose = .attest,
        package: ContentDigest? = nil,
        instance: UInt8 = 1,
        key: UInt8 = 1,
        pcrs: Range<Int> = 0..<10
    ) throws -> Challenges.Binding {
        Challenges.Binding(
            instance: InstanceID(iakName: [instance]),
            purpose: purpose,
            package: package,
            iakName: [key],
            selection: try PCRSet(bank: .sha256, pcrs: pcrs).found()
        )
    }

    private func verdict(
        _ token: String,
        _ binding: Challenges.Binding,
        at time: Int64
    ) -> Result<Challenges.Valid, Challenges.Refusal> {
        Result { () throws(Challenges.Refusal) in try challenges.check(token, for: binding, now: time) }
    }

    @Test func attack39_expiredByOneMillisecond() throws {
        let binding = try binding()
        let (token, expires) = challenges.issue(for: binding, nonce: Verifier.random(32), now: now)
        #expect(expires == now + 120_000)
        #expect(throws: Never.self) { try verdict(token, binding, at: expires - 1).get() }
        #expect(verdict(token, binding, at: expires) == .failure(.expired))
        #expect(verdict(token, binding, at: expires + 1) == .failure(.expired))
    }

    @Test func attack64_challengeFromAWrongClock() throws {
        // Given while the clock was a year ahead: it must not be good for that year.
        let binding = try binding()
        let year: Int64 = 365 * 86_400_000
        let (token, _) = challenges.issue(for: binding, nonce: Verifier.random(32), now: now + year)
        #expect(verdict(token, binding, at: now) == .failure(.expired))
        #expect(verdict(token, binding, at: now + 2 * year) == .failure(.expired))
    }

    @Test func attack38_challengeOfAnotherInstanceOrPackage() throws {
        let package = ContentDigest(of: [1])
        let right = try binding(.update, package: package)
        let (token, _) = challenges.issue(for: right, nonce: Verifier.random(32), now: now)
        #expect(throws: Never.self) { try verdict(token, right, at: now).get() }
        let others = try [
            binding(.update, package: package, instance: 2), binding(.update, package: ContentDigest(of: [2])),
            binding(.update), binding(.attest), binding(.confirm), binding(.update, package: package, key: 2),
            binding(.update, package: package, pcrs: 0..<9),
        ]
        for other in others { #expect(verdict(token, other, at: now) == .failure(.notOurs)) }
        let stranger = Challenges(key: SymmetricKey(size: .bits256), lifetime: 120_000)
        let foreign = stranger.issue(for: right, nonce: Verifier.random(32), now: now).token
        #expect(verdict(foreign, right, at: now) == .failure(.notOurs))
    }

    @Test func everyBitOfATokenCounts() throws {
        let binding = try binding()
        let (token, _) = challenges.issue(for: binding, nonce: Verifier.random(32), now: now)
        let bytes = try Base64URL.decode(token).found()
        for position in bytes.indices {
            for bit in [UInt8(0x01), 0x80] {
                var changed = bytes
                changed[position] ^= bit
                #expect(throws: Challenges.Refusal.self) {
                    try verdict(Base64URL.encode(changed), binding, at: now).get()
                }
            }
        }
        for length in [0, 1, 57, 58, bytes.count - 1] {
            #expect(verdict(Base64URL.encode(bytes.prefix(length)), binding, at: now) == .failure(.malformed))
        }
        #expect(verdict(token + "A", binding, at: now) == .failure(.malformed))
        #expect(verdict(token + "=", binding, at: now) == .failure(.malformed))
        #expect(verdict(String(repeating: "A", count: 1 << 20), binding, at: now) == .failure(.malformed))
    }

    @Test func attack40_challengesUniqueStatistical() throws {
        let count = 100_000
        let binding = try binding()
        var tokens = Set<String>()
        var ones = [Int](repeating: 0, count: 256)
        for _ in 0..<count {
            let nonce = Verifier.random(Challenges.nonceSize)
            for (index, byte) in nonce.enumerated() {
                for bit in 0..<8 { ones[index * 8 + bit] += Int(byte >> UInt8(bit) & 1) }
            }
            tokens.insert(challenges.issue(for: binding, nonce: nonce, now: now).token)
        }
        #expect(tokens.count == count)
        // Each of 256 bits is set half of the time: seven standard deviations are 1,107.
        let deviations = ones.map { abs($0 - count / 2) }
        #expect(deviations.max() ?? .max < 1_107)
    }

    @Test func memoryOfConsumedChallengesIsBoundedAndForgets() {
        let consumed = ConsumedChallenges(lifetime: 1000, limit: 3)
        #expect(consumed.consume([1], now: 0) == .first)
        #expect(consumed.consume([1], now: 999) == .repeated)
        #expect(consumed.consume([2], now: 999) == .first)
        #expect(consumed.consume([3], now: 999) == .first)
        #expect(consumed.consume([4], now: 999) == .full)
        #expect(consumed.consume([4], now: 1000) == .first)
        // The one consumed last before the turn is remembered for a whole lifetime after.
        #expect(consumed.consume([3], now: 1998) == .repeated)
        #expect(consumed.consume([5], now: 3000) == .first)
        #expect(consumed.consume([1], now: 3000) == .first)
    }

    @Test func whatStrangersHaveFilledHasRoomForWhatIsSigned() {
        let consumed = ConsumedChallenges(lifetime: 1000, limit: 2, share: 1)
        let (one, other, third) = (InstanceID(iakName: [1]), InstanceID(iakName: [2]), InstanceID(iakName: [3]))
        #expect(consumed.consume([1], now: 0) == .first)
        #expect(consumed.consume([2], now: 0) == .first)
        #expect(consumed.consume([3], now: 0) == .full)
        #expect(consumed.consume([3], signedBy: one, now: 0) == .first)
        #expect(consumed.consume([3], signedBy: one, now: 0) == .repeated)
        #expect(consumed.consume([3], now: 0) == .repeated)
        // An instance that has its share keeps nobody else out, and all of them together fill as much again.
        #expect(consumed.consume([4], signedBy: one, now: 0) == .full)
        #expect(consumed.consume([4], signedBy: other, now: 0) == .first)
        #expect(consumed.consume([5], signedBy: third, now: 0) == .full)
        #expect(consumed.consume([3], now: 1500) == .repeated)
        #expect(consumed.consume([5], signedBy: one, now: 1500) == .first)
    }

    /// 16 bytes of a nonce are kept, whichever they are.
    @Test func noncesAreToldApartByTheirFirstBytes() {
        let consumed = ConsumedChallenges(lifetime: 1000)
        for position in 0..<16 {
            var nonce = [UInt8](repeating: 0xFF, count: Challenges.nonceSize)
            nonce[position] = 0
            #expect(consumed.consume(nonce, now: 0) == .first)
            #expect(consumed.consume(nonce, now: 0) == .repeated)
        }
    }
}

/// Challenges as they are used over the wire.
@Suite struct ChallengeReuseTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    /// - Parameter claimed: in whose name the device speaks, when it is not its own.
    private func evidence(
        _ device: SoftwareKeyDevice,
        as claimed: SoftwareKeyDevice? = nil,
        _ client: VerifierClient
    ) async throws -> Evidence {
        let challenge = try await client.challenge(claimed ?? device, .attest)
        return try device.evidence(
            for: device.request(.attest, challenge: challenge.challenge, as: claimed?.instance)
        )
    }

    @Test func attack37_challengeReuseSequentially() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let challenge = try await client.challenge(device, .attest)
                let request = try device.request(.attest, challenge: challenge.challenge)
                let first = try device.evidence(for: request)
                _ = try await client.decide(first)
                #expect(try await problem { try await client.decide(first) }.kind == .notAuthentic)
                // A fresh quote for the old challenge is no better.
                let second = try device.evidence(for: request)
                #expect(try await problem { try await client.decide(second) }.kind == .notAuthentic)
            }
            #expect(try await service.store.ledgerHead().size == 4)
        }
    }

    @Test func attack37_challengeReuseConcurrently() async throws {
        var setup = TestVerifier.Setup()
        setup.limits.requestBurst = 100_000
        try await TestVerifier.with(setup, factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let evidence = try await evidence(device, client)
                let outcomes = await withTaskGroup(of: String.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            do {
                                return try await client.decide(evidence).bootState
                            } catch { return (error as? VerifierClientError)?.problem?.kind?.rawValue ?? "\(error)" }
                        }
                    }
                    return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
                }
                #expect(outcomes == ["current": 1, "not-authentic": 99])
            }
        }
    }

    @Test func attack37_challengeReuseAfterFailure() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let challenge = try await client.challenge(device, .attest)
                let request = try device.request(.attest, challenge: challenge.challenge)
                let forged = try other.evidence(for: request)
                #expect(try await problem { try await client.decide(forged) }.kind == .notAuthentic)
                let genuine = try device.evidence(for: request)
                #expect(try await problem { try await client.decide(genuine) }.kind == .notAuthentic)
            }
        }
    }

    /// Strangers who fill the memory of challenges keep nobody out, and have nobody's challenge count twice.
    @Test func attack37_challengeReuseInAFullMemory() async throws {
        var setup = TestVerifier.Setup()
        setup.rememberedChallenges = 4
        // Longer than the test can take.
        setup.limits.challengeSeconds = 3600
        try await TestVerifier.with(setup, factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let stranger = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let early = try await evidence(device, client)
                for _ in 0..<4 {
                    let garbage = try await evidence(stranger, as: device, client)
                    #expect(try await problem { try await client.decide(garbage) }.kind == .notAuthentic)
                }
                let size = try await service.store.ledgerHead().size
                let garbage = try await evidence(stranger, as: device, client)
                #expect(try await problem { try await client.decide(garbage) }.kind == .busy)
                // The instance's own quote for another challenge is nobody's evidence for this one.
                var replayed = early
                replayed.request = garbage.request
                #expect(try await problem { try await client.decide(replayed) }.kind == .busy)
                #expect(try await service.store.ledgerHead().size == size)
                #expect(service.verifier.metrics.value(.garbage) == 6)

                #expect(try await client.decide(early).bootState == "current")
                #expect(try await problem { try await client.decide(early) }.kind == .notAuthentic)
                #expect(try await client.attest(device).bootState == "current")
            }
            // Of what is refused to a suspended instance nothing is recorded: only this memory knows of it.
            let reason = try remark("lost")
            _ = try await service.operating(as: .operator) { try await $0.act(.suspend, on: device.serial, reason) }
            try await service.anonymous { client in
                let evidence = try await evidence(device, client)
                #expect(try await problem { try await client.decide(evidence) }.reasons == ["suspended"])
                #expect(try await problem { try await client.decide(evidence) }.kind == .notAuthentic)
            }
            // Once a lifetime is over there is room again, for garbage too.
            service.clock.advance(milliseconds: 3_601_000)
            try await service.anonymous { client in
                let garbage = try await evidence(stranger, as: device, client)
                #expect(try await problem { try await client.decide(garbage) }.kind == .notAuthentic)
            }
        }
    }

    @Test func attack37_challengeReuseAfterRestart() async throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        defer { withExtendedLifetime(home) {} }
        let device = try SoftwareKeyDevice(serial: "SN-1")
        let used = try await TestVerifier.serve(directory) { service in
            try await service.importBirth(of: device, by: factory)
            return try await service.anonymous { client in
                let evidence = try await evidence(device, client)
                _ = try await client.decide(evidence)
                return evidence
            }
        }
        try await TestVerifier.serve(directory) { service in
            try await service.anonymous { client in
                let size = try await service.store.ledgerHead().size
                let again = try await problem { try await client.decide(used) }
                #expect(again.kind == .notAuthentic || again.kind == .refused)
                #expect(try await service.store.ledgerHead().size == size)
                // And the device is none the worse for somebody else's replay.
                #expect(try await client.attest(device).bootState == "current")
            }
        }
    }

    @Test func attack38_challengeOfAnotherInstanceOverTheWire() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let one = try SoftwareKeyDevice(serial: "SN-1")
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: one, by: factory)
            try await service.importBirth(of: other, by: factory)
            try await service.anonymous { client in
                let challenge = try await client.challenge(one, .attest)
                let evidence = try other.evidence(for: other.request(.attest, challenge: challenge.challenge))
                #expect(try await problem { try await client.decide(evidence) }.kind == .notAuthentic)
                #expect(try await client.attest(other).bootState == "current")
            }
        }
    }
}

extension VerifierClientError {
    var problem: Problem? {
        if case .problem(let problem) = self { problem } else { nil }
    }
}
