import Crypto
import Testing

@testable import Ledger

/// One key of a log follows another, and no reader is without a signature that he can check.
@Suite struct KeyRotationTests {
    private let origin = "ledger.example/updates"
    private let old = Curve25519.Signing.PrivateKey()
    private let new = Curve25519.Signing.PrivateKey()

    private func signer(_ key: Curve25519.Signing.PrivateKey) throws -> CheckpointSigner {
        try CheckpointSigner(origin: origin, privateKey: key)
    }

    @Test func bothSignWhileOneFollowsTheOther() throws {
        let before = try signer(old)
        let during = try CheckpointSigner(origin: origin, privateKey: new, previous: old)
        let after = try signer(new)
        #expect(during.verifierKey == after.verifierKey)
        #expect(during.verifierKeys == [after.verifierKey, before.verifierKey])
        let (oldKey, newKey) = (before.verifierKey, after.verifierKey)
        let cases: [(CheckpointSigner, [VerifierKey], Bool)] = [
            (before, [oldKey], true), (before, [newKey], false), (before, [oldKey, newKey], true),
            (during, [oldKey], true), (during, [newKey], true), (during, [oldKey, newKey], true),
            (after, [oldKey], false), (after, [newKey], true), (after, [newKey, oldKey], true), (after, [], false),
        ]
        for (index, (signer, keys, isAccepted)) in cases.enumerated() {
            let checkpoint = try SignedCheckpoint(parsing: signer.sign(size: 3, root: .leaf([1])).bytes)
            let verdict = checkpoint.verify(logKeys: keys)
            let isVerified = (try? verdict.get()) != nil
            #expect(isVerified == isAccepted, "case \(index): \(verdict)")
        }
    }

    @Test func aDamagedLineOfEitherRefusesBoth() throws {
        let during = try CheckpointSigner(origin: origin, privateKey: new, previous: old)
        let signed = try during.sign(size: 3, root: .leaf([1]))
        let other = try during.sign(size: 4, root: .leaf([2]))
        for index in 0..<2 {
            var lines = signed.note.signatures
            lines[index] = other.note.signatures[index]
            let changed = SignedCheckpoint(checkpoint: signed.claimed, signatures: lines)
            let refusal = LedgerRefusal.signatureInvalid(key: during.verifierKeys[index].description)
            #expect(changed.verify(logKeys: during.verifierKeys) == .failure(refusal))
        }
    }

    @Test func keysOfTwoLogsAreNotTheKeysOfOne() throws {
        let signed = try signer(old).sign(size: 3, root: .leaf([1]))
        let foreign = try CheckpointSigner(origin: "elsewhere", privateKey: new).verifierKey
        let verdict = signed.verify(logKeys: [try signer(old).verifierKey, foreign])
        #expect(verdict == .failure(.wrongOrigin(expected: "elsewhere", found: origin)))
    }
}
