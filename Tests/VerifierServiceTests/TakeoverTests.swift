import Messages
import Testing
import UpdateTrust
import VerifierClient
import VerifierStore

@testable import VerifierService

/// A device changes hands, over the wire: the seller's verifier gives nothing away, and the buyer's believes its own stations.
@Suite struct TakeoverTests {
    let seller: TestFactory
    let buyer: TestFactory

    init() throws {
        seller = try TestFactory()
        buyer = try TestFactory("buyer-1")
    }

    private func importing(
        _ record: BirthRecord,
        of factory: TestFactory,
        _ service: TestVerifier
    ) async throws -> BirthOutcome {
        let bundle = try factory.bundle(of: [try factory.envelope(record)])
        return try await service.operating(as: .factory) { try await $0.importBirths(bundle) }.births[0]
    }

    private func report(_ device: SoftwareKeyDevice, _ service: TestVerifier) async throws -> InstanceReport {
        try await service.operating(as: .auditor) { try await $0.instance(try label(device.instance.text)) }
    }

    @Test func theSameInstanceLivesAtAnotherVerifier() async throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        try await TestVerifier.with(factory: seller) { sellers in
            try await TestVerifier.with(factory: buyer) { buyers in
                #expect(try await importing(seller.record(of: device), of: seller, sellers).outcome == .imported)
                _ = try await sellers.anonymous { try await $0.attest(device) }
                _ = try await sellers.operating(as: .operator) { client in
                    try await client.act(.retire, on: device.serial, try remark("sold"))
                }
                let bought = try buyer.record(takingOver: device)
                #expect(try await importing(bought, of: buyer, buyers).outcome == .imported)
                #expect(try await importing(bought, of: buyer, buyers).outcome == .known)
                _ = try await buyers.anonymous { try await $0.attest(device) }
                let told = try await report(device, buyers)
                #expect(told.lifecycle == "trusted" && told.takesOver == bought.takesOver)

                let refusal = try await problem { try await sellers.anonymous { try await $0.attest(device) } }
                #expect(refusal.reasons == ["retired"])
                let old = try await report(device, sellers)
                #expect(old.lifecycle == "retired" && old.takesOver == nil && old.reappeared?.times == 1)
            }
        }
    }

    /// Retired is final: the same keys cannot be two instances of one owner, nor one instance twice.
    @Test(arguments: [false, true]) func oneVerifierHasOneOwner(isRetired: Bool) async throws {
        let device = try SoftwareKeyDevice(serial: "SN-1")
        var both = seller
        let other = try TestFactory("buyer-1", authority: seller.authority)
        both.others = [other.listed]
        try await TestVerifier.with(factory: both) { service in
            #expect(try await importing(seller.record(of: device), of: both, service).outcome == .imported)
            if isRetired {
                _ = try await service.operating(as: .operator) { client in
                    try await client.act(.retire, on: device.serial, try remark("sold"))
                }
            }
            let before = try await report(device, service)
            let refused = try await importing(other.record(takingOver: device), of: other, service)
            #expect(refused.outcome == .refused && refused.detail?.contains("--follows") == true, "\(refused)")
            #expect(try await report(device, service) == before)
        }
    }

    @Test func aRecordTakesOverItsOwnInstance() throws {
        let device = try SoftwareKeyDevice(serial: "SN-2")
        let good = try buyer.record(takingOver: device)
        #expect(try BirthRecord(parsing: CanonicalJSON.encode(good)) == good)
        func spoil(_ change: (inout BirthRecord) throws -> Void) throws {
            var record = good
            try change(&record)
            #expect(throws: MessageError.self) { try BirthRecord(parsing: CanonicalJSON.encode(record)) }
        }
        try spoil { $0.takesOver?.instance = InstanceID(iakName: [9]) }
        try spoil { $0.takesOver?.follows = $0.instance }
        try spoil {
            $0.follows = Replacement(
                instance: InstanceID(iakName: [9]),
                reason: try Remark("x").found(),
                by: try label("bob")
            )
        }
        var second = good
        second.takesOver?.follows = InstanceID(iakName: [9])
        #expect(try BirthRecord(parsing: CanonicalJSON.encode(second)).formerLife == InstanceID(iakName: [9]))
    }
}
