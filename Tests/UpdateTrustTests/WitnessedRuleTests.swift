import AttestationResults
import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// Rules that want witnesses of the ledger: the grant says how many, and a gate counts them whatever its bundle requires.
@Suite struct WitnessedRuleTests {
    private let witnesses: [WitnessSigner]
    private let release = Result { try Sample.release("1.1.0", securityVersion: 4) }

    init() throws {
        witnesses = try (1...3).map { number in
            try WitnessSigner(name: "witness.example/w\(number)", privateKey: Curve25519.Signing.PrivateKey())
        }
    }

    // MARK: The rule and the claim

    @Test(arguments: [0, -1, 17, 1000])
    func aRuleAsksForANumberThatThereCanBe(count: Int) {
        let error = #expect(throws: MessageError.self) { try Sample.policy(witnesses: count) }
        #expect(error?.detail == "rule \"all\": \"witnesses\" is \(count), it must be 1 to 16")
    }

    @Test(arguments: [nil, 1, 2, LedgerQuorum.maximumCount] as [Int?])
    func aGrantSaysWhatItsRuleWants(count: Int?) throws {
        var world = try World(policy: Sample.policy(witnesses: count))
        let delivered = try world.granted(try release.get())
        #expect(delivered.claims.witnesses == count)
        let text = String(decoding: try CanonicalJSON.encode(delivered.claims), as: UTF8.self)
        #expect(text.contains("witnesses") == (count != nil), "without such a rule it is what it always was")
    }

    @Test func aClaimIsANumberOfWitnesses() throws {
        let forger = try Forger()
        func claiming(_ value: String) throws -> String {
            try forger.replacing(#""tier":"vtpm"}"#, #""tier":"vtpm","witnesses":\#(value)}"#)
        }
        #expect(try forger.verify(try claiming("2")).claims.witnesses == 2)
        for value in ["0", "-1", "17", "2.0", "02", #""2""#, "null", "[2]", "18446744073709551616"] {
            forger.expect(.claims, try claiming(value))
        }
    }

    // MARK: The gate

    /// A gate that judges a grant whose rule wants so many.
    struct Case: Sendable, CustomTestStringConvertible {
        /// What the rule wants.
        var wanted: Int?
        /// What the device's bundle requires, and how many it names.
        var required: Int
        var known: Int
        /// How many have signed.
        var signed: Int
        var reasons: [GateReason]

        var testDescription: String {
            "\(wanted ?? 0) wanted, \(required) of \(known) required, \(signed) have signed"
        }
    }

    static let cases = [
        Case(wanted: nil, required: 0, known: 0, signed: 0, reasons: []),
        Case(wanted: nil, required: 1, known: 3, signed: 0, reasons: [.ledgerUnwitnessed]),
        Case(wanted: 2, required: 0, known: 3, signed: 0, reasons: [.ledgerUnwitnessed]),
        Case(wanted: 2, required: 0, known: 3, signed: 1, reasons: [.ledgerUnwitnessed]),
        Case(wanted: 2, required: 0, known: 3, signed: 2, reasons: []),
        Case(wanted: 2, required: 1, known: 2, signed: 2, reasons: []),
        // The bundle's own demand stands whatever the grant says.
        Case(wanted: 1, required: 2, known: 3, signed: 1, reasons: [.ledgerUnwitnessed]),
        Case(wanted: 2, required: 3, known: 3, signed: 2, reasons: [.ledgerUnwitnessed]),
        Case(wanted: 2, required: 3, known: 3, signed: 3, reasons: []),
        // Lines of witnesses that the device does not know count for nothing.
        Case(wanted: 1, required: 0, known: 0, signed: 3, reasons: [.tooFewWitnessesKnown]),
        Case(wanted: 2, required: 1, known: 1, signed: 3, reasons: [.tooFewWitnessesKnown]),
        Case(wanted: 3, required: 2, known: 2, signed: 3, reasons: [.tooFewWitnessesKnown]),
    ]

    private func trust(
        _ grantKeys: [StatementKey],
        _ log: TestLog,
        _ releaseKey: StatementSigner,
        required: Int,
        known: Int
    ) throws -> GateTrust {
        var bundle = TrustBundle(
            verifier: Sample.verifier.text,
            url: "https://localhost:8443",
            tlsRoots: "",
            grantKeys: grantKeys,
            ledgerKey: log.signer.verifierKey.text,
            releaseKeys: try SigningKeys(threshold: 1, keys: [releaseKey.key])
        )
        let keys = witnesses.prefix(known).map(\.verifierKey.text)
        bundle.ledgerWitnesses = known == 0 ? nil : LedgerQuorum(required: required, keys: keys)
        return try GateTrust(bundle)
    }

    /// What a gate with a TPM says to what was delivered when some have signed, each at its time.
    private func reasons(
        _ world: World,
        _ delivered: Delivered,
        required: Int = 0,
        known: Int = 3,
        signedAt times: [Int]
    ) throws -> [GateReason] {
        var input = try world.gate(delivered)
        input.delivery = try input.delivery.cosigned(Array(zip(witnesses, times)), of: world.log)
        let keys = [StatementKey(world.grantKey.publicKey)]
        let trust = try trust(keys, world.log, world.releaseKey, required: required, known: known)
        switch GateCheck.judge(input, trust: trust) {
        case .open: return []
        case .shut(let reasons): return reasons
        }
    }

    @Test(arguments: cases)
    func attack71_theGateDemandsTheLargerOfGrantAndBundle(_ judged: Case) throws {
        var world = try World(policy: Sample.policy(witnesses: judged.wanted))
        let delivered = try world.granted(try release.get())
        let times = Array(repeating: Int(delivered.claims.iat), count: judged.signed)
        let reasons = try reasons(
            world,
            delivered,
            required: judged.required,
            known: judged.known,
            signedAt: times
        )
        #expect(reasons == judged.reasons)
    }

    /// Those whom the grant itself wants have to have seen it at its time, too.
    @Test func attack71_witnessesOfAnotherTimeDoNotCountForTheRule() throws {
        var world = try World(policy: Sample.policy(witnesses: 2))
        let delivered = try world.granted(try release.get())
        let (iat, later) = (Int(delivered.claims.iat), Int(delivered.claims.exp) + 86_400)
        #expect(try reasons(world, delivered, signedAt: [iat, later]) == [.ledgerTime])
        #expect(try reasons(world, delivered, signedAt: [iat, later, iat]) == [])
    }

    @Test func aGrantThatTravelsAsAFileIsHeldToIt() throws {
        var world = try World(policy: Sample.policy(delayed: DelayedTests.rule, witnesses: 2))
        try world.ask(.attest)
        let carried = try world.carried(try Sample.known(try release.get()))
        guard case .granted(let grant, let acceptance) = try world.bring(carried).outcome else {
            Issue.record("not granted")
            return
        }
        let delivered = Delivered(
            compact: grant.compact,
            claims: grant.terms.claims,
            request: carried.bytes,
            release: try release.get(),
            delivery: try world.log.delivery(of: grant.compact),
            acceptance: acceptance
        )
        let iat = Int(delivered.claims.iat)
        #expect(delivered.claims.witnesses == 2 && delivered.claims.bounds.resets != nil)
        #expect(try reasons(world, delivered, signedAt: [iat, iat]) == [])
        #expect(try reasons(world, delivered, signedAt: [iat]) == [.ledgerUnwitnessed])
        #expect(try reasons(world, delivered, known: 1, signedAt: [iat, iat]) == [.tooFewWitnessesKnown])
    }

    @Test func aDeviceWithoutATPMIsHeldToIt() throws {
        var world = try CompensatedWorld(policy: CompensatedWorld.policy(witnesses: 2))
        var disk = world.born
        let known = try Sample.known(Sample.release("1.1.0", securityVersion: 4) { $0.boot = nil })
        let asking = disk
        let grant = try world.grant(try world.ask(&disk, .update, package: known))
        let request = try world.request(asking, .update, package: known).bytes
        #expect(grant.claims.witnesses == 2)
        let releaseKey = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
        let delivery = try world.log.delivery(of: grant.compact)
        let lines = witnesses.map { ($0, Int(grant.claims.iat)) }
        let (log, keys) = (world.log, world.grantKeys)
        let input = CompensatedGateInput(
            delivery: delivery,
            request: request,
            release: try SignedEnvelope(
                payload: try CanonicalJSON.encode(known.release),
                payloadType: Release.payloadType,
                signers: [releaseKey]
            ),
            package: MeasuredPackage(size: known.release.artifact.size, sha256: known.release.artifact.sha256),
            instance: world.record.instance,
            keys: [SoftwareKey(of: disk.key), SoftwareKey(of: disk.next)],
            securityFloor: 3,
            wallClock: world.now
        )
        func reasons(known count: Int, signed: Int) throws -> [GateReason] {
            var input = input
            input.delivery = try delivery.cosigned(Array(lines.prefix(signed)), of: log)
            let trust = try trust(keys, log, releaseKey, required: 0, known: count)
            switch CompensatedGateCheck.judge(input, trust: trust) {
            case .open: return []
            case .shut(let reasons): return reasons
            }
        }
        #expect(try reasons(known: 3, signed: 2) == [])
        #expect(try reasons(known: 3, signed: 1) == [.ledgerUnwitnessed])
        #expect(try reasons(known: 1, signed: 3) == [.tooFewWitnessesKnown])
    }

    // MARK: For people

    @Test func itIsSaidBeforehand() throws {
        let world = try World(policy: Sample.policy(witnesses: 2))
        let known = try Sample.known(try release.get())
        let answer = world.policy.explain(
            .measured(world.record),
            state: world.state,
            manifest: known.manifest,
            known: known,
            at: world.now
        )
        #expect(answer.refusals == [])
        #expect(answer.details.contains { $0.hasPrefix("2 witnesses of the ledger have to sign") })
        let cells = try world.policy.matrix().tables.flatMap(\.cells).filter { $0.tier == .vtpm }
        #expect(!cells.isEmpty && cells.allSatisfy { $0.wants.contains("ledger witnesses: 2") })
    }
}

extension GrantDelivery {
    /// The same, when these have signed the checkpoint of its proof, each at its time.
    func cosigned(_ lines: [(WitnessSigner, Int)], of log: TestLog) throws -> GrantDelivery {
        let given = try LogProof(parsing: Array(proof.utf8))
        var checkpoint = given.checkpoint
        let verified = try checkpoint.verify(logKey: log.signer.verifierKey).get()
        for (witness, time) in lines { try checkpoint.add(witness.cosign(verified, time: time)) }
        var delivery = self
        let proof = LogProof(index: given.index, path: given.path, checkpoint: checkpoint)
        delivery.proof = String(decoding: proof.bytes, as: UTF8.self)
        return delivery
    }
}
