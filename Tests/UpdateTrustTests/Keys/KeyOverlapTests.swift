import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// While one key follows another, what is signed with either opens the gate of a device that holds the version between; and what both have
/// signed opens it for all, wherever they stand.
@Suite struct KeyOverlapTests {
    /// Which of three versions of the trust bundle a device holds.
    enum Held: CaseIterable {
        /// It names the old key.
        case before
        /// It names both.
        case during
        /// It names the new key.
        case after

        func keys<Key>(_ old: Key, _ new: Key) -> [Key] {
            switch self {
            case .before: [old]
            case .during: [old, new]
            case .after: [new]
            }
        }
    }

    /// Who has signed.
    enum Signed: CaseIterable {
        case old
        case both
        case new

        func signers<Signer>(_ old: Signer, _ new: Signer) -> [Signer] {
            switch self {
            case .old: [old]
            case .both: [old, new]
            case .new: [new]
            }
        }

        func isBelieved(by held: Held) -> Bool {
            switch (held, self) {
            case (.before, .new), (.after, .old): false
            case (.before, _), (.during, _), (.after, _): true
            }
        }
    }

    let world: World
    let delivered: Delivered

    init() throws {
        var world = try World()
        delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
        self.world = world
    }

    private func bundle(_ change: (inout TrustBundle) throws -> Void) throws -> GateTrust {
        var bundle = TrustBundle(
            verifier: Sample.verifier.text,
            url: "https://localhost:8443",
            tlsRoots: "",
            grantKeys: [StatementKey(world.grantKey.publicKey)],
            ledgerKey: world.log.signer.verifierKey.text,
            releaseKeys: try SigningKeys(threshold: 1, keys: [world.releaseKey.key])
        )
        try change(&bundle)
        return try GateTrust(bundle)
    }

    private func reasons(_ input: GateInput, _ trust: GateTrust) -> [GateReason] {
        if case .shut(let reasons) = GateCheck.judge(input, trust: trust) { reasons } else { [] }
    }

    /// The input with another proof of the same entry.
    private func input(_ change: (inout SignedCheckpoint) throws -> Void) throws -> GateInput {
        var input = try world.gate(delivered)
        let proof = try LogProof(parsing: Array(input.delivery.proof.utf8))
        var checkpoint = proof.checkpoint
        try change(&checkpoint)
        let changed = LogProof(index: proof.index, path: proof.path, checkpoint: checkpoint)
        input.delivery.proof = String(decoding: changed.bytes, as: UTF8.self)
        return input
    }

    @Test func ofGrants() throws {
        let new = P256.Signing.PrivateKey()
        var rotated = world
        rotated.grantKey = new
        rotated.now += 1
        let next = try rotated.granted(delivered.release)
        for held in Held.allCases {
            let trust = try bundle {
                $0.grantKeys = held.keys(world.grantKey.publicKey, new.publicKey).map { StatementKey($0) }
            }
            let old = reasons(try world.gate(delivered), trust)
            #expect(old == (Signed.old.isBelieved(by: held) ? [] : [.grantKeyUnknown]), "\(held)")
            let later = reasons(try rotated.gate(next), trust)
            #expect(later == (Signed.new.isBelieved(by: held) ? [] : [.grantKeyUnknown]), "\(held)")
        }
    }

    @Test func ofTheLedger() throws {
        let origin = world.log.signer.verifierKey.name
        let (old, new) = (Curve25519.Signing.PrivateKey(), Curve25519.Signing.PrivateKey())
        func signer(_ signed: Signed) throws -> CheckpointSigner {
            switch signed {
            case .old: try CheckpointSigner(origin: origin, privateKey: old)
            case .both: try CheckpointSigner(origin: origin, privateKey: new, previous: old)
            case .new: try CheckpointSigner(origin: origin, privateKey: new)
            }
        }
        let names = (try signer(.old).verifierKey.text, try signer(.new).verifierKey.text)
        for held in Held.allCases {
            let keys = held.keys(names.0, names.1)
            let trust = try bundle {
                $0.ledgerKey = keys[0]
                $0.ledgerKeys = keys.count > 1 ? Array(keys.dropFirst()) : nil
            }
            for signed in Signed.allCases {
                let input = try input { checkpoint in
                    let claimed = checkpoint.claimed
                    checkpoint = try signer(signed).sign(size: claimed.size, root: claimed.root)
                }
                let expected: [GateReason] = signed.isBelieved(by: held) ? [] : [.checkpointRefused]
                #expect(reasons(input, trust) == expected, "\(held) \(signed)")
            }
        }
    }

    @Test func ofWitnesses() throws {
        let witnesses = try (1...2).map { number in
            try WitnessSigner(name: "witness.example/w\(number)", privateKey: Curve25519.Signing.PrivateKey())
        }
        let seen = Int(delivered.claims.iat)
        for held in Held.allCases {
            let keys = held.keys(witnesses[0], witnesses[1]).map(\.verifierKey.text)
            let trust = try bundle { $0.ledgerWitnesses = LedgerQuorum(required: 1, keys: keys) }
            for signed in Signed.allCases {
                let input = try input { checkpoint in
                    let verified = try checkpoint.verify(logKey: world.log.signer.verifierKey).get()
                    for witness in signed.signers(witnesses[0], witnesses[1]) {
                        try checkpoint.add(witness.cosign(verified, time: seen))
                    }
                }
                let expected: [GateReason] = signed.isBelieved(by: held) ? [] : [.ledgerUnwitnessed]
                #expect(reasons(input, trust) == expected, "\(held) \(signed)")
            }
        }
    }

    @Test func ofReleases() throws {
        let new = StatementSigner.p256(P256.Signing.PrivateKey())
        for held in Held.allCases {
            let keys = held.keys(world.releaseKey.key, new.key)
            let trust = try bundle { $0.releaseKeys = try SigningKeys(threshold: 1, keys: keys) }
            for signed in Signed.allCases {
                var input = try world.gate(delivered)
                input.release = try SignedEnvelope(
                    payload: input.release.payload.bytes,
                    payloadType: Release.payloadType,
                    signers: signed.signers(world.releaseKey, new)
                )
                let expected: [GateReason] = signed.isBelieved(by: held) ? [] : [.releaseSignature]
                #expect(reasons(input, trust) == expected, "\(held) \(signed)")
            }
        }
    }
}
