import FoundationEssentials
import Ledger
import Messages
import Synchronization
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import HTTPService
@testable import VerifierService

/// Faults and races between the question and the answer: none of them may end in trust.
@Suite struct FaultTests {
    let factory: TestFactory
    let releases = TestReleases()

    init() throws { factory = try TestFactory() }

    private func hooked() -> TestVerifier.Setup {
        var setup = TestVerifier.Setup()
        setup.wrap = { HookedStore($0) }
        return setup
    }

    private func hooks(_ service: TestVerifier) throws -> HookedStore { try (service.store as? HookedStore).found() }

    private func granted(_ service: TestVerifier, _ device: SoftwareKeyDevice) async throws -> PackageReference {
        try await service.importBirth(of: device, by: factory)
        return try await service.add(try releases.release("2.0"), releases)
    }

    /// Throws at the first, then the second, … use of the record until one update got through without a fault.
    @Test(arguments: [HookedStore.Moment.before, .after])
    func attack62_faultAtEveryUseOfTheRecord(moment: HookedStore.Moment) async throws {
        try await TestVerifier.with(hooked(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let package = try await granted(service, device)
            let store = try hooks(service)
            var faults: [String] = []
            for number in 0..<50 {
                let uses = Mutex(0)
                let failed = Mutex<String?>(nil)
                store.set { verb, when throws(StoreError) in
                    // The sweep looks for itself who is due, whatever anybody asks.
                    guard when == moment, verb != "due" else { return }
                    let isDue = uses.withLock { uses in
                        defer { uses += 1 }
                        return uses == number
                    }
                    if isDue {
                        failed.withLock { $0 = verb }
                        throw StoreError(.failed, "injected at \(verb)")
                    }
                }
                let answer = await Result.of {
                    try await service.anonymous { try await $0.update(device, to: package) }
                }
                store.set(nil)
                guard let verb = failed.withLock({ $0 }) else {
                    #expect(throws: Never.self) { try answer.get() }
                    break
                }
                faults.append(verb)
                guard case .failure(VerifierClientError.problem(let problem)) = answer else {
                    Issue.record("a fault at \(verb) was answered with \(answer)")
                    return
                }
                #expect(problem.kind == .undecided, "\(verb)")
                #expect(problem.reasons == nil)
            }
            #expect(faults.contains("snapshot"))
            #expect(faults.contains("commit"))
            #expect(faults.count < 50)
        }
    }

    @Test func attack62_nothingOfAFailedCommitIsKept() async throws {
        try await TestVerifier.with(hooked(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let package = try await granted(service, device)
            let store = try hooks(service)
            let before = try await service.store.ledgerHead()
            store.set { verb, moment throws(StoreError) in
                if verb == "commit", moment == .before { throw StoreError(.noSpace, "no space is left") }
            }
            let refusal = try await problem { try await service.anonymous { try await $0.update(device, to: package) } }
            #expect(refusal.kind == .undecided)
            store.set(nil)
            #expect(try await service.store.ledgerHead() == before)
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.lifecycle == "born")
            #expect(report.lease == nil)
            #expect(report.pending == nil)
            #expect(service.verifier.metrics.value(.commitFailures) >= 1)
        }
    }

    @Test(.timeLimit(.minutes(20))) func attack63_slowRecordIsAnsweredUndecided() async throws {
        let (home, directory) = try TestVerifier.prepared(factory: factory)
        defer { withExtendedLifetime(home) {} }
        let device = try SoftwareKeyDevice(serial: "SN-1")
        try await TestVerifier.serve(directory) { try await $0.importBirth(of: device, by: factory) }
        try directory.edit { $0.limits.commitSeconds = 1 }
        try await TestVerifier.serve(directory, hooked()) { service in
            let store = try hooks(service)
            let (gate, opened) = AsyncStream<Void>.makeStream()
            store.set { verb, moment throws(StoreError) in
                if verb == "commit", moment == .before { for await _ in gate {} }
            }
            let refusal = try await problem { try await service.anonymous { try await $0.attest(device) } }
            #expect(refusal.kind == .undecided)
            opened.finish()
            store.set(nil)
            // A busy machine may need more than a second by itself: then once more.
            var decided: DecisionAnswer?
            while decided == nil {
                do {
                    decided = try await service.anonymous { try await $0.attest(device) }
                } catch VerifierClientError.problem(let problem) where problem.kind == .undecided { continue }
            }
            #expect(decided?.bootState == "current")
        }
    }

    @Test func attack65_policyUpdatedInFlight() async throws {
        try await TestVerifier.with(hooked(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let package = try await granted(service, device)
            let stricter = Array(
                String(decoding: DefaultPolicy.bytes, as: UTF8.self)
                    .replacingOccurrences(of: "\"lab\"", with: "\"elsewhere\"").utf8
            )
            let once = Once()
            let verifier = service.verifier
            try hooks(service).set { verb, moment throws(StoreError) in
                guard verb == "snapshot", moment == .after, once.isFirst else { return }
                do { try await verifier.activate(policy: stricter) } catch { throw StoreError(.failed, "\(error)") }
            }
            let refusal = try await problem { try await service.anonymous { try await $0.update(device, to: package) } }
            #expect(refusal.reasons == ["no-policy-rule"])
            #expect(service.verifier.metrics.value(.staleCommits) == 1)
            let report = try await service.operating(as: .auditor) { try await $0.instance(device.serial) }
            #expect(report.pending == nil)
            #expect(report.lease == nil)
        }
    }

    @Test func releaseWithdrawnInFlight() async throws {
        try await TestVerifier.with(hooked(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let package = try await granted(service, device)
            let once = Once()
            let reason = try remark("bricks")
            try hooks(service).set { verb, moment throws(StoreError) in
                guard verb == "snapshot", moment == .after, once.isFirst else { return }
                do {
                    _ = try await service.operating(as: .releaseManager) {
                        try await $0.withdrawRelease(package.manifest, reason)
                    }
                } catch { throw StoreError(.failed, "\(error)") }
            }
            let refusal = try await problem { try await service.anonymous { try await $0.update(device, to: package) } }
            #expect(refusal.reasons == ["release-withdrawn"])
        }
    }

    @Test func attack66_retireRacingMint() async throws {
        try await TestVerifier.with(hooked(), factory: factory, releases: releases) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let package = try await granted(service, device)
            let once = Once()
            let (serial, reason) = (device.serial, try remark("sold"))
            try hooks(service).set { verb, moment throws(StoreError) in
                guard verb == "snapshot", moment == .after, once.isFirst else { return }
                do {
                    _ = try await service.operating(as: .operator) {
                        try await $0.act(.retire, on: serial, reason)
                    }
                } catch { throw StoreError(.failed, "\(error)") }
            }
            let refusal = try await problem { try await service.anonymous { try await $0.update(device, to: package) } }
            #expect(refusal.reasons == ["retired"])
            #expect(try await entries(service).allSatisfy { $0.body.type != "grant" })
        }
    }

    @Test func attack66_nothingIsGrantedAfterARetirement() async throws {
        try await TestVerifier.with(factory: factory, releases: releases) { service in
            let devices = try (1...4).map { try SoftwareKeyDevice(serial: "SN-\($0)") }
            var package: PackageReference?
            for device in devices { try await service.importBirth(of: device, by: factory) }
            package = try await service.add(try releases.release("2.0"), releases)
            let wanted = try package.found()
            let evidence = try await service.anonymous { client in
                var prepared: [Evidence] = []
                for device in devices {
                    let challenge = try await client.challenge(device, .update, package: wanted)
                    prepared.append(
                        try device.evidence(
                            for: device.request(.update, challenge: challenge.challenge, package: wanted)
                        )
                    )
                }
                return prepared
            }
            let serials = devices.map(\.serial)
            let reason = try remark("sold")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (evidence, serial) in zip(evidence, serials) {
                    group.addTask {
                        _ = await Result.of { try await service.anonymous { try await $0.decide(evidence) } }
                    }
                    group.addTask {
                        _ = try await service.operating(as: .operator) { try await $0.act(.retire, on: serial, reason) }
                    }
                }
                try await group.waitForAll()
            }
            // Whoever won, the ledger has no grant of an instance behind its retirement.
            var retired = Set<InstanceID>()
            for entry in try await entries(service) {
                guard let instance = entry.instance else { continue }
                if case .grant = entry.body { #expect(!retired.contains(instance)) }
                if case .act = entry.body { retired.insert(instance) }
            }
            #expect(retired.count == devices.count)
        }
    }

    @Test func overtakenEvidenceHurtsNobody() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let early = try await client.challenge(device, .attest)
                let slow = try device.evidence(for: device.request(.attest, challenge: early.challenge))
                service.clock.advance(milliseconds: 5)
                #expect(try await client.attest(device).bootState == "current")
                // Its clock reading is older than what was accepted, and it is the device's own: no ground for suspicion.
                #expect(try await problem { try await client.decide(slow) }.kind == .undecided)
                #expect(try await client.attest(device).bootState == "current")
            }
        }
    }

    /// What nobody knows to be on record may be there.
    @Test func evidenceIsOvertakenAlsoByWhatWasNotAnswered() async throws {
        try await TestVerifier.with(hooked(), factory: factory) { service in
            let store = try hooks(service)
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                let early = try await client.challenge(device, .attest)
                let slow = try device.evidence(for: device.request(.attest, challenge: early.challenge))
                service.clock.advance(milliseconds: 5)
                store.set { verb, moment throws(StoreError) in
                    if verb == "commit", moment == .after { throw StoreError(.failed, "nobody knows") }
                }
                #expect(try await problem { try await client.attest(device) }.kind == .undecided)
                store.set(nil)
                #expect(try await problem { try await client.decide(slow) }.kind == .undecided)
                #expect(try await client.attest(device).bootState == "current")
            }
        }
    }

    /// On a log that was looked at and not kept no decision may rest: nobody could take it again.
    @Test func aLogThatWasNotKeptIsNotNamed() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            let log = StoredLog(Self.logWithoutEvents)
            func order(_ act: VerifierClient.InstanceAct) async throws {
                _ = try await service.operating(as: .operator) {
                    try await $0.act(act, on: device.serial, try remark("seen"))
                }
            }
            func named() async throws -> [ContentDigest] {
                try await service.store.bases(in: 0..<Int64.max, after: nil, limit: 100)
                    .compactMap { try ArchivedDecision(parsing: $0.basis.body).measured?.log }
            }
            try await service.anonymous { client in
                func attest(bringing brought: [UInt8]?) async throws -> DecisionAnswer {
                    let challenge = try await client.challenge(device, .attest).challenge
                    var evidence = try device.evidence(for: device.request(.attest, challenge: challenge))
                    evidence.log = log.digest
                    evidence.logBytes = brought.map { Blob($0) }
                    return try await client.decide(evidence)
                }
                _ = try await client.attest(device)
                try await order(.suspend)
                // Nothing is kept of what an instance says that is suspended.
                #expect(try await problem { try await attest(bringing: log.bytes) }.reasons == ["suspended"])
                try await order(.reinstate)
                #expect(try await attest(bringing: nil).bootState == "current")
                #expect(try await named() == [])
                #expect(try await attest(bringing: log.bytes).bootState == "current")
                #expect(try await attest(bringing: nil).bootState == "current")
                #expect(try await named() == [log.digest, log.digest])
            }
        }
    }

    /// A header and no event.
    private static var logWithoutEvents: [UInt8] {
        let header = Array("Spec ID Event03\0".utf8) + [0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0B, 0, 32, 0, 0]
        var bytes: [UInt8] = [0, 0, 0, 0, 3, 0, 0, 0] + [UInt8](repeating: 0, count: 20)
        bytes += [UInt8(header.count), 0, 0, 0]
        return bytes + header
    }

    /// One device that is trusted could fill the memory with hundreds of logs of the largest size.
    @Test func aLogThatWasPaddedIsJudgedAndNotRemembered() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                for size in [Verifier.largestReplayed, Evidence.maximumLogSize] {
                    var bytes = Self.logWithoutEvents
                    bytes += [UInt8](repeating: 0, count: size - bytes.count)
                    let log = StoredLog(bytes)
                    for brought in [bytes, nil] {
                        let challenge = try await client.challenge(device, .attest).challenge
                        var evidence = try device.evidence(for: device.request(.attest, challenge: challenge))
                        evidence.log = log.digest
                        evidence.logBytes = brought.map { Blob($0) }
                        let answer = try await client.decide(evidence)
                        #expect(answer.bootState == "current")
                    }
                    let key = Verifier.ReplayedKey(digest: log.digest, selection: device.selection)
                    let isRemembered = service.verifier.replayed[key] != nil
                    #expect(isRemembered == (size == Verifier.largestReplayed))
                }
            }
        }
    }

    @Test func evidenceIsJudgedAsBeforeOnceTheClockWasPutRight() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            try await service.importBirth(of: device, by: factory)
            try await service.anonymous { client in
                for ahead: Int64 in [60_000, 3_600_000] {
                    service.clock.advance(milliseconds: ahead)
                    #expect(try await client.attest(device).bootState == "current")
                    service.clock.advance(milliseconds: -ahead)
                    #expect(try await client.attest(device).bootState == "current")
                }
                // Evidence is overtaken as before.
                let early = try await client.challenge(device, .attest)
                let slow = try device.evidence(for: device.request(.attest, challenge: early.challenge))
                service.clock.advance(milliseconds: 5)
                #expect(try await client.attest(device).bootState == "current")
                #expect(try await problem { try await client.decide(slow) }.kind == .undecided)
            }
        }
    }

    private func entries(_ service: TestVerifier) async throws -> [LedgerEntry] {
        let size = try await service.store.ledgerHead().size
        return try await service.store.ledgerEntries(0..<size).map { try LedgerEntry(parsing: $0.bytes) }
    }
}

extension Result where Failure == any Error {
    static func of(_ body: () async throws -> Success) async -> Self {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension String {
    fileprivate func replacingOccurrences(of text: String, with other: String) -> String {
        split(separator: text, omittingEmptySubsequences: false).joined(separator: other)
    }
}
