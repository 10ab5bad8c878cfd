// Part 3, chapter 23: Enhanced Authorization (EA) Commands. They work on policy and trial sessions.

internal import CTSS2
internal import TPMWire

extension TPMConnection {
    /// TPM2_PolicySecret: the policy needs the authorization of `entity`.
    public func policySecret(
        _ session: Session,
        of entity: Hierarchy,
        authorization: Authorization = .password
    ) throws(TPMError) {
        try run(.policySecret, sessions: authorization.session) {
            unsafe Esys_PolicySecret(
                $0.pointer,
                entity.reference.esys,
                session.reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                nil,
                nil,
                nil,
                0,
                nil,
                nil
            )
        }
    }

    /// TPM2_PolicyOR: the policy is one of 2 to 8 branches; outside a trial the current digest must be among them.
    public func policyOR(_ session: Session, branches: [[UInt8]]) throws(TPMError) {
        let command = Command.policyOR
        guard (2...8).contains(branches.count) else {
            throw TPMError(command.name, argument: "\(branches.count) branches; 2 to 8 are possible")
        }
        var writer = ByteWriter()
        writer.uint32(UInt32(branches.count))
        for branch in branches { writer.sized(branch) }
        var list = try TPML_DIGEST(marshalled: writer.bytes, for: command.name)
        try run(command) {
            unsafe Esys_PolicyOR(
                $0.pointer,
                session.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &list
            )
        }
    }

    /// TPM2_PolicyAuthorizeNV: the policy is the one that an index holds (nameAlg and digest).
    public func policyAuthorizeNV(
        _ session: Session,
        index: borrowing NVIndex,
        as authority: NVAuthority = .index,
        authorization: Authorization = .password
    ) throws(TPMError) {
        let (reference, owner) = (index.reference.esys, index.reference(of: authority))
        try run(.policyAuthorizeNV, sessions: authorization.session) {
            unsafe Esys_PolicyAuthorizeNV(
                $0.pointer,
                owner,
                reference,
                session.reference,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE
            )
        }
    }

    /// TPM2_PolicyGetDigest: what the session stands for so far.
    public func policyGetDigest(_ session: Session) throws(TPMError) -> [UInt8] {
        let command = Command.policyGetDigest
        var digest = Out<TPM2B_DIGEST>()
        try run(command) {
            unsafe Esys_PolicyGetDigest(
                $0.pointer,
                session.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &digest.pointer
            )
        }
        return try digest.buffer(for: command.name)
    }
}
