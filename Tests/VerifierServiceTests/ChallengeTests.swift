import Crypto
import Messages
import Testing
import VerifierClient
import VerifierStore

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
}

/// Challenges as they are used over the wire.
@Suite struct ChallengeReuseTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func evidence(_ device: SoftwareKeyDevice, _ client: VerifierClient) async throws -> Evidence {
        let challenge = try await client.challenge(device, .attest)
        return try device.evidence(for: device.request(.attest, challenge: challenge.challenge))
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

    @Test func attack37_challengeReuseAfterRestart() async throws {
        let home = try TemporaryDirectory()
        let directory = VerifierDirectory(home.path + "/verifier")
        try TestVerifier.prepare(directory, TestVerifier.Setup(), factory)
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
