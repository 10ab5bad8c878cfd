import Crypto
import Messages
import TPMDevice
import TPMWire

/// A quote with the PCR values that it covers.
struct QuotedBoot: Hashable, Sendable {
    var signed: SignedAttestation
    var pcrs: PCRValues
}

extension DeviceTPM {
    /// A system that measures what it runs does not stand still; each attempt is a signature.
    private static let attempts = 4

    /// Quotes PCRs with the attestation key: one TPM signature, or more while PCRs move.
    func quote(
        _ selection: PCRSet,
        with keyHandle: UInt32,
        qualifyingData: [UInt8]
    ) async throws(AgentError) -> QuotedBoot {
        guard let wanted = TPMSPCRSelection(bank: selection.bank.algorithm, pcrs: Set(selection.pcrs)) else {
            throw AgentError(.environment, "the verifier asks for PCRs that no TPM has")
        }
        let list = TPMLPCRSelection(wanted)
        let handle = Handle(rawValue: keyHandle)
        let quoted = try await perform { connection throws(TPMError) -> (SignedAttestation, [Int: [UInt8]])? in
            guard let key = try connection.persistentObject(at: handle) else { return nil }
            var before = try connection.pcrRead(list).banks[wanted.hash] ?? [:]
            for _ in 1..<Self.attempts {
                let signed = try connection.quote(list, with: key, qualifyingData: qualifyingData)
                if Self.covers(signed, before, selection) { return (signed, before) }
                // Something was measured between the two commands: most often what is read now is what was quoted.
                let after = try connection.pcrRead(list).banks[wanted.hash] ?? [:]
                if Self.covers(signed, after, selection) { return (signed, after) }
                before = after
            }
            return (try connection.quote(list, with: key, qualifyingData: qualifyingData), before)
        }
        guard let (signed, values) = quoted else {
            throw .missing("attestation key at \(handle)")
        }
        guard Self.covers(signed, values, selection), let pcrs = PCRValues(bank: selection.bank, values: values) else {
            throw AgentError(
                .environment,
                "the PCRs do not stand still, or the TPM lacks the bank \(selection.bank.rawValue)",
                hint: "wait until the machine has booted and run the same command again"
            )
        }
        return QuotedBoot(signed: signed, pcrs: pcrs)
    }

    /// Whether the quoted digest is that of these values (Part 1, section 17.5: concatenated in ascending order).
    private static func covers(_ signed: SignedAttestation, _ values: [Int: [UInt8]], _ selection: PCRSet) -> Bool {
        let inOrder = selection.pcrs.compactMap { values[$0] }
        guard inOrder.count == selection.pcrs.count, let attest = try? TPMSAttest(parsing: signed.attest),
            let signature = try? TPMTSignature(parsing: signed.signature), let quote = attest.quote
        else { return false }
        let content = inOrder.flatMap { $0 }
        return switch signature.hashAlgorithm {
        case .sha256: SHA256.hash(data: content).elementsEqual(quote.pcrDigest)
        case .sha384: SHA384.hash(data: content).elementsEqual(quote.pcrDigest)
        case .sha512: SHA512.hash(data: content).elementsEqual(quote.pcrDigest)
        default: false
        }
    }
}

extension PCRBank {
    var algorithm: AlgorithmID {
        switch self {
        case .sha1: .sha1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}
