import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// A TPM whose instance was retired is born again, over the wire.
@Suite struct SuccessionTests {
    let factory: TestFactory

    init() throws { factory = try TestFactory() }

    private func importing(_ record: BirthRecord, _ service: TestVerifier) async throws -> BirthOutcome {
        let bundle = try factory.bundle(of: [try factory.envelope(record)])
        return try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births[0]
    }

    private func report(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(try label(device.instance.text)) }
    }

    @Test func onlyTheFactorysActGivesARetiredTPMAnotherLife() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let first = try SoftwareKeyDevice(serial: "SN-1")
            let second = try SoftwareKeyDevice(serial: "SN-2", ek: first.ek)
            #expect(try await importing(try factory.record(of: first), service).outcome == .imported)
            _ = try await service.anonymous { try await $0.attest(first) }
            let act = try factory.record(of: second, following: first.instance)
            let early = try await importing(act, service)
            #expect(early.outcome == .refused && early.detail?.contains("birthmark device retire") == true)
            _ = try await service.anonymous { try await $0.attest(first) }

            _ = try await service.operating(as: .operator) { client in
                try await client.act(.retire, on: first.serial, try remark("sold"))
            }
            let silent = try await importing(try factory.record(of: second), service)
            #expect(silent.outcome == .refused && silent.detail?.contains("--follows") == true)
            #expect(try await importing(act, service).outcome == .imported)
            #expect(try await importing(act, service).outcome == .known)

            _ = try await service.anonymous { try await $0.attest(second) }
            let refusal = try await problem { try await service.anonymous { try await $0.attest(first) } }
            #expect(refusal.reasons == ["retired"])
            let (old, new) = (try await report(first, service), try await report(second, service))
            #expect(old.lifecycle == "retired" && old.followedBy == second.instance && old.follows == nil)
            #expect(new.lifecycle == "trusted" && new.follows == first.instance && new.followedBy == nil)
            #expect(old.remark == "retired by operator: sold")
        }
    }

    @Test func theNamedLifeIsTheTPMsLast() async throws {
        try await TestVerifier.with(factory: factory) { service in
            let devices = [try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-9")]
            for device in devices {
                #expect(try await importing(try factory.record(of: device), service).outcome == .imported)
                _ = try await service.operating(as: .operator) { client in
                    try await client.act(.retire, on: device.serial, try remark("sold"))
                }
            }
            func next(_ serial: String, following instance: InstanceID) async throws -> BirthOutcome {
                let device = try SoftwareKeyDevice(serial: serial, ek: devices[0].ek)
                return try await importing(try factory.record(of: device, following: instance), service)
            }
            // Another TPM's life, one that nobody knows, and one that is followed already.
            #expect(try await next("SN-2", following: devices[1].instance).outcome == .refused)
            let unknown = try await next("SN-2", following: InstanceID(iakName: [1]))
            #expect(unknown.outcome == .refused && unknown.detail?.contains("not on record") == true)
            #expect(try await next("SN-2", following: devices[0].instance).outcome == .imported)
            let twice = try await next("SN-3", following: devices[0].instance)
            #expect(twice.outcome == .refused && twice.detail?.contains("follows already") == true)
            #expect(try await report(devices[1], service).followedBy == nil)
        }
    }

    @Test func aRecordFollowsAnotherThanItselfAndThanWhatItReplaces() throws {
        let device = try SoftwareKeyDevice(serial: "SN-2")
        var record = try factory.record(of: device, following: InstanceID(iakName: [9]))
        #expect(try BirthRecord(parsing: CanonicalJSON.encode(record)) == record)
        record.replaces = record.follows
        #expect(throws: MessageError.self) { try BirthRecord(parsing: CanonicalJSON.encode(record)) }
        record.replaces?.instance = InstanceID(iakName: [10])
        #expect(try BirthRecord(parsing: CanonicalJSON.encode(record)) == record)
        record.follows?.instance = record.instance
        #expect(throws: MessageError.self) { try BirthRecord(parsing: CanonicalJSON.encode(record)) }
    }
}
