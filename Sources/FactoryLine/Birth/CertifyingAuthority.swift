import FactoryAuthority
import Messages
import VerifierClient

/// Who certifies a station's devices: the CA in its own process, or one across the network.
protocol CertifyingAuthority: Sendable {
    /// May this TPM be enrolled? A credential, for the one that may.
    func challenge(_ request: EnrolmentRequest) async throws -> EnrolmentChallenge
    /// The certificates, for keys that are shown to be in it.
    func enrol(_ answer: EnrolmentAnswer) async throws -> EnrolmentCertificates
}

/// The CA in the station's own process: for benches, and lines of one station.
struct OwnAuthority: CertifyingAuthority {
    let desk: EnrolmentDesk
    let station: Label

    func challenge(_ request: EnrolmentRequest) async throws -> EnrolmentChallenge {
        try await desk.challenge(request, from: station)
    }

    func enrol(_ answer: EnrolmentAnswer) async throws -> EnrolmentCertificates {
        do {
            return try await desk.enrol(answer, from: station)
        } catch is EnrolmentBusy { throw BirthInterruption.busy }
    }
}

/// The CA across the network; a connection is kept as long as a birth takes.
struct DistantAuthority: CertifyingAuthority {
    let client: EnrolmentClient

    func challenge(_ request: EnrolmentRequest) async throws -> EnrolmentChallenge {
        try await asking { () throws(VerifierClientError) in try await client.challenge(request) }
    }

    func enrol(_ answer: EnrolmentAnswer) async throws -> EnrolmentCertificates {
        try await asking { () throws(VerifierClientError) in try await client.enrol(answer) }
    }

    /// A refusal of the CA is one of the birth; anything else is no verdict.
    private func asking<Answer>(_ body: () async throws(VerifierClientError) -> Answer) async throws -> Answer {
        do throws(VerifierClientError) {
            return try await body()
        } catch {
            if case .problem(let problem) = error, problem.kind == .refused {
                let codes = problem.reasons ?? []
                // The CA keeps challenges in its memory alone: of one that is gone it says nothing about the board.
                guard codes != [BirthReason.challengeUnknownCode] else { throw BirthInterruption.challengeForgotten }
                throw BirthRefusal(.refusedByAuthority(problem.title, codes: codes))
            }
            throw BirthInterruption.authority(error)
        }
    }
}
