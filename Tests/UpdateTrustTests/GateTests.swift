import Crypto
import Ledger
import Messages
import Testing

@testable import UpdateTrust

@Suite struct GateTests {
    var world: World
    let delivered: Delivered
    /// The empty beginning of every log that a test forks off.
    let fork: TestLog

    init() throws {
        world = try World()
        fork = try TestLog()
        delivered = try world.granted(try Sample.release("1.1.0", securityVersion: 4))
    }

    private func expect(
        _ reasons: [GateReason],
        _ input: GateInput,
        trust: GateTrust? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        let verdict = GateCheck.judge(input, trust: try trust ?? world.trust())
        #expect(verdict == .shut(reasons), sourceLocation: location)
    }

    private func expectOpen(
        _ input: GateInput,
        _ stage: GatePass.Stage = .begin,
        trust: GateTrust? = nil,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        guard case .open(let pass) = GateCheck.judge(input, trust: try trust ?? world.trust()) else {
            Issue.record("\(GateCheck.judge(input, trust: try trust ?? world.trust()))", sourceLocation: location)
            return
        }
        #expect(pass.stage == stage, sourceLocation: location)
        #expect(pass.grant.claims == delivered.claims, sourceLocation: location)
        #expect(pass.release == delivered.release, sourceLocation: location)
    }

    @Test func everythingAgrees() throws { try expectOpen(try world.gate(delivered)) }

    @Test func attack43_rebootBetweenQuoteAndGrant() throws {
        var world = world
        try world.device.reboot(into: "1.0.0")
        try expect([.rebooted], try world.gate(delivered))
        // A count that went back (another TPM, or a cleared one) is no better than one that went on.
        var input = try world.gate(delivered)
        input.readings.resetCount = 0
        try expect([.rebooted], input)
    }

    @Test func attack44_reflashedBetweenQuoteAndGrant() throws {
        // Whatever is flashed runs only after a reset: the gate is shut, and the next quote ends the lease.
        var world = world
        try world.device.reboot(into: "reflashed")
        try expect([.rebooted], try world.gate(delivered))
        #expect(try world.ask(.attest).reasonCodes == ["evidence-refused", "boot-unexpected"])
        #expect(world.state.lease == nil)
        #expect(world.state.pending?.status == .ended)
    }

    @Test func attack67_grantOnOtherDevice() throws {
        var sister = try World()
        sister.grantKey = world.grantKey
        let own = try sister.granted(delivered.release)
        // The sister has the same verifier, release and package, and a grant of her own.
        var stolen = try sister.gate(own)
        stolen.delivery = delivered.delivery
        let trust = try sister.trust(ledger: world.log)
        #expect(
            GateCheck.judge(stolen, trust: trust)
                == .shut([.otherInstance, .otherKey, .otherRequest])
        )
        // With the victim's request beside it, too.
        stolen.request = delivered.request
        #expect(GateCheck.judge(stolen, trust: trust) == .shut([.otherInstance, .otherKey]))
        // And when she claims to be the victim, her TPM still is not.
        stolen.instance = world.record.instance
        #expect(GateCheck.judge(stolen, trust: trust) == .shut([.otherKey]))
    }

    private func bundle(releases: StatementSigner, ledger: TestLog) throws -> TrustBundle {
        TrustBundle(
            verifier: Sample.verifier.text,
            url: "",
            tlsRoots: "",
            grantKeys: [StatementKey(world.grantKey.publicKey)],
            ledgerKey: ledger.signer.verifierKey.text,
            releaseKeys: try SigningKeys(threshold: 1, keys: [releases.key])
        )
    }

    @Test func attack67_grantForOtherPackage() throws {
        var input = try world.gate(delivered)
        input.package.sha256 = Sample.digest("another file")
        try expect([.packageContent], input)
        input = try world.gate(delivered)
        input.package.size -= 1
        try expect([.packageContent], input)
        // Another release, properly signed, with its own file.
        let other = try Sample.release("1.1.0", securityVersion: 4) {
            $0.name = Sample.label("other")
            $0.artifact.sha256 = Sample.digest("other artifact")
        }
        var swapped = delivered
        swapped.release = other
        try expect([.otherRelease, .otherPackage, .packageContent], try world.gate(swapped))
    }

    @Test func attack67_grantForOtherVersion() throws {
        var swapped = delivered
        swapped.release.version = Sample.label("1.1.1")
        try expect([.otherRelease, .otherPackage], try world.gate(swapped))
        swapped = delivered
        swapped.release.securityVersion = 9
        try expect([.otherRelease, .otherPackage], try world.gate(swapped))
        // Only what the grant does not repeat differs: the release is still another.
        swapped = delivered
        swapped.release.notes = "harmless"
        try expect([.otherRelease], try world.gate(swapped))
    }

    @Test func attack67_grantReplayedOnSameDevice() throws {
        var input = try world.gate(delivered)
        input.readings.grants = 71
        try expect([.alreadySpent], input)
        // The journal says that this grant's install was cut off: go on. For another grant's it says nothing.
        input.journalled = delivered.claims.jti
        try expectOpen(input, .resume)
        input.journalled = "another"
        try expect([.alreadySpent], input)
        input.readings.grants = 72
        input.journalled = delivered.claims.jti
        try expect([.alreadySpent], input)
        input.readings.grants = UInt64.max
        try expect([.alreadySpent], input)
        input.readings.grants = 69
        try expect([.counterBehind], input)
    }

    @Test func attack67_grantAfterReimage() throws {
        // TPM2_Clear: clock and resets begin again, NV counters are gone; the IAK comes back bit-identically.
        var input = try world.gate(delivered)
        input.readings = GateReadings(
            clock: 5,
            resetCount: 0,
            safe: true,
            clockUpdate: 4096,
            grants: nil,
            securityFloor: nil
        )
        try expect([.floorUnreadable, .counterUnreadable, .rebooted, .clockOutOfBounds], input)
    }

    @Test func attack67_grantAfterRollbackToRescue() throws {
        // Not carried out before the device fell into its rescue image: that took a reset.
        var fallen = world
        fallen.known = [try Sample.known(Sample.release("rescue", securityVersion: 1) { $0.role = .rescue })]
        try fallen.device.reboot(into: "rescue")
        try expect([.rebooted], try fallen.gate(delivered))
        try fallen.ask(.attest)
        #expect(fallen.state.lifecycle == .rescue && fallen.state.pending?.status == .ended)
        // Nor is it good again in the system that the device came from.
        try fallen.device.reboot(into: "1.0.0")
        try expect([.rebooted], try fallen.gate(delivered))
        // Carried out, and rolled back after it.
        var rolled = world
        try rolled.install(delivered)
        try rolled.device.reboot(into: "1.0.0")
        try expect([.alreadySpent, .rebooted], try rolled.gate(delivered))
    }

    @Test func case38_counterGoneIsItsOwnReason() throws {
        var input = try world.gate(delivered)
        input.readings.grants = nil
        try expect([.counterUnreadable], input)
        input = try world.gate(delivered)
        input.readings.securityFloor = nil
        try expect([.floorUnreadable], input)
        input.readings.securityFloor = 39
        try expect([.floorUnreadable], input)
        // A journal does not stand in for a counter.
        input = try world.gate(delivered)
        input.readings.grants = nil
        input.journalled = delivered.claims.jti
        try expect([.counterUnreadable], input)
        input = try world.gate(delivered)
        input.counters.grants.index += 1
        try expect([.otherCounter], input)
    }

    @Test func attack68_grantExpiryAtExactlyT() throws {
        var input = try world.gate(delivered)
        input.wallClock = delivered.claims.exp - 1
        try expectOpen(input)
        input.wallClock = delivered.claims.exp
        try expect([.expired], input)
        input.wallClock = Int64.max
        try expect([.expired], input)
    }

    @Test(arguments: [0, -1, Int64.min, Sample.now - 1]) func case10_clockBehindIsKnownToBeWrong(clock: Int64) throws {
        var input = try world.gate(delivered)
        input.wallClock = clock
        try expectOpen(input)
        // It widens nothing: the TPM's own clock still ends the grant.
        input.readings.clock = delivered.claims.bounds.clock.max + 1
        try expect([.clockOutOfBounds], input)
    }

    @Test func case10_clockAYearAheadShutsTheGate() throws {
        var input = try world.gate(delivered)
        input.wallClock += 365 * 86_400
        try expect([.expired], input)
    }

    @Test func tpmClockBounds() throws {
        let bounds = delivered.claims.bounds.clock
        var input = try world.gate(delivered)
        input.readings.clock = bounds.min
        try expectOpen(input)
        input.readings.clock = bounds.min - 1
        try expect([.clockOutOfBounds], input)
        input.readings.clock = bounds.max
        try expectOpen(input)
        input.readings.clock = bounds.max + 1
        try expect([.clockOutOfBounds], input)
        // After a power cut the clock may have gone back by as much as one update.
        input.readings.safe = false
        input.readings.clock = bounds.max - 4096
        try expectOpen(input)
        input.readings.clock = bounds.max - 4095
        try expect([.clockOutOfBounds], input)
        input.readings.clockUpdate = UInt64.max
        try expect([.clockOutOfBounds], input)
    }

    @Test func aGrantForLaterWaits() throws {
        var claims = delivered.claims
        claims.nbf += 100
        var later = delivered
        later.delivery = try recorded(claims)
        var input = try world.gate(later)
        let trust = try world.trust(ledger: fork)
        #expect(GateCheck.judge(input, trust: trust) == .shut([.notYetValid]))
        input.wallClock += 100
        guard case .open = GateCheck.judge(input, trust: trust) else {
            Issue.record("shut")
            return
        }
    }

    @Test func securityFloor() throws {
        var input = try world.gate(delivered)
        input.readings.securityFloor = 44
        try expectOpen(input)
        input.readings.securityFloor = 45
        try expect([.belowSecurityFloor], input)
    }

    @Test func requestMustBeTheOneThisDeviceMade() throws {
        var input = try world.gate(delivered)
        input.request = []
        try expect([.otherRequest], input)
        input.request = delivered.request + [0x20]
        try expect([.otherRequest], input)
        input.request = try world.request(.attest)
        try expect([.otherRequest], input)
    }

    /// A verifier that signs a grant which does not follow from the request it names is not believed either.
    @Test func grantMustFollowFromItsRequest() throws {
        for change: (inout GrantClaims) -> Void in [
            { $0.eat_nonce = "other" }, { $0.package.version = Sample.label("9") }, { $0.bounds.counter.value += 1 },
            { $0.package.manifest = Sample.digest("x") },
        ] {
            var claims = delivered.claims
            change(&claims)
            var other = delivered
            other.delivery = try recorded(claims)
            let input = try world.gate(other)
            let trust = try world.trust(ledger: fork)
            guard case .shut(let reasons) = GateCheck.judge(input, trust: trust) else {
                Issue.record("open")
                continue
            }
            #expect(reasons.contains(.otherRequest))
            #expect(!reasons.contains(.entryMismatch))
            #expect(!reasons.contains(.notOnLedger))
        }
    }

    @Test func releaseSignatures() throws {
        var input = try world.gate(delivered)
        let payload = input.release.payload.bytes
        input.release = try SignedEnvelope(
            payload: payload,
            payloadType: Release.payloadType,
            signers: [.ed25519(Curve25519.Signing.PrivateKey())]
        )
        try expect([.releaseSignature], input)
        input.release = try SignedEnvelope(
            payload: payload,
            payloadType: BirthRecord.payloadType,
            signers: [world.releaseKey]
        )
        try expect([.releaseSignature], input)
        input.release = try SignedEnvelope(
            payload: Array("{}".utf8),
            payloadType: Release.payloadType,
            signers: [world.releaseKey]
        )
        try expect([.releaseMalformed], input)
    }

    @Test func attack69_grantKeyRotatedWithOutstandingGrants() throws {
        let old = world.grantKey
        let new = P256.Signing.PrivateKey()
        // With overlap both are good; once the old key is gone, so are its grants, and nobody else's.
        try expectOpen(try world.gate(delivered), trust: try world.trust(grantKeys: [new, old]))
        try expect([.grantKeyUnknown], try world.gate(delivered), trust: try world.trust(grantKeys: [new]))
        var rotated = world
        rotated.grantKey = new
        rotated.now += 1
        let next = try rotated.granted(delivered.release)
        guard case .open = GateCheck.judge(try rotated.gate(next), trust: try rotated.trust(grantKeys: [new, old]))
        else {
            Issue.record("shut")
            return
        }
    }

    @Test func grantFaultsShutTheGate() throws {
        var input = try world.gate(delivered)
        input.delivery.grant = ""
        try expect([.grantMalformed], input)
        input.delivery.grant = delivered.compact + "."
        try expect([.grantMalformed], input)
        let parts = delivered.compact.split(separator: ".")
        input.delivery.grant = "e30.\(parts[1]).\(parts[2])"
        try expect([.grantHeader], input)
        input.delivery.grant = "\(parts[0]).e30.\(parts[2])"
        try expect([.grantSignature], input)
    }

    @Test func attack71_otherEntryBesideTheGrant() throws {
        var world = world
        let other = try world.granted(try Sample.release("1.2.0", securityVersion: 4))
        var input = try world.gate(delivered)
        input.delivery.entry = other.delivery.entry
        input.delivery.proof = other.delivery.proof
        try expect([.entryMismatch], input, trust: try world.trust())
        // The right entry under the other's proof.
        input.delivery.entry = delivered.delivery.entry
        try expect([.notOnLedger], input, trust: try world.trust())
        for bytes in [
            [], Array("{}".utf8), delivered.delivery.entry.bytes + [0x0A], [UInt8](repeating: 0x20, count: 70_000),
        ] {
            input.delivery.entry = Blob(bytes)
            try expect([.entryMalformed], input, trust: try world.trust())
        }
    }

    @Test func attack71_grantThatIsNotOnTheLedger() throws {
        // Properly signed by the verifier's stolen key, with an entry that was never appended.
        let compact = try resigned(delivered.claims)
        var claimsElsewhere = delivered
        claimsElsewhere.delivery.grant = compact
        try expect([.entryMismatch], try world.gate(claimsElsewhere))
        claimsElsewhere.delivery.entry = Blob(try entry(of: compact, delivered.claims).bytes)
        try expect([.notOnLedger], try world.gate(claimsElsewhere))
    }

    @Test func attack71_forkedLedger() throws {
        // A second log under the same name, signed by another key: the entry is on it, the key is not the ledger's.
        let forked = try recorded(delivered.claims)
        var input = try world.gate(delivered)
        input.delivery = forked
        try expect([.checkpointRefused], input)
        // Its checkpoint under the true log's key name and signature does not fit its tree.
        let own = try LogProof(parsing: Array(delivered.delivery.proof.utf8))
        let foreign = try LogProof(parsing: Array(forked.proof.utf8))
        let mixed = LogProof(index: foreign.index, path: foreign.path, checkpoint: own.checkpoint)
        input.delivery.proof = String(decoding: mixed.bytes, as: UTF8.self)
        try expect([.notOnLedger], input)
    }

    @Test func attack71_truncatedAndMovedProofs() throws {
        let proof = try LogProof(parsing: Array(delivered.delivery.proof.utf8))
        var input = try world.gate(delivered)
        for changed in [
            LogProof(index: proof.index - 1, path: proof.path, checkpoint: proof.checkpoint),
            LogProof(index: proof.index, path: Array(proof.path.dropLast()), checkpoint: proof.checkpoint),
            LogProof(index: proof.index, path: proof.path + [.ofEmptyTree], checkpoint: proof.checkpoint),
            LogProof(index: proof.index, path: proof.path.reversed(), checkpoint: proof.checkpoint),
        ] where changed != proof {
            input.delivery.proof = String(decoding: changed.bytes, as: UTF8.self)
            try expect([.notOnLedger], input)
        }
        for text in [
            "", "c2sp.org/tlog-proof@v1\n", delivered.delivery.proof + "x", String(delivered.delivery.proof.dropLast()),
        ] {
            input.delivery.proof = text
            try expect([.proofMalformed], input)
        }
        // A checkpoint of a larger tree than was signed.
        input.delivery.proof = delivered.delivery.proof.replacing("updates\n4\n", with: "updates\n5\n")
        #expect(input.delivery.proof != delivered.delivery.proof)
        guard case .shut(let reasons) = GateCheck.judge(input, trust: try world.trust()) else {
            Issue.record("open")
            return
        }
        #expect(reasons == [.checkpointRefused])
    }

    /// ECDSA has two signatures for one message; the ledger names the exact text, so the twin is another grant that was never given.
    @Test func attack71_signatureTwin() throws {
        let parts = delivered.compact.split(separator: ".")
        let signature = try #require(Base64URL.decode(parts[2]))
        let twin = Array(signature.prefix(32)) + negated(Array(signature.suffix(32)))
        let compact = "\(parts[0]).\(parts[1]).\(Base64URL.encode(twin))"
        _ = try Grant.verify(compact, issuer: Sample.verifier, keys: [StatementKey(world.grantKey.publicKey)])
        var input = try world.gate(delivered)
        input.delivery.grant = compact
        try expect([.entryMismatch], input)
    }

    /// n - s for the order n of P-256.
    private func negated(_ s: [UInt8]) -> [UInt8] {
        let order: [UInt8] = [
            0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD,
            0xA7, 0x17, 0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51,
        ]
        var result = [UInt8](repeating: 0, count: 32)
        var borrow = 0
        for index in (0..<32).reversed() {
            let difference = Int(order[index]) - Int(s[index]) - borrow
            borrow = difference < 0 ? 1 : 0
            result[index] = UInt8(truncatingIfNeeded: difference)
        }
        return result
    }

    /// A resumed install is not stopped by time or by the reset of the power cut, and by everything else.
    @Test func resumingHoldsToEverythingButTime() throws {
        var world = world
        world.device.counters.grants += 1
        try world.device.reboot(into: "1.0.0")
        world.now += 30 * 86_400
        var input = try world.gate(delivered)
        input.journalled = delivered.claims.jti
        try expectOpen(input, .resume)
        input.package.sha256 = Sample.digest("another file")
        try expect([.packageContent], input)
    }

    @Test func trustBundleMustHoldAllThatAGateNeeds() throws {
        var bundle = try bundle(releases: world.releaseKey, ledger: world.log)
        _ = try GateTrust(bundle)
        bundle.releaseKeys = nil
        #expect(throws: MessageError.self) { try GateTrust(bundle) }
        bundle = try self.bundle(releases: world.releaseKey, ledger: world.log)
        bundle.ledgerKey = "nonsense"
        #expect(throws: MessageError.self) { try GateTrust(bundle) }
        bundle = try self.bundle(releases: world.releaseKey, ledger: world.log)
        bundle.verifier = "two words"
        #expect(throws: MessageError.self) { try GateTrust(bundle) }
    }

    // MARK: What a dishonest verifier could do with its own keys

    private func resigned(_ claims: GrantClaims) throws -> String {
        let boot = try Sample.boot("1.1.0")
        return try GrantSigner(key: world.grantKey).sign(GrantTerms(claims: claims, boot: boot)).compact
    }

    private func entry(of compact: String, _ claims: GrantClaims) throws -> WrittenEntry {
        try WrittenEntry(
            LedgerEntry(
                at: claims.iat,
                instance: world.record.instance,
                prev: nil,
                actor: Actor(.verifier, Sample.verifier),
                body: .grant(
                    GrantEntry(
                        grant: ContentDigest(of: Array(compact.utf8)),
                        jti: claims.jti,
                        request: claims.request,
                        lease: claims.lease.id,
                        package: claims.package.reference,
                        expires: claims.exp
                    )
                )
            )
        )
    }

    /// A grant with these claims, on a log of its own.
    private func recorded(_ claims: GrantClaims) throws -> GrantDelivery {
        let compact = try resigned(claims)
        var log = fork
        try log.append(world.log.entries)
        try log.append([try entry(of: compact, claims)])
        return try log.delivery(of: compact)
    }
}
