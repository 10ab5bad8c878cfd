public import TPMCrypto
public import TPMWire

/// An endorsement key that the maker of a software device certifies.
public enum EndorsementKey: String, Sendable, Hashable, CaseIterable, Codable {
    case rsa2048 = "rsa2048"
    case p256 = "p256"
    case p384 = "p384"

    public var template: EndorsementKeyTemplate {
        switch self {
        case .rsa2048: .rsa2048
        case .p256: .eccP256
        case .p384: .eccP384
        }
    }

    /// The NV index of the certificate (TCG EK Credential Profile, section 2.2.1.4 and annex B).
    public var certificateIndex: Handle {
        switch self {
        case .rsa2048: Handle(rawValue: 0x01C0_0002)
        case .p256: Handle(rawValue: 0x01C0_000A)
        case .p384: Handle(rawValue: 0x01C0_0016)
        }
    }
}
