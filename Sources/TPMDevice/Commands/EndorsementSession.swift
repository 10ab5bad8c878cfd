// The authorization of endorsement keys (TCG EK Credential Profile, annex B): no command of its own, but a recipe.

internal import TPMCrypto
public import TPMWire

extension TPMConnection {
    /// A policy session that may use an endorsement key once, and keeps what it says secret on the bus.
    ///
    /// Low-range keys want PolicySecret(TPM_RH_ENDORSEMENT); high-range keys want that or a policy in NV, of which the
    /// first is taken. The session is salted to the key itself. When it has authorised a command it is empty again.
    ///
    /// - Parameters:
    ///   - publicArea: The key's, when it is known; else the TPM is asked.
    ///   - authorization: Of the endorsement hierarchy.
    public func endorsementSession(
        for key: borrowing some LoadedObject & ~Copyable,
        publicArea: TPMTPublic? = nil,
        authorization: Authorization = .password
    ) throws(TPMError) -> Session {
        let area = if let publicArea { publicArea } else { try readPublic(key).publicArea }
        guard let hash = try? HashAlgorithm(area.nameAlg), let policies = EndorsementPolicies(hash) else {
            throw TPMError("authorize endorsement key", argument: "no policies are known for \(area.nameAlg)")
        }
        let session = try startSession(.policy, hash: area.nameAlg, saltedTo: key)
        try policySecret(session, of: .endorsement, authorization: authorization)
        switch area.authPolicy {
        case policies.secret: return session
        case policies.either:
            try policyOR(session, branches: [policies.secret, policies.inNV])
            return session
        default:
            throw TPMError("authorize endorsement key", argument: "the key has a policy of somebody's own")
        }
    }
}

/// PolicyA, PolicyC and PolicyB of the profile, computed rather than copied.
struct EndorsementPolicies {
    /// PolicyA.
    let secret: [UInt8]
    /// PolicyC.
    let inNV: [UInt8]
    /// PolicyB.
    let either: [UInt8]

    init?(_ hash: HashAlgorithm) {
        var secret = PolicyDigest(hash)
        secret.secret(entity: Name(handle: .endorsement))
        self.secret = secret.value

        guard let index = Self.index(hash, policy: secret.value), let name = try? Name(of: index) else { return nil }
        var inNV = PolicyDigest(hash)
        inNV.authorizeNV(index: name)
        self.inNV = inNV.value

        var either = PolicyDigest(hash)
        either.or([secret.value, inNV.value])
        self.either = either.value
    }

    /// The policy index of the hash, as its Name has it: it need not be defined.
    private static func index(_ hash: HashAlgorithm, policy: [UInt8]) -> TPMSNVPublic? {
        let handle: UInt32
        switch hash.id {
        case .sha256: handle = 0x01C0_7F01
        case .sha384: handle = 0x01C0_7F02
        case .sha512: handle = 0x01C0_7F03
        default: return nil
        }
        return TPMSNVPublic(
            nvIndex: Handle(rawValue: handle),
            nameAlg: hash.id,
            attributes: [
                .policyWrite, .writeAll, .ppRead, .ownerRead, .authRead, .policyRead, .noDA, .written,
            ],
            authPolicy: policy,
            dataSize: UInt16(2 + hash.digestSize)
        )
    }
}
