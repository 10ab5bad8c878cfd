import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// A station says that a cleared TPM holds its identity again: what the verifier makes of it.
@Suite struct RestorationImportTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    /// TPM2_Clear, and the counters that the station made then.
    private func clear(_ device: SoftwareKeyDevice, floor: UInt64) {
        (device.clock, device.resetCount) = (0, 0)
        let base = max(device.counters.securityFloor, device.counters.grants) + 1
        device.counters = CounterReadings(securityFloor: base + floor, grants: base + 1)
    }

    private func importing(_ bundle: BirthBundle, _ service: TestVerifier) async throws -> BirthsAnswer {
        try await service.operating(as: .factory) { try await $0.importBirths(bundle) }
    }

    private func state(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceState? {
        try await service.store.snapshot(of: device.instance, release: nil)?.state
    }

    @Test func aClearedDeviceIsTrustedAgainAsTheSameInstance() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            let birth = try factory.bundle(of: [try factory.envelope(record)])
            #expect(try await importing(birth, service).births.map(\.outcome) == [.imported])
            let lease = try await service.anonymous { try await $0.attest(device) }.lease
            clear(device, floor: 1)
            let restored = try factory.bundle(
                of: [],
                restorations: [try factory.envelope(try factory.restoration(of: device, record))]
            )
            let answer = try await importing(restored, service)
            #expect(answer.restorations.map(\.outcome) == [.imported] && answer.births == [])
            #expect(try await state(device, service)?.lifecycle == .born)
            #expect(try await state(device, service)?.lease == nil)
            // Twice it changes nothing, and neither does the bundle before it.
            let size = try await service.store.ledgerHead().size
            #expect(try await importing(restored, service).restorations.map(\.outcome) == [.known])
            #expect(try await importing(birth, service).births.map(\.outcome) == [.known])
            #expect(try await service.store.ledgerHead().size == size)
            let renewed = try await service.anonymous { try await $0.attest(device) }.lease
            #expect(renewed.id != lease.id)
            #expect(try await state(device, service)?.lifecycle == .trusted)
            let stored = try await service.store.restoration(1, of: device.instance)
            #expect(try stored?.envelope == CanonicalJSON.encode(restored.restorations?.first))
        }
    }

    /// Noticed before the statement came: the device stays stopped until an operator takes it back.
    @Test func whoWasSuspendedStaysSo() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            _ = try await importing(try factory.bundle(of: [try factory.envelope(record)]), service)
            _ = try await service.anonymous { try await $0.attest(device) }
            clear(device, floor: 1)
            let refusal = try await problem { try await service.anonymous { try await $0.attest(device) } }
            #expect(refusal.kind == .refused)
            #expect(try await state(device, service)?.lifecycle == .suspended)
            let envelope = try factory.envelope(try factory.restoration(of: device, record))
            let answer = try await importing(try factory.bundle(of: [], restorations: [envelope]), service)
            #expect(answer.restorations.map(\.outcome) == [.imported])
            #expect(try await state(device, service)?.lifecycle == .suspended)
            _ = try await service.operating(as: .operator) { client in
                try await client.act(.reinstate, on: device.serial, try remark("looked at"))
            }
            _ = try await service.anonymous { try await $0.attest(device) }
            #expect(try await state(device, service)?.lifecycle == .trusted)
        }
    }

    /// One statement that can be about nothing leaves the others of its bundle alone.
    @Test func whoHasNoTPMIsNotRestored() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let child = try CompensatedDevice(serial: "SN-2", at: factory)
            try await service.importBirth(of: child, by: factory)
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            _ = try await importing(try factory.bundle(of: [try factory.envelope(record)]), service)
            clear(device, floor: 1)
            let sound = try factory.restoration(of: device, record)
            var other = sound
            (other.instance, other.serial) = (child.instance, child.serial)
            other.birth = ContentDigest(of: try CanonicalJSON.encode(child.record))
            let statements = [try factory.envelope(other), try factory.envelope(sound)]
            let answer = try await importing(try factory.bundle(of: [], restorations: statements), service)
            #expect(answer.restorations.map(\.outcome) == [.refused, .imported])
            #expect(answer.restorations.first?.detail?.contains("without a TPM") == true)
        }
    }

    @Test func birthAndRestorationsInOneBundle() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            var statements: [SignedEnvelope] = []
            for number: UInt32 in 1...2 {
                clear(device, floor: 1)
                statements.append(try factory.envelope(try factory.restoration(of: device, record, number: number)))
            }
            let births = [try factory.envelope(record)]
            let backwards = try factory.bundle(of: births, restorations: statements.reversed())
            let refusal = try await problem { try await importing(backwards, service) }
            #expect(refusal.reasons == ["restoration-not-believed"])
            #expect(try await state(device, service) == nil)
            let answer = try await importing(try factory.bundle(of: births, restorations: statements), service)
            #expect(answer.births.map(\.outcome) == [.imported])
            #expect(answer.restorations.map(\.outcome) == [.imported, .imported])
            #expect(try await state(device, service)?.restored?.number == 2)
        }
    }

    /// What is on record stands against single statements, with what to do next.
    @Test func whatContradictsTheRecordIsRefused() async throws {
        let other = try TestFactory("line-2", authority: factory.authority)
        var both = factory
        both.others = [other.listed]
        try await TestVerifier.with(factory: both) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            clear(device, floor: 1)
            let honest = try factory.restoration(of: device, record)
            func refused(_ restoration: Restoration, by factory: TestFactory) async throws -> String? {
                let bundle = try factory.bundle(of: [], restorations: [try factory.envelope(restoration)])
                let outcome = try #require(try await importing(bundle, service).restorations.first)
                #expect(outcome.outcome == .refused, "\(restoration)")
                return outcome.detail
            }
            #expect(try await refused(honest, by: factory)?.contains("not on record") == true)
            _ = try await importing(try factory.bundle(of: [try factory.envelope(record)]), service)
            let before = try await state(device, service)
            // A trusted station speaks of what another bore.
            var foreign = honest
            foreign.station = other.name
            #expect(try await refused(foreign, by: other)?.contains("line-1") == true)
            var low = honest
            low.securityFloor = 0
            #expect(try await refused(low, by: factory)?.contains("--security-floor 1") == true)
            var otherBirth = honest
            otherBirth.birth = ContentDigest(of: [1])
            _ = try await refused(otherBirth, by: factory)
            var renamed = honest
            renamed.serial = try label("SN-2")
            _ = try await refused(renamed, by: factory)
            var back = honest
            back.counters.grants.base = 5
            #expect(try await refused(back, by: factory)?.contains("below values") == true)
            #expect(try await state(device, service) == before)
            // And the honest one, at last; another of its number never.
            let bundle = try factory.bundle(of: [], restorations: [try factory.envelope(honest)])
            #expect(try await importing(bundle, service).restorations.map(\.outcome) == [.imported])
            var second = honest
            second.restoredAt += 1
            #expect(try await refused(second, by: factory)?.contains("another restoration 1") == true)
        }
    }

    /// What the station did not sign, or signed as something else, keeps the whole bundle out.
    @Test func statementsThatAreNotTheStations() async throws {
        let stranger = try TestFactory("line-1", authority: factory.authority)
        try await TestVerifier.with(factory: factory) { service in
            let device = try SoftwareKeyDevice(serial: "SN-1")
            let record = try factory.record(of: device)
            let restoration = try factory.restoration(of: device, record)
            var elsewhere = restoration
            elsewhere.station = try label("line-9")
            var early = restoration
            early.restoredAt = TestFactory.from - 1
            let births = [try factory.envelope(record)]
            for (envelope, reason) in [
                (try stranger.envelope(restoration), BundleReason.restorationNotBelieved),
                (try factory.envelope(elsewhere), .stationDiffers),
                (try factory.envelope(early), .restorationNotBelieved),
                (try factory.envelope(try factory.record(of: device)), .restorationNotBelieved),
            ] {
                let bundle = try factory.bundle(of: births, restorations: [envelope])
                let refusal = try await problem { try await importing(bundle, service) }
                #expect(refusal.reasons == [reason.rawValue])
            }
            // Added, taken away or exchanged after the station signed.
            let honest = try factory.bundle(of: births, restorations: [try factory.envelope(restoration)])
            var without = honest
            without.restorations = nil
            var with = try factory.bundle(of: births)
            with.restorations = honest.restorations
            for changed in [without, with] {
                let refusal = try await problem { try await importing(changed, service) }
                #expect(refusal.reasons == [BundleReason.birthsDiffer.rawValue])
            }
            #expect(try await state(device, service) == nil)
        }
    }
}
