import Messages
import Testing

@testable import UpdateTrust

/// Releases that want another one to run before them.
@Suite struct RequiredReleaseTests {
    private func requiring(_ required: [RequiredRelease], _ version: String = "2.0.0") throws -> KnownRelease {
        try Sample.known(Sample.release(version, securityVersion: 6) { $0.requires = required })
    }

    @Test func theIntermediateReleaseComesFirst() throws {
        var world = try World()
        let step = try Sample.known(Sample.release("1.1.0", securityVersion: 4))
        let target = try requiring([.manifest(step.manifest)])
        let refused = try world.ask(.update, package: target)
        #expect(refused.reasonCodes == ["required-release-not-running"])
        #expect(refused.explanation.contains("required-release-not-running: \(step.manifest) has to run first"))
        #expect(world.state.lease != nil, "the evidence was good")

        let delivered = try world.granted(step.release)
        // A grant is not a boot.
        #expect(try world.ask(.update, package: target).reasonCodes.contains("required-release-not-running"))
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(try world.ask(.update, package: target).reasonCodes == [])
    }

    @Test func whatItWasBornWithHasAVersionOnly() throws {
        var world = try World()
        #expect(
            try world.ask(.update, package: try requiring([.version(Sample.label("0.9.0"))])).reasonCodes
                == ["required-release-not-running"]
        )
        let either = try requiring([.version(Sample.label("0.9.0")), .version(Sample.label("1.0.0"))])
        #expect(try world.ask(.update, package: either).reasonCodes == [])
        // A version is of the same package.
        var other = either
        other.release.name = Sample.label("bootloader")
        #expect(try world.ask(.update, package: other).reasonCodes == ["required-release-not-running"])
    }

    @Test func theReleaseOnRecordNeedsNothingBeforeIt() throws {
        var world = try World()
        let target = try requiring([.version(Sample.label("1.0.0"))])
        let delivered = try world.granted(target.release)
        try world.install(delivered)
        try world.ask(.confirm, grant: delivered.claims.jti)
        #expect(try world.ask(.update, package: target).reasonCodes == [])
    }

    @Test func whatItRequiresIsSigned() throws {
        let release = try Sample.release("2.0.0", securityVersion: 6) {
            $0.requires = [.version(Sample.label("1.1.0")), .manifest(Sample.digest("a"))]
        }
        let bytes = try CanonicalJSON.encode(release)
        #expect(try Release(parsing: bytes) == release)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""requires":["1.1.0","\#(Sample.digest("a"))"]"#))
        for wrong in [[], [RequiredRelease](repeating: .version(Sample.label("1")), count: 65)] {
            var release = release
            release.requires = wrong
            let bytes = try CanonicalJSON.encode(release)
            #expect(throws: MessageError.self) { try Release(parsing: bytes) }
        }
        #expect(RequiredRelease("a b") == nil)
        #expect(RequiredRelease("") == nil)
    }
}
