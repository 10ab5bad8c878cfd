// Part 3, chapter 11: Session Commands.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_StartAuthSession, salted to a key: parameters are encrypted with AES-128-CFB wherever Part 3 allows it.
    ///
    /// The salt reaches the TPM encrypted to `key`, so nobody on the bus learns the session key. It is as trustworthy
    /// as the key's public area: use an endorsement key whose certificate was checked, or a storage key that is known.
    ///
    /// - Parameters:
    ///   - kind: A policy session may authorise and encrypt at once, which saves a session.
    ///   - hash: A policy session needs the nameAlg of the object whose policy it satisfies.
    public func startSession(
        _ kind: Session.Kind = .hmac,
        hash: AlgorithmID = .sha256,
        saltedTo key: borrowing some LoadedObject & ~Copyable
    ) throws(TPMError) -> Session {
        try startSession(kind, hash: hash, salt: key.reference.esys, cipher: .aes128CFB)
    }

    /// TPM2_StartAuthSession without a salt: for policies and for authorization values that are worth nothing.
    public func startSession(_ kind: Session.Kind, hash: AlgorithmID = .sha256) throws(TPMError) -> Session {
        try startSession(kind, hash: hash, salt: ESYS_TR_NONE, cipher: .null)
    }

    private func startSession(
        _ kind: Session.Kind,
        hash: AlgorithmID,
        salt: ESYS_TR,
        cipher: TPMTSymDefObject
    ) throws(TPMError) -> Session {
        // TPMT_SYM_DEF has the same encoding as TPMT_SYM_DEF_OBJECT for what is used here.
        var symmetric = try TPMT_SYM_DEF(cipher, for: Command.startAuthSession.name)
        var reference = ESYS_TR_NONE
        let type = kind.code
        try run(.startAuthSession) {
            unsafe Esys_StartAuthSession(
                $0.pointer,
                salt,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                nil,
                type,
                &symmetric,
                hash.rawValue,
                &reference
            )
        }
        return Session(owned: reference, kind: kind, encrypts: salt != ESYS_TR_NONE, connection: self)
    }
}

extension Session.Kind {
    fileprivate var code: TPM2_SE {
        switch self {
        case .hmac: TPM2_SE_HMAC
        case .policy: TPM2_SE_POLICY
        case .trial: TPM2_SE_TRIAL
        }
    }
}
