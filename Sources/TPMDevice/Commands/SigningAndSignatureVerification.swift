// Part 3, chapter 20: Signing and Signature Verification, and TPM2_Hash of chapter 15, which makes the ticket that a
// restricted key asks for.

internal import CTSS2
public import TPMWire

extension TPMConnection {
    /// TPM2_Sign.
    ///
    /// - Parameters:
    ///   - digest: What is signed, already hashed with the hash of the scheme.
    ///   - scheme: Needed only when the key has none of its own.
    ///   - ticket: The TPM's own word that it hashed the data, which a restricted key asks for.
    public func sign(
        _ digest: [UInt8],
        with key: borrowing some LoadedObject & ~Copyable,
        scheme: TPMTAsymScheme = .null,
        ticket: HashTicket = .none,
        authorization: Authorization = .password
    ) throws(TPMError) -> TPMTSignature {
        let command = Command.sign
        let key = key.reference.esys
        var digest = try TPM2B_DIGEST(contents: digest, for: command.name)
        var scheme = try TPMT_SIG_SCHEME(scheme, for: command.name)
        var validation = try TPMT_TK_HASHCHECK(marshalled: ticket.bytes, for: command.name)
        var signature = Out<TPMT_SIGNATURE>()
        try run(command, sessions: authorization.session) {
            unsafe Esys_Sign(
                $0.pointer,
                key,
                authorization.reference,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &digest,
                &scheme,
                &validation,
                &signature.pointer
            )
        }
        return try signature.parsed(as: TPMTSignature.self, for: command.name)
    }

    /// TPM2_Hash: the digest, and the ticket with which a restricted key may sign it.
    ///
    /// - Parameter data: At most 1,024 bytes; with TPM_GENERATED_VALUE in front the ticket says no.
    public func hash(
        _ data: [UInt8],
        algorithm: AlgorithmID,
        ticketFor hierarchy: Hierarchy
    ) throws(TPMError) -> (digest: [UInt8], ticket: HashTicket) {
        let command = Command.hash
        var buffer = try TPM2B_MAX_BUFFER(contents: data, for: command.name)
        var digest = Out<TPM2B_DIGEST>()
        var ticket = Out<TPMT_TK_HASHCHECK>()
        try run(command) {
            unsafe Esys_Hash(
                $0.pointer,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                ESYS_TR_NONE,
                &buffer,
                algorithm.rawValue,
                hierarchy.reference.esys,
                &digest.pointer,
                &ticket.pointer
            )
        }
        return (try digest.buffer(for: command.name), HashTicket(bytes: try ticket.bytes(for: command.name)))
    }

    /// TPMT_TK_HASHCHECK (Part 2, 10.6.6), which only the TPM that made it understands.
    public struct HashTicket: Sendable, Hashable {
        let bytes: [UInt8]

        /// The NULL ticket: TPM_ST_HASHCHECK, TPM_RH_NULL, no digest.
        public static let none = HashTicket(bytes: [0x80, 0x24, 0x40, 0x00, 0x00, 0x07, 0x00, 0x00])
    }
}
