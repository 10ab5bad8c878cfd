import Messages
import Synchronization
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// What came of a station is known: a bundle that is lost is noticed, and one that was interrupted is finished.
@Suite struct BundleSequenceTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func envelope(_ serial: String) throws -> SignedEnvelope {
        try factory.envelope(try factory.record(of: try SoftwareKeyDevice(serial: serial)))
    }

    private func importing(_ bundle: BirthBundle, _ service: TestVerifier) async throws -> BirthsAnswer {
        try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
    }

    private func stations(_ service: TestVerifier) async throws -> [StationReport] {
        try await service.operating(as: .auditor) { try await $0.stations() }.stations
    }

    @Test func aBundleThatIsLostIsNoticed() async throws {
        try await TestVerifier.with(factory: factory) { service in
            #expect(try await stations(service).map(\.latest) == [0])
            let bundles = try (1...5).map { (number: Int64) in
                try factory.bundle(number, of: [try envelope("SN-\(number)")])
            }
            #expect(try await importing(bundles[0], service).missing == [])
            #expect(try await importing(bundles[3], service).missing == [NumberRange(first: 2, last: 3)])
            #expect(try await importing(bundles[2], service).missing == [NumberRange(first: 2, last: 2)])
            let report = try #require(try await stations(service).first)
            #expect(report.station.text == TestFactory.line && report.until == TestFactory.until)
            #expect(report.bundles == 3 && report.latest == 4 && report.unfinished == [])
            #expect(report.missing == [NumberRange(first: 2, last: 2)])
            // What was refused whole has not arrived.
            var broken = bundles[1]
            broken.births = []
            _ = try await problem { try await importing(broken, service) }
            #expect(try await stations(service).first?.missing == [NumberRange(first: 2, last: 2)])
            #expect(try await importing(bundles[1], service).missing == [])
            // Twice is once.
            let again = try await importing(bundles[3], service)
            #expect(again.births.map(\.outcome) == [.known] && again.missing == [])
            #expect(try await stations(service).first?.bundles == 4)
        }
    }

    @Test func aSecondBundleUnderAKnownNumberIsRefused() async throws {
        try await TestVerifier.with(factory: factory) { service in
            _ = try await importing(try factory.bundle(1, of: [try envelope("SN-1")]), service)
            let second = try factory.bundle(1, of: [try envelope("SN-2")])
            let problem = try await problem { try await importing(second, service) }
            #expect(problem.reasons == ["number-taken"])
            #expect(problem.title.contains("bundle 1 of line-1"))
            #expect(try await service.store.instances(after: nil, limit: 10).count == 1)
        }
    }

    /// Many different bundles of one number at once: one of them, whole.
    @Test func oneOfManyUnderOneNumberRacing() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let bundles = try (0..<6).map { number in
                try factory.bundle(1, of: try ["A", "B"].map { try envelope("SN-\(number)" + $0) })
            }
            let taken = await withTaskGroup(of: Bool.self) { group in
                for bundle in bundles {
                    group.addTask {
                        (try? await importing(bundle, service))?.births.map(\.outcome) == [.imported, .imported]
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(taken == 1)
            #expect(try await service.store.instances(after: nil, limit: 20).count == 2)
        }
    }

    /// The record fails at each commit in turn: what was taken are whole births, it is told as unfinished, and repeating finishes it.
    @Test func attack62_faultAtEveryCommitOfABundle() async throws {
        var setup = TestVerifier.Setup()
        setup.wrap = { HookedStore($0) }
        try await TestVerifier.with(setup, factory: factory) { service in
            let store = try (service.store as? HookedStore).found()
            let first = try SoftwareKeyDevice(serial: "SN-1")
            let second = try factory.record(of: try SoftwareKeyDevice(serial: "SN-1"), replacing: first.instance)
            let bundle = try factory.bundle(
                1,
                of: [try factory.envelope(try factory.record(of: first)), try factory.envelope(second)]
            )
            var (faults, finished) = (0, false)
            for fault in 0..<12 where !finished {
                let commits = Mutex(0)
                store.set { verb, moment throws(StoreError) in
                    guard verb == "commit", moment == (fault % 2 == 0 ? .before : .after) else { return }
                    let number = commits.withLock { commits in
                        defer { commits += 1 }
                        return commits
                    }
                    if number == fault / 2 { throw StoreError(.failed, "the disk is gone") }
                }
                do {
                    let answer = try await importing(bundle, service)
                    #expect(answer.births.allSatisfy { $0.outcome != .refused })
                    finished = true
                } catch VerifierClientError.problem(let problem) {
                    faults += 1
                    #expect(problem.kind == .undecided)
                    store.set(nil)
                    let report = try #require(try await stations(service).first)
                    #expect(report.missing == [])
                    let holder = try await service.store.instance(serial: first.serial)
                    let ended = try await service.store.snapshot(of: first.instance, release: nil)?.state.lifecycle
                    // The first is retired exactly when the second has its serial number.
                    #expect((holder == second.instance) == (ended == .retired))
                }
            }
            #expect(finished && faults > 4)
            store.set(nil)
            #expect(try await stations(service).first?.unfinished == [])
            #expect(try await service.store.instance(serial: first.serial) == second.instance)
            // One birth each, one rework, however often it was brought; and the policy.
            #expect(try await service.store.ledgerHead().size == 4)
        }
    }
}
