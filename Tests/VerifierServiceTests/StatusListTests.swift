import AttestationResults
import Compression
import FoundationEssentials
import Messages
import Subprocess
import Synchronization
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// The status list over the wire, and what a relying party makes of it.
@Suite struct StatusListTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    /// An instance's result, as the device asks for it.
    private func result(
        _ device: SoftwareKeyDevice,
        _ client: VerifierClient,
        _ service: TestVerifier
    ) async throws -> AttestationResult {
        let challenge = try await client.challenge(device, .attest).challenge
        let evidence = try device.evidence(for: device.request(.attest, challenge: challenge))
        let answer = try await client.decide(evidence, wantsResult: true)
        return try AttestationResult.verify(try answer.ear.found(), keys: try service.trust.resultKeys.found())
    }

    /// The list as it is served now, not as it was a moment ago.
    private func list(
        _ client: VerifierClient,
        _ service: TestVerifier
    ) async throws -> (token: StatusListToken, statuses: StatusList) {
        while true {
            service.clock.advance(milliseconds: 20_000)
            let asked = service.verifier.clock.seconds
            let bytes = try await client.statusList(limit: StatusListToken.maximumSize)
            let token = try StatusListToken.verify(
                String(decoding: bytes, as: UTF8.self),
                keys: try service.trust.resultKeys.found()
            )
            // One that took seconds to make is given out for longer than that.
            guard token.claims.issuedAt >= asked else { continue }
            let list = try ZlibStream.decompress(token.claims.compressed, limit: StatusList.maximumSize)
            return (token, try StatusList(bits: token.claims.bits, bytes: list))
        }
    }

    private func reliance(
        on result: AttestationResult,
        _ client: VerifierClient,
        _ service: TestVerifier
    ) async throws -> Reliance {
        let (token, statuses) = try await list(client, service)
        return Reliance(on: result, token, statuses, at: service.verifier.clock.seconds)
    }

    @Test func statusFollowsTheWholeLifeOfAnInstance() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let other = try SoftwareKeyDevice(serial: "SN-2")
            try await service.importBirth(of: device, by: factory)
            try await service.importBirth(of: other, by: factory)
            try await service.anonymous { client in
                // Born, and nothing more: nobody is told of an instance that it may be relied on.
                let (before, born) = try await list(client, service)
                #expect(born.count == StatusPlaces.minimum)
                #expect((0..<born.count).allSatisfy { born[$0] == .invalid })
                #expect(before.claims.subject.hasSuffix("/v1/status-lists/1"))
                #expect(before.claims.expires - before.claims.issuedAt == StatusListClaims.lifetime)

                let first = try await result(device, client, service)
                let reference = try first.claims.statusList.found()
                #expect(reference.uri == before.claims.subject)
                #expect(try await reliance(on: first, client, service).reasons == [])
                let (_, trusted) = try await list(client, service)
                #expect((0..<trusted.count).filter { trusted[$0] == .valid } == [reference.index])

                // Each instance has its own place, and keeps it.
                let second = try await result(other, client, service)
                #expect(second.claims.statusList?.index != reference.index)
                let again = try await result(device, client, service)
                #expect(again.claims.statusList == reference)

                try await service.operating(as: .operator) { person in
                    _ = try await person.act(.suspend, on: device.serial, try remark("lost"))
                }
                #expect(try await reliance(on: again, client, service).reasons == [.suspended])
                #expect(try await reliance(on: second, client, service).reasons == [])
                try await service.operating(as: .operator) { person in
                    _ = try await person.act(.reinstate, on: device.serial, try remark("found"))
                }
                #expect(try await reliance(on: again, client, service).reasons == [.invalid])
                let back = try await result(device, client, service)
                #expect(try await reliance(on: back, client, service).reasons == [])
                try await service.operating(as: .operator) { person in
                    _ = try await person.act(.retire, on: device.serial, try remark("sold"))
                }
                #expect(try await reliance(on: back, client, service).reasons == [.invalid])
            }
        }
    }

    @Test func leaseThatRanOutIsInvalidUntilItIsRenewed() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let first = try await result(device, client, service)
                let index = try first.claims.statusList.found().index
                let expires = try first.claims.expires.found()
                let left = expires - service.verifier.clock.seconds
                service.clock.advance(milliseconds: (left - 300) * 1000)
                #expect(try await list(client, service).statuses[index] == .valid)
                service.clock.advance(milliseconds: 301_000)
                // Nobody has noticed the end of the lease; the list says it all the same.
                #expect(try await list(client, service).statuses[index] == .invalid)
                #expect(try await reliance(on: first, client, service).reasons == [.notCurrent, .invalid])
                let renewed = try await result(device, client, service)
                #expect(renewed.claims.statusList?.index == index)
                #expect(try await reliance(on: renewed, client, service).reasons == [])
            }
        }
    }

    @Test func tamperedBootIsSuspendedAlsoInItsOwnResult() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let good = try await result(device, client, service)
                device.reboot(into: "evil")
                let refusal = try await problem { try await result(device, client, service) }
                let keys = try service.trust.resultKeys.found()
                let bad = try AttestationResult.verify(try refusal.ear.found(), keys: keys)
                #expect(bad.claims.statusList == good.claims.statusList)
                #expect(try await reliance(on: bad, client, service).reasons == [.contraindicated, .suspended])
                #expect(try await reliance(on: good, client, service).reasons == [.suspended])
            }
        }
    }

    @Test func listIsForEverybodyAndNamesNobody() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await HTTPProbe.with(service) { probe in
                let reply = try await probe.send("GET", "/v1/status-lists/1")
                #expect(reply.status == 200)
                #expect(reply.contentType == "application/statuslist+jwt")
                let payload = try Base64URL.decode(reply.text.split(separator: ".")[1]).found()
                let text = String(decoding: payload, as: UTF8.self)
                #expect(!text.contains(device.instance.text) && !text.contains("SN-1"))
                for path in ["/v1/status-lists/2", "/v1/status-lists/", "/v1/status-lists", "/v1/status-lists/01"] {
                    #expect(try await probe.send("GET", path).status == 404, "\(path)")
                }
                #expect(try await probe.send("POST", "/v1/status-lists/1", body: []).status == 404)
            }
        }
    }

    /// Whoever asks often, or all at once, is answered with the list that was made: the record is read for it once a second at most.
    @Test func askingCostsLittle() async throws {
        let reads = Mutex(0)
        var setup = TestVerifier.Setup()
        setup.wrap = { store in
            let hooked = HookedStore(store)
            hooked.set { verb, moment async throws(StoreError) in
                if verb == "standings", moment == .before { reads.withLock { $0 += 1 } }
            }
            return hooked
        }
        try await TestVerifier.with(setup) { service in
            let start = ContinuousClock.now
            try await HTTPProbe.with(service) { probe in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<100 {
                        group.addTask {
                            let reply = try await probe.send("GET", "/v1/status-lists/1")
                            #expect(reply.status == 200)
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let seconds = Int((ContinuousClock.now - start) / .seconds(1)) + 1
            #expect(reads.withLock { $0 } <= seconds)
        }
    }

    @Test func recordThatCannotBeReadIsNotGuessed() async throws {
        var setup = TestVerifier.Setup()
        setup.wrap = { store in
            let hooked = HookedStore(store)
            let once = Once()
            hooked.set { verb, _ async throws(StoreError) in
                if verb == "standings", once.isFirst { throw StoreError(.busy, "held") }
            }
            return hooked
        }
        try await TestVerifier.with(setup) { service in
            try await HTTPProbe.with(service) { probe in
                let reply = try await probe.send("GET", "/v1/status-lists/1")
                #expect(reply.status == 503)
                #expect(reply.problem?.kind == .busy)
                #expect(try await probe.send("GET", "/v1/status-lists/1").status == 200)
            }
        }
    }

    // MARK: Somebody else's reader

    /// Reads a list as the draft says, with what Python brings, and counts what it says; the signature it leaves to others.
    private static let reader = """
        import base64, json, sys, zlib
        def part(text): return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        header, payload, signature = sys.stdin.read().split(".")
        header, claims = json.loads(part(header)), json.loads(part(payload))
        assert header["typ"] == "statuslist+jwt" and header["alg"] == "ES256", header
        assert len(part(signature)) == 64
        bits, lst = claims["status_list"]["bits"], claims["status_list"]["lst"]
        packed = zlib.decompress(part(lst))
        statuses = [byte >> shift & (1 << bits) - 1 for byte in packed for shift in range(0, 8, bits)]
        places = {value: [i for i, status in enumerate(statuses) if status == value] for value in (0, 2)}
        print(json.dumps({"sub": claims["sub"], "ttl": claims["ttl"], "good": claims["exp"] - claims["iat"],
                          "statuses": len(statuses), "valid": places[0], "suspended": places[2]}))
        """

    private struct Reading: Decodable {
        var sub: String
        var ttl: Int64
        var good: Int64
        var statuses: Int
        var valid: [Int]
        var suspended: [Int]
    }

    @Test func anotherReaderReadsTheSame() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let devices = try (1...6).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            try await service.anonymous { client in
                var places: [Int] = []
                for device in devices.prefix(4) {
                    places.append(try await result(device, client, service).claims.statusList.found().index)
                }
                try await service.operating(as: .operator) { person in
                    for device in devices.prefix(2) {
                        _ = try await person.act(.suspend, on: device.serial, try remark("lost"))
                    }
                }
                let token = try await list(client, service).token
                let ended = try await Subprocess.run(
                    .name("python3"),
                    arguments: ["-c", Self.reader],
                    input: .string(token.compact),
                    output: .string(limit: 1 << 20),
                    error: .string(limit: 1 << 16)
                )
                #expect(ended.terminationStatus == .exited(0), "\(ended.standardError)")
                let read = try JSONDecoder().decode(Reading.self, from: Data(ended.standardOutput.utf8))
                #expect(read.sub == token.claims.subject)
                #expect(read.ttl == 60 && read.good == 300)
                #expect(read.statuses == StatusPlaces.minimum)
                #expect(read.suspended == places.prefix(2).sorted())
                #expect(read.valid == places.suffix(2).sorted())
            }
        }
    }
}
