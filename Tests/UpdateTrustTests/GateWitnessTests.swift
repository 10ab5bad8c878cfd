import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// The gate of a device whose trust bundle requires witnesses of the ledger: it holds the verifier to them by itself.
@Suite struct GateWitnessTests {
    let world: World
    let delivered: Delivered
    let witnesses: [WitnessSigner]

    init() throws {
        var world = try World()
        delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        self.world = world
        witnesses = try (1...3).map { number in
            try WitnessSigner(name: "witness.example/w\(number)", privateKey: Curve25519.Signing.PrivateKey())
        }
    }

    private var iat: Int { Int(delivered.claims.iat) }

    private func trust(_ required: Int, _ keys: [String]? = nil) throws -> GateTrust {
        var bundle = TrustBundle(
            verifier: Sample.verifier.text,
            url: "https://localhost:8443",
            tlsRoots: "",
            grantKeys: [StatementKey(world.grantKey.publicKey)],
            ledgerKey: world.log.signer.verifierKey.text,
            releaseKeys: try SigningKeys(threshold: 1, keys: [world.releaseKey.key])
        )
        bundle.ledgerWitnesses = LedgerQuorum(required: required, keys: keys ?? witnesses.map(\.verifierKey.text))
        return try GateTrust(bundle)
    }

    /// What the gate says to a delivery under whose checkpoint these have signed, each at its time.
    private func reasons(
        _ required: Int,
        _ signed: [(WitnessSigner, Int)],
        of log: TestLog? = nil
    ) throws -> [GateReason] {
        var input = try world.gate(delivered)
        let log = log ?? world.log
        input.delivery = try log.delivery(of: delivered.compact).cosigned(signed, of: log)
        switch GateCheck.judge(input, trust: try trust(required)) {
        case .open: return []
        case .shut(let reasons): return reasons
        }
    }

    @Test func nOfMOpenIt() throws {
        #expect(try reasons(0, []) == [])
        #expect(try reasons(2, [(witnesses[0], iat), (witnesses[2], iat + 5)]) == [])
        #expect(try reasons(3, witnesses.map { ($0, iat) }) == [])
    }

    /// Two ledgers, a cut one or a rewritten one: whoever shows the device another one than the witnesses saw has no lines under it.
    @Test func attack71_theDeviceTakesNoLedgerThatWitnessesHaveNotSeen() throws {
        #expect(try reasons(1, []) == [.ledgerUnwitnessed])
        #expect(try reasons(2, [(witnesses[0], iat)]) == [.ledgerUnwitnessed])
        #expect(
            try reasons(2, [(witnesses[0], iat), (witnesses[0], iat + 1)]) == [.ledgerUnwitnessed],
            "one counts once"
        )
        let stranger = try WitnessSigner(name: "witness.example/w1", privateKey: Curve25519.Signing.PrivateKey())
        #expect(try reasons(1, [(stranger, iat)]) == [.ledgerUnwitnessed])
        // The line that the witness gave for the honest ledger, under another one.
        var other = world.log
        try other.append([other.entries[0]])
        let honest = try world.log.proof(of: 0).checkpoint.verify(logKey: world.log.signer.verifierKey).get()
        let line = try witnesses[0].cosign(honest, time: iat)
        var input = try world.gate(delivered)
        let proof = try LogProof(parsing: Array(other.delivery(of: delivered.compact).proof.utf8))
        var checkpoint = proof.checkpoint
        try checkpoint.add(line)
        let moved = LogProof(index: proof.index, path: proof.path, checkpoint: checkpoint)
        input.delivery.proof = String(decoding: moved.bytes, as: UTF8.self)
        #expect(GateCheck.judge(input, trust: try trust(1)) == .shut([.checkpointRefused]))
    }

    /// Written today, and said to be of then.
    @Test func attack71_theDeviceTakesNoBackDatedGrant() throws {
        let life = Int(delivered.claims.exp) - iat
        for late in [life + 900, life + 86_400, -901, -86_400] {
            #expect(try reasons(1, [(witnesses[0], iat + late)]) == [.ledgerTime])
            // One of two that agree with the grant is not enough.
            #expect(try reasons(2, [(witnesses[0], iat), (witnesses[1], iat + late)]) == [.ledgerTime])
            #expect(try reasons(2, [(witnesses[0], iat), (witnesses[1], iat + late), (witnesses[2], iat)]) == [])
        }
        #expect(try reasons(1, [(witnesses[0], iat + life + 899)]) == [])
        #expect(try reasons(1, [(witnesses[0], iat - 900)]) == [])
        #expect(try reasons(1, [(witnesses[0], Int.max)]) == [.ledgerTime])
    }

    @Test func aBundleNamesWitnessesThatThereCanBe() throws {
        let keys = witnesses.map(\.verifierKey.text)
        #expect(throws: MessageError.self) { try trust(4) }
        #expect(throws: MessageError.self) { try trust(-1) }
        #expect(throws: MessageError.self) { try trust(1, [keys[0], keys[0]]) }
        #expect(throws: MessageError.self) { try trust(1, ["nobody"]) }
        #expect(throws: MessageError.self) { try trust(1, [world.log.signer.verifierKey.text]) }
    }
}
