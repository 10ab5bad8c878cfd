import Messages
import VerifierClient

@testable import VerifierService

/// What an agent does, step by step.
extension VerifierClient {
    func challenge(
        _ device: SoftwareKeyDevice,
        _ purpose: Purpose,
        package: PackageReference? = nil
    ) async throws -> ChallengeAnswer {
        try await challenge(
            ChallengeRequest(instance: device.instance, purpose: purpose, package: package?.sha256)
        )
    }

    func attest(_ device: SoftwareKeyDevice) async throws -> DecisionAnswer {
        let challenge = try await challenge(device, .attest)
        return try await decide(
            try device.evidence(for: device.request(.attest, challenge: challenge.challenge))
        )
    }

    func update(_ device: SoftwareKeyDevice, to package: PackageReference) async throws -> DecisionAnswer {
        let challenge = try await challenge(device, .update, package: package)
        return try await decide(
            try device.evidence(
                for: device.request(.update, challenge: challenge.challenge, package: package)
            )
        )
    }

    func confirm(_ device: SoftwareKeyDevice, grant: String) async throws -> DecisionAnswer {
        let challenge = try await challenge(device, .confirm)
        return try await decide(
            try device.evidence(
                for: device.request(.confirm, challenge: challenge.challenge, grant: grant)
            )
        )
    }

    func takeLeave(_ device: SoftwareKeyDevice) async throws -> FarewellAnswer {
        let challenge = try await challenge(device, .farewell)
        return try await takeLeave(
            try device.evidence(for: device.request(.farewell, challenge: challenge.challenge))
        )
    }
}

/// The problem that an exchange ends in; the test ends when it ends otherwise.
func problem(_ body: () async throws -> some Any) async throws -> Problem {
    do {
        let answer = try await body()
        throw UnexpectedAnswer(text: "accepted: \(answer)")
    } catch VerifierClientError.problem(let problem) {
        return problem
    }
}
