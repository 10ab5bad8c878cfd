import DurableFiles
import FoundationEssentials
import Messages
import Testing
import VerifierClient

@testable import HTTPService
@testable import VerifierService

/// A factory's keys follow one another in the verifier's lists; what was born under one that is gone lives on.
@Suite(.timeLimit(.minutes(20))) struct FactoryRotationTests {
    let old: TestFactory

    init() throws { old = try TestFactory() }

    private func trust(_ service: TestVerifier, _ factories: [TestFactory]) throws {
        let stations = try StationKeys(factories.map(\.listed))
        try AtomicFile.write(try EditedJSON.encode(stations), to: service.directory.file("birth-keys.json"))
        // Stations of one factory have one CA.
        var roots: [[UInt8]] = []
        for pem in try factories.map({ try $0.rootsPEM }) where !roots.contains(pem) { roots.append(pem) }
        try AtomicFile.write(roots.flatMap { $0 }, to: service.directory.file("factory-roots.pem"))
        service.verifier.reloadTrust()
    }

    private func refusal(of bundle: BirthBundle, _ service: TestVerifier) async throws -> [String]? {
        try await problem { try await service.operating(as: .factory) { try await $0.importBirths(bundle) } }.reasons
    }

    /// The old station's last bundle travels while the new one works already.
    @Test func aStationFollowsAnother() async throws {
        let new = try TestFactory("line-2", authority: old.authority)
        try await TestVerifier.with(factory: old) { service in
            let (first, second, last) = (
                try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"),
                try SoftwareKeyDevice(serial: "SN-3")
            )
            let travelling = try old.bundle(first)
            try trust(service, [old, new])
            try await service.importBirth(of: second, by: new)
            let answer = try await service.operating(as: .factory) { try await $0.importBirths(travelling) }
            #expect(answer.births.map(\.outcome) == [.imported])
            try trust(service, [new])
            #expect(try await refusal(of: old.bundle(last), service) == [BundleReason.stationUnknown.rawValue])
            try await service.anonymous { client in
                for device in [first, second] { _ = try await client.attest(device) }
            }
        }
    }

    /// Devices of the old CA were off line through all of it.
    @Test func aFactorysCAFollowsAnother() async throws {
        let new = try TestFactory("line-2")
        try await TestVerifier.with(factory: old) { service in
            let (first, second, last) = (
                try SoftwareKeyDevice(serial: "SN-1"), try SoftwareKeyDevice(serial: "SN-2"),
                try SoftwareKeyDevice(serial: "SN-3")
            )
            try await service.importBirth(of: first, by: old)
            try trust(service, [old, new])
            try await service.importBirth(of: second, by: new)
            try await service.importBirth(of: last, by: old)
            try trust(service, [new])
            try await service.anonymous { client in
                for device in [first, second, last] { _ = try await client.attest(device) }
            }
            let stranger = try SoftwareKeyDevice(serial: "SN-4")
            #expect(try await refusal(of: old.bundle(stranger), service) == [BundleReason.stationUnknown.rawValue])
        }
    }
}
