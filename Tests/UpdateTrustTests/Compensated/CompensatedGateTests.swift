import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

/// The gate of a device without a TPM: for this instance, by a key of its ratchet, for this release, in time.
@Suite struct CompensatedGateTests {
    private let world: CompensatedWorld
    /// The disk after the answer has come.
    private let disk: CompensatedWorld.Disk
    private let grant: CompensatedGrant
    private let request: [UInt8]
    private let known: KnownRelease
    private let releaseKey = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())

    init() throws {
        var world = try CompensatedWorld()
        var disk = world.born
        known = try Sample.known(Sample.release("1.1.0", securityVersion: 4) { $0.boot = nil })
        let asking = disk
        grant = try world.grant(try world.ask(&disk, .update, package: known))
        request = try world.request(asking, .update, package: known).bytes
        (self.world, self.disk) = (world, disk)
    }

    private func input(_ change: (inout CompensatedGateInput) throws -> Void = { _ in }) throws -> CompensatedGateInput
    {
        let release = known.release
        var input = CompensatedGateInput(
            delivery: try world.log.delivery(of: grant.compact),
            request: request,
            release: try SignedEnvelope(
                payload: try CanonicalJSON.encode(release),
                payloadType: Release.payloadType,
                signers: [releaseKey]
            ),
            package: MeasuredPackage(size: release.artifact.size, sha256: release.artifact.sha256),
            instance: world.record.instance,
            keys: [SoftwareKey(of: disk.key), SoftwareKey(of: disk.next)],
            securityFloor: 3,
            wallClock: world.now
        )
        try change(&input)
        return input
    }

    private func trust() throws -> GateTrust {
        try GateTrust(
            TrustBundle(
                verifier: Sample.verifier.text,
                url: "https://localhost:8443",
                tlsRoots: "",
                grantKeys: world.grantKeys,
                ledgerKey: world.log.signer.verifierKey.text,
                releaseKeys: try SigningKeys(threshold: 1, keys: [releaseKey.key])
            )
        )
    }

    private func judge(_ change: (inout CompensatedGateInput) throws -> Void = { _ in }) throws -> [GateReason] {
        switch CompensatedGateCheck.judge(try input(change), trust: try trust()) {
        case .open: return []
        case .shut(let reasons): return reasons
        }
    }

    @Test func everythingAgrees() throws { #expect(try judge().isEmpty) }

    @Test func itSaysWhetherAnInstallBeginsOrGoesOn() throws {
        let cases: [(String?, GatePass.Stage)] = [(nil, .begin), ("another", .begin), (grant.claims.jti, .resume)]
        for (journalled, stage) in cases {
            let verdict = CompensatedGateCheck.judge(try input { $0.journalled = journalled }, trust: try trust())
            guard case .open(grant, _, stage) = verdict else {
                Issue.record("\(verdict)")
                continue
            }
        }
    }

    @Test func itOpensForItsOwnInstanceKeyAndRequest() throws {
        let other = SoftwareKey(of: P256.Signing.PrivateKey())
        #expect(try judge { $0.instance = InstanceID(firstKey: other) } == [.otherInstance])
        #expect(try judge { $0.keys = [other] } == [.otherKey])
        #expect(try judge { $0.request = Array($0.request.dropLast()) } == [.otherRequest])
    }

    @Test func itOpensInTimeAndAboveTheFloor() throws {
        #expect(try judge { $0.wallClock = grant.claims.exp - 1 }.isEmpty)
        #expect(try judge { $0.wallClock = grant.claims.exp } == [.expired])
        #expect(try judge { $0.securityFloor = 5 } == [.belowSecurityFloor])
        #expect(try judge { $0.used = [grant.claims.jti] } == [.alreadySpent])
    }

    /// The key moves on with each contact, and an install takes its time: what has begun is finished, and nothing else is.
    @Test func anInstallThatHasBegunIsFinishedWhateverKeySignsNow() throws {
        let later = SoftwareKey(of: P256.Signing.PrivateKey())
        #expect(
            try judge { input in
                input.journalled = grant.claims.jti
                (input.keys, input.wallClock) = ([later], grant.claims.exp + 1)
            }
            .isEmpty
        )
        #expect(try judge { ($0.journalled, $0.keys) = ("AAECAw", [later]) } == [.otherKey])
        let other = InstanceID(firstKey: later)
        #expect(try judge { ($0.journalled, $0.instance) = (grant.claims.jti, other) } == [.otherInstance])
    }
}
