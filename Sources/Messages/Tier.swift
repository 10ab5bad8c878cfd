/// How an instance proves itself; fixed at birth, never chosen by a request.
public enum Tier: String, Hashable, Sendable, Codable, CaseIterable {
    /// An endorsed hardware TPM.
    case tpm
    /// An endorsed virtual or software TPM, or one for which no vendor speaks: its owner allows its endorsement key.
    case vtpm
    /// No TPM: a software key under compensating controls.
    case compensated
}
