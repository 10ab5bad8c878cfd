import AttestationResults
import Messages
import Testing

@testable import UpdateTrust

/// A request as it is on the stick.
struct CarriedRequest {
    var input: DecisionInput
    var bytes: [UInt8]
}

extension World {
    /// What the device takes along when it asks for a release.
    mutating func carried(
        _ known: KnownRelease,
        _ freshness: CarriedFreshness = .epoch(from: Sample.now - 100)
    ) throws -> CarriedRequest {
        var input = try input(.delayed, package: known)
        input.carried = freshness
        return CarriedRequest(input: input, bytes: asked)
    }

    /// Brings a request to the verifier as it now is.
    mutating func bring(_ carried: CarriedRequest) throws -> Decision {
        var input = carried.input
        (input.state, input.now, input.policy) = (state, now, policy)
        return try settle(decide(input))
    }

    /// What the device writes down of a boot that it was granted: its clock is held to the grant's quote, never to what was seen last.
    mutating func receipt(_ jti: String) throws -> DecisionInput {
        device.clock += 1000
        let bytes = try DecisionRequest(
            instance: record.instance,
            purpose: .confirm,
            challenge: jti,
            installation: InstallationProof(by: device.installation, for: record.instance, challenge: jti),
            grant: jti,
            counters: device.counters
        ).bytes
        var input = try input(.confirm, grant: jti)
        input.request = try ReceivedRequest(parsing: bytes)
        input.quote = quote(bytes)
        input.carried = .grant
        let clock = ClockReading(clock: device.clock, resetCount: device.resetCount, restartCount: 0, safe: true)
        input.verdict = .accepted(
            attested(
                request: bytes,
                boot: .granted,
                movement: .rebooted(1),
                observation: Observation(clock: clock, firmwareVersion: 1, pcrs: device.pcrs)
            )
        )
        return input
    }

    /// Brings a receipt.
    mutating func take(_ receipt: DecisionInput) throws -> ReceiptDecision {
        var receipt = receipt
        (receipt.state, receipt.now) = (state, now)
        let decision = receive(receipt)
        if case .taken(let transition, _) = decision {
            #expect(transition.state.version == state.version + 1)
            state = transition.state
            try log.append(transition.entries)
        }
        return decision
    }
}
