import DurableFiles
import Ledger
import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// A board was swapped on the line: the first instance ends with the very transaction that takes over the second.
@Suite struct ReworkTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func importing(_ births: [BirthRecord], _ service: TestVerifier) async throws -> [BirthOutcome] {
        let bundle = try factory.bundle(of: try births.map { try factory.envelope($0) })
        return try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births
    }

    private func lifecycle(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> Lifecycle? {
        try await service.store.snapshot(of: device.instance, release: nil)?.state.lifecycle
    }

    @Test func attack45_aBoardSwapIsAnActThatRetiresTheFirst() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let (first, second) = (try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-1"))
            #expect(try await importing([try factory.record(of: first)], service).map(\.outcome) == [.imported])
            _ = try await service.anonymous { try await $0.attest(first) }
            // Without the act the serial number stays the first one's.
            #expect(try await importing([try factory.record(of: second)], service).map(\.outcome) == [.refused])
            #expect(try await lifecycle(first, service) == .trusted)

            let swap = try factory.record(of: second, replacing: first.instance)
            #expect(try await importing([swap], service).map(\.outcome) == [.imported])
            let report = try await service.operating(as: .operator) { try await $0.instance(try label("SN-1")) }
            #expect(report.instance == second.instance)
            let ended = try await service.operating(as: .operator) { client in
                try await client.instance(try label(first.instance.text))
            }
            #expect(ended.lifecycle == "retired" && ended.lease == nil)
            #expect(ended.remark?.contains("bob: the TPM does not answer") == true)
            let head = try await service.store.ledgerHead().size
            let entries = try await service.store.ledgerEntries(0..<head).map { try LedgerEntry(parsing: $0.bytes) }
            #expect(entries.suffix(3).map(\.body.type) == ["rework", "lease", "birth"])
            #expect(entries.suffix(3).map { "\($0.actor)" } == ["station:line-1", "station:line-1", "verifier:test"])

            // The first one's own key is good for nothing now; the second one's is.
            let refusal = try await problem { try await service.anonymous { try await $0.attest(first) } }
            #expect([.refused, .notAuthentic].contains(refusal.kind))
            _ = try await service.anonymous { try await $0.attest(second) }
            // Nor is it born again, by itself, as its successor, or under another name.
            for serial in ["SN-1", "SN-7"] {
                let again = try SoftwareKeyDevice(serial: serial, ek: first.ek)
                #expect(try await importing([try factory.record(of: again)], service).map(\.outcome) == [.refused])
                let swap = try factory.record(of: again, replacing: second.instance)
                #expect(try await importing([swap], service).map(\.outcome) == [.refused])
            }
            #expect(try await lifecycle(second, service) == .trusted)
        }
    }

    @Test func bothBoardsInOneBundleInAnyOrder() async throws {
        for order in [[0, 1, 2], [2, 1, 0]] {
            let factory = try TestFactory()
            try await TestVerifier.with(factory: factory) { service in
                let devices = try (0..<3).map { _ in try SoftwareKeyDevice(serial: "SN-1") }
                let records = [
                    try factory.record(of: devices[0]),
                    try factory.record(of: devices[1], replacing: devices[0].instance),
                    try factory.record(of: devices[2], replacing: devices[1].instance),
                ]
                let bundle = try factory.bundle(of: try order.map { try factory.envelope(records[$0]) })
                // A station puts what is replaced before what replaces it; in another order it takes bringing it again.
                for _ in order {
                    _ = try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
                }
                let last = try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
                #expect(last.births.map(\.outcome) == [.known, .known, .known])
                #expect(try await lifecycle(devices[0], service) == .retired)
                #expect(try await lifecycle(devices[1], service) == .retired)
                #expect(try await lifecycle(devices[2], service) == .born)
            }
        }
    }

    /// Retirement is of something known: until the first one's birth has come, the second one waits.
    @Test func whatIsNotOnRecordCannotBeReplaced() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let (first, second) = (try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-1"))
            let swap = try factory.bundle(
                of: [try factory.envelope(try factory.record(of: second, replacing: first.instance))]
            )
            func importing() async throws -> [BirthOutcome] {
                try await service.operating(as: .factory) { try await $0.importBirths(swap) }.births
            }
            let waiting = try await importing()
            #expect(waiting.map(\.outcome) == [.refused])
            #expect(waiting[0].detail?.contains(first.instance.text) == true)
            #expect(try await self.importing([try factory.record(of: first)], service).map(\.outcome) == [.imported])
            #expect(try await importing().map(\.outcome) == [.imported])
            #expect(try await lifecycle(first, service) == .retired)
        }
    }

    /// A station ends only what it bore itself, under that serial number.
    @Test func nobodyElsesInstanceIsRetired() async throws {
        let other = try TestFactory("line-2", authority: factory.authority)
        var both = factory
        both.others = [other.listed]
        try await TestVerifier.with(factory: both) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            #expect(try await importing([try factory.record(of: first)], service).map(\.outcome) == [.imported])
            // Another serial number's.
            let stranger = try factory.record(of: try SoftwareKeyDevice(serial: "SN-2"), replacing: first.instance)
            #expect(try await importing([stranger], service).map(\.outcome) == [.refused])
            // Another station's, which this verifier trusts as well.
            let foreign = try other.record(of: try SoftwareKeyDevice(serial: "SN-1"), replacing: first.instance)
            let bundle = try other.bundle(of: [try other.envelope(foreign)])
            let outcomes = try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births
            #expect(outcomes.map(\.outcome) == [.refused])
            #expect(try await lifecycle(first, service) == .born)
            // Its own births are taken: several stations, each with its own sequence.
            let own = try other.bundle(try SoftwareKeyDevice(serial: "SN-3"))
            let answer = try await service.operating(as: .factory) { try await $0.importBirths(own) }
            #expect(answer.births.map(\.outcome) == [.imported] && answer.station.text == "line-2")
            #expect(answer.bundle == 2 && answer.missing == [])
        }
    }

    /// A list that names another key under an old name has another station there.
    @Test func aNameWithAnotherKeyEndsNothing() async throws {
        let later = try TestFactory(authority: factory.authority)
        try await TestVerifier.with(factory: factory) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: first)
            #expect(try await importing([record], service).map(\.outcome) == [.imported])
            try AtomicFile.write(
                try EditedJSON.encode(try later.birthKeys),
                to: service.directory.file("birth-keys.json")
            )
            service.verifier.reloadTrust()
            let swap = try later.record(of: try SoftwareKeyDevice(serial: "SN-1"), replacing: first.instance)
            let bundle = try later.bundle(
                2,
                of: [try later.envelope(swap)],
                restorations: [try later.envelope(try later.restoration(of: first, record))]
            )
            let answer = try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
            #expect(answer.births.map(\.outcome) == [.refused])
            #expect(answer.restorations.map(\.outcome) == [.refused])
            #expect(try await lifecycle(first, service) == .born)
        }
    }
}
