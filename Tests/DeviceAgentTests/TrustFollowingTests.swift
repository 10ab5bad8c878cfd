import Crypto
import DeviceAgent
import FoundationEssentials
import MachineFaults
import Messages
import Subprocess
import Testing

/// No device is stranded by a rotation: however long it was away, it finds its way from version to version by itself, and by signatures alone.
@Suite(.timeLimit(.minutes(30))) struct TrustFollowingTests {
    private static let year: Int64 = 365 * 86_400
    let ann = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
    let bob = StatementSigner.p256(P256.Signing.PrivateKey())

    private func people() throws -> SigningKeys { try SigningKeys(threshold: 2, keys: [ann.key, bob.key]) }

    private func sign(_ bundle: TrustBundle, _ signers: [StatementSigner]? = nil) throws -> SignedEnvelope {
        try SignedEnvelope(
            payload: try CanonicalJSON.encode(bundle),
            payloadType: TrustBundle.payloadType,
            signers: signers ?? [ann, bob]
        )
    }

    /// The bundle after another.
    private func successor(
        of bundle: TrustBundle,
        _ change: (inout TrustBundle) throws -> Void = { _ in }
    ) rethrows -> TrustBundle {
        var next = bundle
        next.version = bundle.number + 1
        try change(&next)
        return next
    }

    /// An agent as the programs make it: what it trusts is what is in its directory.
    private func agent(_ bench: Bench, clock: @escaping @Sendable () -> Int64 = { now }) throws -> Agent {
        try Agent.configured(
            in: bench.state,
            tcti: bench.device.tcti,
            trust: bench.device.directory + "/trust.json",
            eventLog: bench.device.log,
            imaList: nil,
            wallClock: clock
        ).agent
    }

    private func held(_ bench: Bench) throws -> TrustBundle {
        try StateDirectory(bench.state).trust(offered: nil)
    }

    /// The key came, was used, and the one before it went, while the device lay in a store.
    @Test func case15_grantKeyRotatedWhileAwayForAYear() async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            let key = P256.Signing.PrivateKey()
            let second = successor(of: bench.trust) { $0.grantKeys.append(StatementKey(key.publicKey)) }
            let third = successor(of: second) { $0.grantKeys.removeFirst() }
            await bench.verifier.publish(try sign(second), as: 2)
            await bench.verifier.publish(try sign(third), as: 3)
            try await bench.verifier.signGrants(with: key)
            await bench.verifier.setClock(ahead: Self.year)

            let away = try agent(bench, clock: { now + Self.year })
            let outcome = try await away.update(bench.order(), bench.lock()) { _, _ in }
            #expect(try contents(of: bench.target) == contents(of: bench.package))
            #expect(try await bench.grantsSpent == 1, "the grant that nobody could read was not spent")
            #expect(try held(bench) == third)
            #expect(try contents(of: bench.state + "/trust.json") == sign(third).payload.bytes)
            #expect(try mode(of: bench.state + "/trust.json") == 0o600)
            try await bench.boot(Bench.grownTo)
            let again = try agent(bench, clock: { now + Self.year })
            #expect(try await again.confirm(bench.lock()).grant == outcome.grant)
        }
    }

    /// Makers and people alike: nobody whom the device knows signs anything any more.
    @Test func case16_releaseRootRotatedTwiceWhileAway() async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            let makers = (0..<2).map { _ in StatementSigner.ed25519(Curve25519.Signing.PrivateKey()) }
            let (carl, dora) = (
                StatementSigner.ed25519(Curve25519.Signing.PrivateKey()),
                StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
            )
            let second = try successor(of: bench.trust) {
                $0.releaseKeys = try SigningKeys(version: 2, threshold: 1, keys: [makers[0].key])
                $0.trustKeys = try SigningKeys(version: 2, threshold: 1, keys: [carl.key])
            }
            let third = try successor(of: second) {
                $0.releaseKeys = try SigningKeys(version: 3, threshold: 1, keys: [makers[1].key])
                $0.trustKeys = try SigningKeys(version: 3, threshold: 1, keys: [dora.key])
            }
            await bench.verifier.publish(try sign(second, [ann, bob, carl]), as: 2)
            await bench.verifier.publish(try sign(third, [carl, dora]), as: 3)

            var order = bench.order()
            order.release = try SignedEnvelope(
                payload: try CanonicalJSON.encode(bench.payload),
                payloadType: Release.payloadType,
                signers: [makers[1]]
            )
            _ = try await agent(bench).update(order, bench.lock()) { _, _ in }
            #expect(try contents(of: bench.target) == contents(of: bench.package))
            #expect(try held(bench) == third)
            // What was signed by those who are gone is nobody's word now.
            let old = try await refusal {
                _ = try await agent(bench).update(bench.order(), bench.lock()) { _, _ in }
            }
            #expect(old.kind == .refused)
        }
    }

    @Test func anInstallIsConfirmedWhoseMakersAreGone() async throws {
        try await Bench.with(people: try people()) { bench in
            let agent = try agent(bench)
            _ = try await agent.update(bench.order(), bench.lock()) { _, _ in }
            let other = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
            let second = try successor(of: bench.trust) {
                $0.releaseKeys = try SigningKeys(version: 2, threshold: 1, keys: [other.key])
            }
            await bench.verifier.publish(try sign(second), as: 2)
            #expect(try await agent.followTrust(bench.lock()).to == 2)
            try await bench.boot(Bench.grownTo)
            _ = try await agent.confirm(bench.lock())
            #expect(try bench.journal.running?.version == label("2.4.0"))
        }
    }

    @Test func theServersCAIsAnotherOne() async throws {
        let strange = try TLSIdentity()
        try await Bench.with(people: try people()) { bench in
            // What the device was given long ago.
            var first = bench.trust
            first.tlsRoots = strange.rootPEM
            try write(EditedJSON.encode(first), to: bench.device.directory + "/trust.json")
            let before = try await refusal { _ = try await agent(bench).attest(bench.lock()) }
            #expect(before.kind == .environment && before.message.contains("not the verifier of this trust bundle"))
            #expect(
                await bench.verifier.askedForTrust == 1,
                "nothing else is asked of somebody whom nobody vouches for"
            )
            #expect(await bench.verifier.asked == 0)

            await bench.verifier.publish(try sign(successor(of: bench.trust)), as: 2)
            _ = try await agent(bench).attest(bench.lock())
            #expect(try held(bench).number == 2)
        }
    }

    @Test func aDeviceFollowsAtItsNextAttestation() async throws {
        try await Bench.with(people: try people()) { bench in
            let agent = try agent(bench)
            _ = try await agent.attest(bench.lock())
            #expect(await bench.verifier.askedForTrust == 1)
            await bench.verifier.publish(try sign(successor(of: bench.trust)), as: 2)
            _ = try await agent.attest(bench.lock())
            #expect(agent.trust.number == 2, "also within an agent that runs on")
            #expect(try held(bench).number == 2)
            #expect(await bench.verifier.askedForTrust == 3)
        }
    }

    @Test func withoutTrustKeysNobodyIsAsked() async throws {
        try await Bench.with { bench in
            _ = try await agent(bench).attest(bench.lock())
            #expect(await bench.verifier.askedForTrust == 0)
            let error = try await refusal { _ = try await agent(bench).followTrust(bench.lock()) }
            #expect(error.reasons == ["trust-no-keys"])
        }
    }

    @Test func whatIsNotSignedChangesNothing() async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            let second = successor(of: bench.trust) { _ in }
            var other = second
            other.verifier = "another"
            let mallory = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
            var stolen = second
            stolen.trustKeys = try SigningKeys(threshold: 1, keys: [mallory.key])
            let cases: [(SignedEnvelope, String)] = [
                (try sign(second, [ann]), "trust-not-signed-before"),
                (try sign(stolen, [mallory]), "trust-not-signed-before"),
                (try sign(stolen, [ann, bob]), "trust-not-signed-after"),
                (try sign(other), "trust-other-verifier"),
                (try sign(successor(of: second)), "trust-version-skipped"),
                (try sign(bench.trust), "trust-went-back"),
            ]
            let before = try contents(of: bench.state + "/trust.json")
            for (envelope, code) in cases {
                await bench.verifier.publish(envelope, as: 2)
                // Who serves it may still be the verifier: what it decides is held to the keys that are known.
                _ = try await agent(bench).attest(bench.lock())
                let error = try await refusal { _ = try await agent(bench).followTrust(bench.lock()) }
                #expect(error.reasons == [code])
                #expect(try contents(of: bench.state + "/trust.json") == before)
            }
        }
    }

    /// Before and after each of the three steps, the device holds a whole version; then it goes on.
    @Test(arguments: [1, 2, 3], [MachineFaults.Moment.before, .after])
    func killedBetweenSteps(step: Int, moment: MachineFaults.Moment) async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            var bundles = [bench.trust]
            for version in 2...4 {
                let next = successor(of: bundles[version - 2]) { _ in }
                bundles.append(next)
                await bench.verifier.publish(try sign(next), as: Int64(version))
            }
            let faults = try await MachineFaults(in: bench.device.directory)
            let killed = try await bench.program(
                "trust",
                environment: faults.killing(moment, placing: step, of: "/trust.json")
            )
            #expect(killed.status == .signaled(9), "\(killed)")
            let reached = moment == .before ? step : step + 1
            #expect(try held(bench) == bundles[reached - 1])
            let resumed = try await bench.program("trust")
            #expect(resumed.status == .exited(0), "\(resumed)")
            #expect(try held(bench) == bundles[3])
            #expect(resumed.output.contains("version 4"))
        }
    }

    /// A device that never sees a network is led by a file, from wherever it stands.
    @Test func aStickLeadsADeviceWithoutANetwork() async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            await bench.verifier.setTrouble(.down)
            var bundles = [bench.trust]
            for version in 2...4 { bundles.append(successor(of: bundles[version - 2]) { _ in }) }
            let envelopes = try bundles.dropFirst().map { try sign($0) }
            func stick(_ chosen: [SignedEnvelope]) throws -> String {
                let path = bench.device.directory + "/successors.json"
                try write(CanonicalJSON.encode(TrustChain(chosen)), to: path)
                return path
            }
            let gap = try await bench.program("trust", [try stick([envelopes[1], envelopes[2]]), "--json"])
            #expect(gap.status == .exited(1) && gap.output.contains("trust-version-skipped"), "\(gap)")
            #expect(try held(bench).number == 1)

            let first = try await bench.program("trust", [try stick([envelopes[0]])])
            #expect(first.status == .exited(0), "\(first)")
            let forged = try await bench.program(
                "trust",
                [try stick([envelopes[0], envelopes[1], try sign(bundles[3], [ann])]), "--json"]
            )
            #expect(forged.status == .exited(1) && forged.output.contains("trust-not-signed-before"), "\(forged)")
            #expect(try held(bench) == bundles[2], "those before it are held")
            for _ in 0..<2 {
                let whole = try await bench.program("trust", [try stick(envelopes)])
                #expect(whole.status == .exited(0) && whole.output.contains("version 4"), "\(whole)")
            }
            try write(Array("{}".utf8), to: bench.device.directory + "/other.json")
            let other = try await bench.program("trust", [bench.device.directory + "/other.json"])
            #expect(other.status == .exited(2), "\(other)")
            // The file of the first day is what scripts give for ever.
            let status = try await Program.device.run(["status", "--state", bench.state, "--tcti", bench.device.tcti])
            #expect(status.output.contains("version 4"), "\(status)")
        }
    }

    @Test func aNewerBundleIsNotTakenWithoutItsSignatures() async throws {
        try await Bench.with(people: try people()) { bench in
            _ = try await agent(bench).attest(bench.lock())
            let path = bench.device.directory + "/second.json"
            try write(EditedJSON.encode(successor(of: bench.trust)), to: path)
            let error = try await refusal { _ = try StateDirectory(bench.state).trust(offered: path) }
            #expect(error.kind == .refused && error.hint?.contains("birthmark-device trust") == true)
            #expect(try held(bench).number == 1)
        }
    }
}
