import Crypto
import DurableFiles
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// What operators do over the wire, and what stands on the ledger of it.
@Suite struct OperatorTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func entries(_ service: TestVerifier) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
    }

    @Test func releasesAreRegisteredListedAndWithdrawn() async throws {
        try await TestVerifier.with(releases: releases) { service in
            let (first, second) = (try releases.release("2.0"), try releases.release("2.1"))
            try await service.operating(as: .releaseManager) { client in
                let added = try await client.addRelease(try releases.envelope(first))
                #expect(added.release == first)
                #expect(added.addedBy.text == "release-manager")
                let again = try await client.addRelease(try releases.envelope(first))
                #expect(again == added)
                _ = try await client.addRelease(try releases.envelope(second))
                let withdrawn = try await client.withdrawRelease(added.manifest, try remark("bricks"))
                #expect(withdrawn.withdrawal?.reason == "bricks")
                let twice = try await problem {
                    try await client.withdrawRelease(added.manifest, try remark("again"))
                }
                #expect(twice.kind == .conflict)
                let unknown = try await problem {
                    try await client.withdrawRelease(ContentDigest(of: [1]), try remark("which"))
                }
                #expect(unknown.kind == .notFound)
                let list = try await client.releases().releases
                #expect(Set(list.map(\.release.version.text)) == ["2.0", "2.1"])
                #expect(list.filter { $0.withdrawal != nil }.map(\.manifest) == [added.manifest])
            }
            #expect(try await entries(service).map(\.body.type) == ["policy", "release", "release", "withdrawal"])
        }
    }

    @Test func theLogOfAReleaseIsTheOneThatItNames() async throws {
        try await TestVerifier.with(releases: releases) { service in
            let log = [UInt8]("a log that is none, which is for whoever compares it to say".utf8)
            var release = try releases.release("2.0")
            release.boot?.log = ContentDigest(of: log)
            let without = try releases.release("2.1")
            try await service.operating(as: .releaseManager) { client in
                let added = try await client.addRelease(try releases.envelope(release))
                let other = try await client.addRelease(try releases.envelope(without))
                let strange: [(ReleaseLog, ContentDigest, Problem.Kind)] = [
                    (ReleaseLog(log + [0]), added.manifest, .conflict), (ReleaseLog(log), other.manifest, .conflict),
                    (ReleaseLog(log), ContentDigest(of: [1]), .notFound),
                ]
                for (log, manifest, kind) in strange {
                    #expect(try await problem { try await client.addLog(log, of: manifest) }.kind == kind)
                }
                try await client.addLog(ReleaseLog(log), of: added.manifest)
                try await client.addLog(ReleaseLog(log), of: added.manifest)
            }
            #expect(try await service.verifier.store.log(ContentDigest(of: log)) == log)
            #expect(try await entries(service).map(\.body.type) == ["policy", "release", "release"])
        }
    }

    @Test func releasesNeedEnoughSignatures() async throws {
        try await TestVerifier.with(releases: releases) { service in
            let release = try releases.release("2.0")
            let stranger = StatementSigner.ed25519(Curve25519.Signing.PrivateKey())
            var tampered = try releases.envelope(release)
            tampered.payload.bytes[20] ^= 1
            var doubled = try releases.envelope(release, by: [releases.signers[0]])
            doubled.signatures.append(doubled.signatures[0])
            let envelopes = [
                try releases.envelope(release, by: []), try releases.envelope(release, by: [releases.signers[0]]),
                try releases.envelope(release, by: [releases.signers[0], stranger]), tampered, doubled,
                try SignedEnvelope(
                    payload: try CanonicalJSON.encode(release),
                    payloadType: BirthRecord.payloadType,
                    signers: releases.signers
                ),
            ]
            try await service.operating(as: .releaseManager) { client in
                for envelope in envelopes {
                    let refusal = try await problem { try await client.addRelease(envelope) }
                    #expect(refusal.kind == .refused)
                    #expect(refusal.reasons == ["release-not-signed"])
                }
                let list = try await client.releases()
                #expect(list.releases.isEmpty)
            }
        }
    }

    @Test func withoutReleaseKeysNothingIsRegistered() async throws {
        try await TestVerifier.with { service in
            let envelope = try releases.envelope(try releases.release("2.0"))
            let refusal = try await problem {
                try await service.operating(as: .releaseManager) { try await $0.addRelease(envelope) }
            }
            #expect(refusal.kind == .conflict)
            #expect(refusal.title.contains("--release-keys"))
        }
    }

    @Test func instancesAreSuspendedReinstatedAndRetired() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let id = try label(device.instance.text)
            try await service.anonymous { devices in
                try await service.operating(as: .operator) { client in
                    _ = try await devices.attest(device)
                    let suspended = try await client.act(.suspend, on: device.serial, try remark("lost"))
                    #expect(suspended.lifecycle == "suspended")
                    #expect(suspended.lease == nil)
                    let refused = try await problem { try await devices.attest(device) }
                    #expect(refused.reasons == ["suspended"])
                    let twice = try await problem {
                        try await client.act(.suspend, on: device.serial, try remark("again"))
                    }
                    #expect(twice.kind == .conflict)
                    // By id as well as by serial number.
                    let reinstated = try await client.act(.reinstate, on: id, try remark("found"))
                    #expect(reinstated.lifecycle == "born")
                    let back = try await devices.attest(device)
                    #expect(back.bootState == "current")
                    let retired = try await client.act(.retire, on: id, try remark("sold"))
                    #expect(retired.lifecycle == "retired")
                    for act in VerifierClient.InstanceAct.allCases {
                        let after = try await problem { try await client.act(act, on: id, try remark("no")) }
                        #expect(after.kind == .conflict)
                    }
                    let last = try await problem { try await devices.attest(device) }
                    #expect(last.reasons == ["retired"])
                    let nobody = try await problem {
                        try await client.act(.retire, on: try label("SN-2"), try remark("who"))
                    }
                    #expect(nobody.kind == .notFound)
                }
            }
            let acts = try await entries(service).compactMap { entry -> String? in
                guard case .act(let act) = entry.body else { return nil }
                return "\(entry.actor) \(act.act.rawValue) \(act.reason)"
            }
            #expect(
                acts == [
                    "operator:operator suspend lost", "operator:operator reinstate found",
                    "operator:operator retire sold",
                ]
            )
        }
    }

    @Test func entriesOfOneInstanceAreAChain() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let devices = try (1...2).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            try await service.anonymous { client in
                for _ in 0..<3 { for device in devices { _ = try await client.attest(device) } }
            }
            let size = try await service.store.ledgerHead().size
            let written = try await service.store.ledgerEntries(0..<size)
            for device in devices {
                var previous: ContentDigest?
                for entry in written {
                    let parsed = try LedgerEntry(parsing: entry.bytes)
                    guard parsed.instance == device.instance else { continue }
                    #expect(parsed.prev == previous)
                    previous = ContentDigest(of: entry.bytes)
                }
                #expect(previous != nil)
            }
        }
    }

    @Test func listsArePaged() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let devices = try (1...5).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            for device in devices { try await service.importBirth(of: device, by: factory) }
            let identity = try HTTPProbe.identity(.auditor, of: service)
            try await HTTPProbe.with(service, identity: identity) { probe in
                var seen: [InstanceID] = []
                var next: InstanceID?
                repeat {
                    let query = "?limit=2" + (next.map { "&after=\($0)" } ?? "")
                    let reply = try await probe.send("GET", "/v1/instances" + query)
                    let list = try CanonicalJSON.decode(
                        InstanceList.self,
                        from: reply.body,
                        limit: InstanceList.maximumSize
                    )
                    seen += list.instances.map(\.instance)
                    next = list.next
                } while next != nil
                #expect(seen == devices.map(\.instance).sorted())
                for query in ["?limit=0", "?limit=501", "?limit=x", "?after=x", "?limit=1&limit=2", "?limit"] {
                    let reply = try await probe.send("GET", "/v1/instances" + query)
                    #expect(reply.status == 400, "\(query)")
                }
            }
        }
    }

    @Test func policyIsShownAndExplained() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let package = try await service.add(try releases.release("2.0"), releases)
            try await service.operating(as: .auditor) { client in
                let policy = try await client.policy()
                #expect(policy.policy.bytes == DefaultPolicy.bytes)
                #expect(policy.digest == ContentDigest(of: DefaultPolicy.bytes))
                let explanation = try await client.explain(
                    PolicyQuestion(instance: device.instance, manifest: package.manifest)
                )
                #expect(explanation.rule == "lab")
                #expect(explanation.refusals.isEmpty)
                let unknown = try await client.explain(
                    PolicyQuestion(instance: device.instance, manifest: ContentDigest(of: [1]))
                )
                #expect(unknown.refusals == ["release-unknown"])
                let nobody = try await problem {
                    try await client.explain(PolicyQuestion(instance: InstanceID(iakName: [1])))
                }
                #expect(nobody.kind == .notFound)
            }
        }
    }

    @Test func policyIsReadAgain() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let policy = service.directory.file("policy.json")
            let changed = DefaultPolicy.bytes + Array("\n".utf8)
            try AtomicFile.write(changed, to: policy)
            try await service.verifier.reloadPolicy()
            let shown = try await service.operating(as: .auditor) { try await $0.policy() }
            #expect(shown.policy.bytes == changed)
            try AtomicFile.write(Array("{".utf8), to: policy)
            await #expect(throws: SetupError.self) { try await service.verifier.reloadPolicy() }
            let kept = try await service.operating(as: .auditor) { try await $0.policy() }
            #expect(kept == shown)
        }
    }
}
