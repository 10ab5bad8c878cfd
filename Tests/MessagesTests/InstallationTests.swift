import Crypto
import Testing

@testable import Messages

/// The proof of an installation key: good for one challenge of one instance.
@Suite struct InstallationTests {
    private let key = P256.Signing.PrivateKey()
    private let instance = InstanceID(iakName: [1])

    private func proof() throws -> InstallationProof {
        try InstallationProof(by: key, for: instance, challenge: "c")
    }

    @Test func aProofAnswersOneChallengeOfOneInstance() throws {
        let proof = try proof()
        #expect(proof.isValid(for: instance, challenge: "c"))
        #expect(!proof.isValid(for: instance, challenge: "d"))
        #expect(!proof.isValid(for: instance, challenge: ""))
        #expect(!proof.isValid(for: InstanceID(iakName: [2]), challenge: "c"))
    }

    @Test func everyChangedByteIsNoticed() throws {
        let proof = try proof()
        for index in 0..<InstallationProof.partSize {
            var spoiled = proof
            spoiled.key.bytes[index] ^= 1
            #expect(!spoiled.isValid(for: instance, challenge: "c"))
            spoiled = proof
            spoiled.signature.bytes[index] ^= 1
            #expect(!spoiled.isValid(for: instance, challenge: "c"))
        }
    }

    @Test func anotherKeyDoesNotProveThisOne() throws {
        var stolen = try InstallationProof(by: P256.Signing.PrivateKey(), for: instance, challenge: "c")
        let own = stolen.thumbprint
        stolen.key = try proof().key
        #expect(!stolen.isValid(for: instance, challenge: "c"))
        #expect(try stolen.thumbprint == proof().thumbprint && stolen.thumbprint != own)
    }

    @Test(arguments: [0, 63, 65, 1000]) func partsOfOtherSizesAreNoRequest(size: Int) throws {
        let honest = DecisionRequest(
            instance: instance,
            purpose: .attest,
            challenge: "c",
            installation: try proof()
        )
        #expect(try DecisionRequest(parsing: honest.bytes) == honest)
        var request = honest
        request.installation.key = Blob([UInt8](repeating: 1, count: size))
        #expect(throws: MessageError.self) { try DecisionRequest(parsing: request.bytes) }
        request = honest
        request.installation.signature = Blob([UInt8](repeating: 1, count: size))
        #expect(throws: MessageError.self) { try DecisionRequest(parsing: request.bytes) }
    }
}
