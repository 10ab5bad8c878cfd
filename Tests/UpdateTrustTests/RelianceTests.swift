import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// How an instance is said to stand, through its whole life.
@Suite struct InstanceStandingTests {
    private func status(_ world: World, at now: Int64? = nil) -> StatusType {
        InstanceStanding(of: world.state).status(at: now ?? world.now)
    }

    @Test func validIsWhoHasALeaseThatHolds() throws {
        var world = try World()
        #expect(status(world) == .invalid)
        _ = try world.ask(.attest)
        let lease = try #require(world.state.lease)
        #expect(status(world) == .valid)
        #expect(status(world, at: lease.expires - 1) == .valid)
        #expect(status(world, at: lease.expires) == .invalid)
        // A lease that was given while the clock was ahead holds as little.
        #expect(status(world, at: lease.renewedAt - Lease.clockTolerance - 1) == .invalid)
    }

    @Test(arguments: Lifecycle.allCases)
    func everyLifecycleHasOneStatus(lifecycle: Lifecycle) {
        let now = Sample.now
        let held = InstanceStanding(lifecycle: lifecycle, renewedAt: now - 1, expires: now + 1).status(at: now)
        let none = InstanceStanding(lifecycle: lifecycle, renewedAt: nil, expires: nil).status(at: now)
        switch lifecycle {
        case .born, .rescue, .drifted, .retired: #expect(held == .invalid && none == .invalid)
        case .trusted: #expect(held == .valid && none == .invalid)
        case .suspended, .reimaged: #expect(held == .suspended && none == .suspended)
        }
    }
}

/// What a relying party concludes.
@Suite struct RelianceTests {
    private let forger: ListForger
    private let result: AttestationResult

    init() throws {
        forger = try ListForger()
        result = try Self.result(forger, at: 2)
    }

    private static func result(
        _ forger: ListForger,
        at index: Int?,
        uri: String = ListForger.uri,
        change: (inout EARClaims) throws -> Void = { _ in }
    ) throws -> AttestationResult {
        var world = try World(tier: .tpm)
        let input = try world.input(.attest)
        guard case .accepted(let acceptance) = decide(input).outcome else { throw NotGranted(codes: []) }
        var claims = try #require(input.resultClaims(for: acceptance))
        claims.statusList = index.map { StatusListReference(index: $0, uri: uri) }
        try change(&claims)
        let signed = try ResultSigner(key: forger.key).sign(claims)
        return try AttestationResult.verify(signed.compact, keys: forger.keys)
    }

    /// The list of the draft's example: 1, 2, 0, 3, 0, 1 and so on.
    private let statuses: StatusList = {
        var list = StatusList()
        for (index, status) in [1, 2, 0, 3, 0, 1].enumerated() {
            try? list.set(StatusType(rawValue: UInt8(status)), at: index)
        }
        return list
    }()

    private func reasons(_ result: AttestationResult, at now: Int64 = Sample.now) throws -> [Reliance.Reason] {
        Reliance(on: result, try forger.token(), statuses, at: now).reasons
    }

    @Test func referenceIsSignedWithTheResult() throws {
        #expect(result.claims.statusList == StatusListReference(index: 2, uri: ListForger.uri))
        let text = String(decoding: try CanonicalJSON.encode(result.claims), as: UTF8.self)
        #expect(text.contains(#""status":{"status_list":{"idx":2,"uri":"\#(ListForger.uri)"}}"#))
    }

    @Test(arguments: [
        #"{"status_list":{"idx":-1,"uri":"https://a"}}"#, #"{"status_list":{"idx":1.5,"uri":"https://a"}}"#,
        #"{"status_list":{"idx":"1","uri":"https://a"}}"#, #"{"status_list":{"idx":1}}"#,
        #"{"status_list":{"uri":"https://a"}}"#, #"{"status_list":{"idx":1,"uri":""}}"#, #"{"status_list":[]}"#, "[]",
        #"{"status_list":{"idx":18446744073709551615,"uri":"https://a"}}"#, #""valid""#,
    ])
    func referenceIsHeldToItsTypes(status: String) throws {
        let claims = String(decoding: try CanonicalJSON.encode(result.claims), as: UTF8.self)
        let own = #"{"status_list":{"idx":2,"uri":"\#(ListForger.uri)"}}"#
        #expect(claims.contains(own))
        #expect(throws: MessageError.self) {
            try EARClaims(parsing: Array(claims.replacing(own, with: status).utf8))
        }
        let other = try EARClaims(parsing: Array(claims.replacing(own, with: #"{"other":{}}"#).utf8))
        #expect(other.statusList == nil)
    }

    @Test func onlyAValidStatusSpeaksForAnInstance() throws {
        #expect(try reasons(result) == [])
        let expected: [Int: Reliance.Reason] = [
            0: .invalid, 1: .suspended, 3: .unknownStatus, 5: .invalid, 7: .invalid, 8: .beyondList, .max: .beyondList,
        ]
        for (index, reason) in expected {
            #expect(try reasons(try Self.result(forger, at: index)) == [reason], "place \(index)")
        }
        #expect(try reasons(try Self.result(forger, at: nil)) == [.noStatus])
    }

    @Test(arguments: [
        "https://verifier.example/v1/status-lists/2", "https://evil.example/v1/status-lists/1",
        "https://verifier.example/v1/status-lists/1/", "HTTPS://verifier.example/v1/status-lists/1",
    ])
    func anotherListSaysNothing(uri: String) throws {
        let reliance = Reliance(
            on: try Self.result(forger, at: 2, uri: uri),
            try forger.token(),
            statuses,
            at: Sample.now
        )
        #expect(reliance.reasons == [.otherList])
        #expect(reliance.status == nil)
    }

    @Test func resultAndListExpireEachForItself() throws {
        let expires = try forger.token().claims.expires
        #expect(try reasons(result, at: expires - 1) == [])
        #expect(try reasons(result, at: expires) == [.listNotCurrent])
        let short = try Self.result(forger, at: 2) { $0.expires = Sample.now + 1 }
        #expect(try reasons(short, at: Sample.now + 1) == [.notCurrent])
        #expect(try reasons(short, at: expires) == [.notCurrent, .listNotCurrent])
        let bad = try Self.result(forger, at: 1) { claims in
            claims.appraisals = claims.appraisals.mapValues { _ in
                EARAppraisal(status: .contraindicated, vector: nil, policies: [])
            }
        }
        #expect(try reasons(bad) == [.contraindicated, .suspended])
    }
}
