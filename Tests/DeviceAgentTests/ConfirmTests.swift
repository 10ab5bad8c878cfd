import DeviceAgent
import Messages
import Testing

@Suite struct ConfirmTests {
    @Test func beforeTheRebootThereIsNothingToConfirm() async throws {
        try await Bench.with { bench in
            #expect(try await refusal { _ = try await bench.confirm() }.reasons == ["nothing-to-confirm"])
            try await bench.update()
            let asked = await bench.verifier.asked
            #expect(try await refusal { _ = try await bench.confirm() }.reasons == ["not-rebooted"])
            // That much the device knows by itself.
            #expect(await bench.verifier.asked == asked)
        }
    }

    @Test func anUpdateThatIsInstalledIsNotInstalledAgain() async throws {
        try await Bench.with { bench in
            let first = try await bench.update()
            let second = try await bench.update()
            #expect(second.grant == first.grant)
            #expect(second.resumed)
            #expect(bench.installs == 1)
            #expect(try await bench.grantsSpent == 1)
        }
    }

    @Test func anotherUpdateWaitsForTheBootOfTheFirst() async throws {
        try await Bench.with { bench in
            try await bench.update()
            var payload = bench.payload
            payload.version = label("2.4.1")
            var order = bench.order()
            order.release = try await bench.verifier.release(payload)
            let error = try await refusal { _ = try await bench.agent().update(order, bench.lock()) { _, _ in } }
            #expect(error.reasons == ["not-rebooted"])
            #expect(error.hint?.contains("confirm") == true)
        }
    }

    @Test func aBootThatFellBackCanStillBeMadeGood() async throws {
        try await Bench.with { bench in
            try await bench.update()
            try await bench.boot(TestDevice.bornRunning)
            let error = try await refusal { _ = try await bench.confirm() }
            #expect(error.reasons.contains("boot-not-as-granted"))
            #expect(try bench.journal.update?.isConfirmable == true)
            try await bench.boot(Bench.grownTo)
            try await bench.confirm()
            #expect(bench.installs == 1)
        }
    }

    @Test func aTamperedBootEndsTheLease() async throws {
        try await Bench.with { bench in
            try await bench.attest()
            #expect(try bench.journal.lease != nil)
            try await bench.boot("sensor-os-1.7.0")
            let error = try await refusal { _ = try await bench.attest() }
            #expect(error.kind == .refused)
            #expect(error.reasons.contains("evidence-refused"))
            #expect(try bench.journal.lease == nil)
            let next = try await refusal { _ = try await bench.update() }
            #expect(next.reasons == ["suspended"], "\(next)")
            #expect(bench.installs == 0)
        }
    }

    @Test func aSecurityVersionFarAwayIsRefusedBeforeAnythingIsAsked() async throws {
        try await Bench.with(securityVersion: 20_261_123) { bench in
            let error = try await refusal { _ = try await bench.update() }
            #expect(error.reasons == ["floor-step"])
            #expect(await bench.verifier.asked == 0)
        }
    }
}
