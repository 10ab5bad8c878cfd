// Part 3, chapter 23: Enhanced Authorization (EA) Commands. They work on policy and trial sessions.

internal import CTSS2
public import TPMWire

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

    /// TPM2_PolicyPCR: the policy needs PCR values.
    ///
    /// - Parameter digest: Digest of the selected values with the session's hash (SHA-256); empty for the values as they are now.
    public func policyPCR(
        _ session: Session,
        digest: [UInt8] = [],
        selection: TPMLPCRSelection
    ) throws(TPMError) {
        let command = Command.policyPCR
        var digest = try TPM2B_DIGEST(contents: digest, for: command.name)
        var selection = try TPML_PCR_SELECTION(selection, for: command.name)
        try run(command) {
            unsafe Esys_PolicyPCR(
                $0.pointer,
                session.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &digest,
                &selection
            )
        }
    }

    /// TPM2_PolicyCommandCode: the policy allows one command only.
    ///
    /// - Parameter code: TPM_CC (Part 2, section 6.5.2).
    public func policyCommandCode(_ session: Session, _ code: UInt32) throws(TPMError) {
        try run(.policyCommandCode) {
            unsafe Esys_PolicyCommandCode(
                $0.pointer,
                session.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                code
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
