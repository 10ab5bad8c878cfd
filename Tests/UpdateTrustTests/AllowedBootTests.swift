import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

@Suite struct AllowedBootTests {
    private func suspended(into boot: String) throws -> World {
        var world = try World()
        try world.ask(.attest)
        try world.device.reboot(into: boot)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended)
        return world
    }

    private func addition(_ world: World, _ pcrs: [Int]) throws -> BootAddition {
        let quote = try #require(world.state.refused).quote
        return try #require(BootAddition(quote: quote, pcrs: pcrs, reason: "ticket 7"))
    }

    private func apply(_ addition: BootAddition, to world: inout World) throws -> BootAllowance.Outcome {
        let outcome = try BootAllowance(addition, by: Sample.label("alice")).apply(to: world.state, at: world.now)
        if case .applied(let transition) = outcome {
            world.state = transition.state
            try world.log.append(transition.entries)
        }
        return outcome
    }

    @Test func everyMovedPCRMustBeNamed() throws {
        var world = try suspended(into: "other")
        let expected = try #require(world.state.running.boot).exact
        let moved = expected.differing(from: world.device.pcrs)
        try #require(moved.count >= 2)
        _ = try apply(try addition(world, [moved[0]]), to: &world)
        #expect(world.state.lifecycle == .suspended)
        let now = try #require(world.state.expectations(for: .attest).first).profile.exact
        #expect(now.differing(from: world.device.pcrs) == Array(moved.dropFirst()))
        try world.act(.reinstate)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended)
        _ = try apply(try addition(world, Array(moved.dropFirst())), to: &world)
        try world.act(.reinstate)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
        #expect(world.state.refused == nil)
        // What the record says of the release stays what its makers said.
        #expect(world.state.running.boot?.exact == expected)
    }

    @Test func valueThatMovesOnIsNotGoodAnyMore() throws {
        var world = try suspended(into: "first")
        let all = try #require(world.state.running.boot).exact.pcrs
        _ = try apply(try addition(world, all), to: &world)
        let first = try #require(world.state.expectations(for: .attest).first).profile.exact
        try world.act(.reinstate)
        try world.ask(.attest)
        try world.device.reboot(into: "second")
        try world.ask(.attest)
        _ = try apply(try addition(world, all), to: &world)
        let second = try #require(world.state.expectations(for: .attest).first).profile.exact
        #expect(second.differing(from: world.device.pcrs).isEmpty)
        #expect(second != first)
        try world.act(.reinstate)
        try world.ask(.attest)
        #expect(world.state.lifecycle == .trusted)
        try world.device.reboot(into: "first")
        try world.ask(.attest)
        #expect(world.state.lifecycle == .suspended)
    }

    @Test func nothingIsAllowedThatNobodySaw() throws {
        var healthy = try World()
        try healthy.ask(.attest)
        let any = try #require(BootAddition(quote: Sample.digest("q"), pcrs: [0], reason: "why"))
        guard case .refused = try apply(any, to: &healthy) else {
            Issue.record("allowed for a healthy instance")
            return
        }
        var world = try suspended(into: "other")
        guard case .refused = try apply(any, to: &world) else {
            Issue.record("allowed on other evidence")
            return
        }
        guard case .refused = try apply(try addition(world, [23]), to: &world) else {
            Issue.record("allowed for a PCR that was not quoted")
            return
        }
        #expect(world.state.allowed == nil)
    }

    @Test func stateOfBeforeIsStillRead() throws {
        let world = try World()
        let bytes = try CanonicalJSON.encode(world.state)
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains("allowed") && !text.contains("refused") && !text.contains("acceptedLog"))
        #expect(try InstanceState(parsing: bytes) == world.state)
    }

    @Test func additionsAreHeldToTheirForm() {
        let quote = Sample.digest("q")
        #expect(BootAddition(quote: quote, pcrs: [], reason: "why") == nil)
        #expect(BootAddition(quote: quote, pcrs: [24], reason: "why") == nil)
        #expect(BootAddition(quote: quote, pcrs: [1, 1], reason: "why") == nil)
        #expect(BootAddition(quote: quote, pcrs: [1], reason: "") == nil)
        let unsorted = #"{"pcrs":[2,1],"quote":"\#(quote)","reason":"why"}"#
        #expect(throws: MessageError.self) { try BootAddition(parsing: Array(unsorted.utf8)) }
    }
}
