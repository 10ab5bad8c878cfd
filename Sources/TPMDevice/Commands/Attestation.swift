// Part 3, chapter 18: Attestation Commands. All of them sign with the key's own scheme.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_Quote: the PCRs, and whatever the caller binds to them.
    ///
    /// - Parameter qualifyingData: At most 34 bytes on a TPM without SHA-384, so a SHA-256 digest.
    public func quote(
        _ selection: TPMLPCRSelection,
        with key: borrowing some LoadedObject & ~Copyable,
        qualifyingData: [UInt8],
        authorization: Authorization = .password
    ) throws(TPMError) -> SignedAttestation {
        let command = Command.quote
        let key = key.reference.esys
        var qualifying = try TPM2B_DATA(contents: qualifyingData, for: command.name)
        var scheme = try TPMT_SIG_SCHEME(TPMTAsymScheme.null, for: command.name)
        var selection = try TPML_PCR_SELECTION(selection, for: command.name)
        var signed = AttestationOutputs()
        try run(command, sessions: authorization.session) {
            unsafe Esys_Quote(
                $0.pointer,
                key,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &qualifying,
                &scheme,
                &selection,
                &signed.attest.pointer,
                &signed.signature.pointer
            )
        }
        return try signed.attestation(for: command)
    }

    /// TPM2_CertifyCreation: that this TPM made `object` with the given creation data.
    ///
    /// It asks no authorization of the object.
    public func certifyCreation(
        of object: borrowing some LoadedObject & ~Copyable,
        creation: Creation,
        with key: borrowing some LoadedObject & ~Copyable,
        qualifyingData: [UInt8],
        authorization: Authorization = .password
    ) throws(TPMError) -> SignedAttestation {
        let command = Command.certifyCreation
        let (object, key) = (object.reference.esys, key.reference.esys)
        var qualifying = try TPM2B_DATA(contents: qualifyingData, for: command.name)
        var hash = try TPM2B_DIGEST(contents: creation.hash, for: command.name)
        var scheme = try TPMT_SIG_SCHEME(TPMTAsymScheme.null, for: command.name)
        var ticket = try TPMT_TK_CREATION(creation.ticket, for: command.name)
        var signed = AttestationOutputs()
        try run(command, sessions: authorization.session) {
            unsafe Esys_CertifyCreation(
                $0.pointer,
                key,
                object,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &qualifying,
                &hash,
                &scheme,
                &ticket,
                &signed.attest.pointer,
                &signed.signature.pointer
            )
        }
        return try signed.attestation(for: command)
    }

    /// TPM2_Certify: that `object` is loaded in this TPM.
    ///
    /// It uses the object in the ADMIN role, with an empty authorization.
    public func certify(
        _ object: borrowing some LoadedObject & ~Copyable,
        with key: borrowing some LoadedObject & ~Copyable,
        qualifyingData: [UInt8],
        keyAuthorization: Authorization = .password
    ) throws(TPMError) -> SignedAttestation {
        let command = Command.certify
        let (object, key) = (object.reference.esys, key.reference.esys)
        var qualifying = try TPM2B_DATA(contents: qualifyingData, for: command.name)
        var scheme = try TPMT_SIG_SCHEME(TPMTAsymScheme.null, for: command.name)
        var signed = AttestationOutputs()
        try run(command, sessions: nil, keyAuthorization.session) {
            unsafe Esys_Certify(
                $0.pointer,
                object,
                key,
                ESYS_TR_PASSWORD,
                keyAuthorization.reference,
                ESYS_TR_NONE,
                &qualifying,
                &scheme,
                &signed.attest.pointer,
                &signed.signature.pointer
            )
        }
        return try signed.attestation(for: command)
    }
}

/// The outputs that all attestation commands have in common.
struct AttestationOutputs: ~Copyable {
    var attest = Out<TPM2B_ATTEST>()
    var signature = Out<TPMT_SIGNATURE>()

    func attestation(for command: Command) throws(TPMError) -> SignedAttestation {
        SignedAttestation(
            attest: try attest.buffer(for: command.name),
            signature: try signature.bytes(for: command.name)
        )
    }
}
