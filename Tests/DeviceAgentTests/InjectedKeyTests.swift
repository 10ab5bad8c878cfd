import Crypto
import FoundationEssentials
import Glibc
import Messages
import Testing

@testable import DeviceAgent

/// A first key that a station has made, taken over by the device it is for.
@Suite struct InjectedKeyTests {
    struct Delivery: Sendable {
        let directory: String
        let state: StateDirectory
        let source: String
        let key = P256.Signing.PrivateKey()

        var cid: String { directory + "/cid" }
        var sources: [ClaimSource] { [ClaimSource(name: label("mmc-cid"), path: cid)] }
        var instance: InstanceID { InstanceID(firstKey: SoftwareKey(of: key)) }

        func write(key: P256.Signing.PrivateKey? = nil) throws {
            let claims = try #require(HardwareClaims([label("mmc-cid"): label("1501")]))
            let identity = InjectedIdentity(
                serial: label("S-1"),
                key: key ?? self.key,
                claims: claims,
                bornWith: BornWith(name: label("os"), version: label("1.0"), securityVersion: 3)
            )
            try DeviceAgentTests.write(CanonicalJSON.encode(identity), to: source)
        }

        func takeOver(_ sources: [ClaimSource]? = nil, _ sealing: Sealing? = nil) async throws -> TakenOverKey {
            try await state.takeOver(source, sources ?? self.sources, sealedBy: sealing, try state.lock())
        }
    }

    private func with(_ body: (Delivery) async throws -> Void) async throws {
        try await withDirectory { directory in
            let state = try StateDirectory(directory + "/agent")
            let delivery = Delivery(directory: directory, state: state, source: directory + "/S-1.identity.json")
            try write(Array("1501\n".utf8), to: delivery.cid)
            try delivery.write()
            try await body(delivery)
        }
    }

    @Test func itIsTakenOverAndItsFileGoes() async throws {
        try await with { delivery in
            let taken = try await delivery.takeOver()
            #expect(taken == TakenOverKey(instance: delivery.instance, serial: label("S-1"), isSourceGone: true))
            #expect(!exists(delivery.source))
            let identity = try #require(try await delivery.state.keptIdentity()).identity
            #expect(identity.isAtFirstKey && identity.bornWith?.securityVersion == 3)
            // The key that the first contact commits was made here.
            let keys = try identity.keys
            #expect(SoftwareKey(of: keys.key) == SoftwareKey(of: delivery.key))
            #expect(SoftwareKey(of: keys.next) != SoftwareKey(of: delivery.key))
            let status = try await AgentStatus.ofCompensated(delivery.state, trust: nil, wallClock: now)
            #expect(status.tier == .compensated && status.serial == label("S-1") && status.securityFloor == 3)
            #expect(status.identity?.isAtFirstKey == true && status.identity?.trouble == nil)
        }
    }

    /// A run that was killed before it removed the file, and one that was killed right after.
    @Test func doneAgainItIsTheSame() async throws {
        try await with { delivery in
            _ = try await delivery.takeOver()
            let before = try contents(of: delivery.state.path + "/identity.json")
            for left in ["whole", "overwritten", "gone"] {
                if left == "whole" { try delivery.write() }
                if left == "overwritten" { try write([UInt8](repeating: 0, count: 300), to: delivery.source) }
                let again = try await delivery.takeOver()
                #expect(again.instance == delivery.instance && again.isSourceGone && again.serial == label("S-1"))
                #expect(!exists(delivery.source))
                #expect(try contents(of: delivery.state.path + "/identity.json") == before)
            }
        }
    }

    @Test func whatCannotBeRemovedIsSaid() async throws {
        try await with { delivery in
            // Through a link nothing is overwritten.
            let real = delivery.directory + "/real"
            #expect(unsafe rename(delivery.source, real) == 0)
            #expect(unsafe symlink(real, delivery.source) == 0)
            let taken = try await delivery.takeOver()
            #expect(!taken.isSourceGone && exists(real))
        }
    }

    @Test func itGoesToItsOwnHardwareAlone() async throws {
        try await with { delivery in
            try write(Array("other\n".utf8), to: delivery.cid)
            let differs = try await refusal { _ = try await delivery.takeOver() }
            #expect(differs.kind == .refused && differs.reasons == ["claims-differ"])
            #expect(differs.message.contains("mmc-cid is other, and the station was told 1501"))
            let silent = try await refusal { _ = try await delivery.takeOver([]) }
            #expect(silent.reasons == ["claims-differ"] && silent.message.contains("not said"))
            #expect(!delivery.state.isCompensated && exists(delivery.source))
        }
    }

    @Test func aDeviceThatIsOneAlreadyBecomesNoOther() async throws {
        try await with { delivery in
            _ = try await delivery.takeOver()
            try delivery.write(key: P256.Signing.PrivateKey())
            let refused = try await refusal { _ = try await delivery.takeOver() }
            #expect(refused.reasons == ["other-instance"] && exists(delivery.source))
            #expect(try await delivery.state.keptIdentity()?.identity.instance == delivery.instance)
        }
    }

    @Test func itCanBeSealedAtOnce() async throws {
        try await with { delivery in
            let key = delivery.directory + "/platform.key"
            try write(Array("a secret".utf8), to: key)
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(key)"
            _ = try await delivery.takeOver(nil, Sealing(seal: cipher, unseal: cipher + " -d"))
            #expect(delivery.state.isSealed && !exists(delivery.state.path + "/identity.json"))
            #expect(try await delivery.state.keptIdentity()?.identity.instance == delivery.instance)
        }
    }

    @Test func doneAgainItCanBeSealed() async throws {
        try await with { delivery in
            let key = delivery.directory + "/platform.key"
            try write(Array("a secret".utf8), to: key)
            let cipher = "openssl enc -aes-256-cbc -pbkdf2 -pass file:\(key)"
            _ = try await delivery.takeOver()
            _ = try await delivery.takeOver(nil, Sealing(seal: cipher, unseal: cipher + " -d"))
            #expect(delivery.state.isSealed && !exists(delivery.state.path + "/identity.json"))
            #expect(try await delivery.state.keptIdentity()?.identity.instance == delivery.instance)
        }
    }

    @Test(arguments: ["", "{}", "not json", "\0\0\0"])
    func whatIsNoIdentityIsMalformed(_ text: String) async throws {
        try await with { delivery in
            try write(Array(text.utf8), to: delivery.source)
            let error = try await refusal { _ = try await delivery.takeOver() }
            #expect(error.kind == .malformed && !delivery.state.isCompensated && exists(delivery.source))
        }
    }

    @Test func aFileThatIsNotThereMakesNoIdentity() async throws {
        try await with { delivery in
            try FileManager.default.removeItem(atPath: delivery.source)
            #expect(try await refusal { _ = try await delivery.takeOver() }.kind == .malformed)
            #expect(!delivery.state.isCompensated)
        }
    }
}
