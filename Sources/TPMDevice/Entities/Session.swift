internal import CTSS2
public import TPMWire

/// An authorization session in the TPM, flushed when the last reference to it goes.
///
/// It is a reference because one session serves many commands: starting a salted one costs more than most commands.
public final class Session {
    /// What a session is for (Part 1, section 11.4.6).
    public enum Kind: Sendable {
        /// Proves knowledge of authorization values without sending them.
        case hmac
        /// Proves that a policy is satisfied.
        case policy
        /// Computes a policy digest and authorises nothing.
        case trial
    }

    public let kind: Kind
    /// Whether the session encrypts the first parameter of commands and responses wherever Part 3 allows it.
    public let encrypts: Bool

    let reference: ESYS_TR
    private let connection: TPMConnection

    init(owned reference: ESYS_TR, kind: Kind, encrypts: Bool, connection: TPMConnection) {
        self.reference = reference
        self.kind = kind
        self.encrypts = encrypts
        self.connection = connection
    }

    deinit {
        connection.flush(reference)
    }

    /// The attributes with which the last command used the session.
    public var attributes: TPMASession {
        get throws(TPMError) {
            var attributes: TPMA_SESSION = 0
            try connection.local("read session attributes") {
                unsafe Esys_TRSess_GetAttributes($0.pointer, reference, &attributes)
            }
            return TPMASession(rawValue: attributes)
        }
    }

    func prepare(for command: Command, encrypting: Bool) throws(TPMError) {
        var attributes: TPMASession = .continueSession
        if encrypting && command.decrypt { attributes.insert(.decrypt) }
        if encrypting && command.encrypt { attributes.insert(.encrypt) }
        let bits = attributes.rawValue
        try connection.local(command.name) { unsafe Esys_TRSess_SetAttributes($0.pointer, reference, bits, 0xFF) }
    }
}

/// How a command proves that it may use an entity.
public enum Authorization {
    /// The entity's authorization value itself, empty unless ``TPMConnection/setAuthorizationValue(_:of:)`` set another.
    ///
    /// It crosses the bus in the clear, so an entity with a value worth hiding is used through a session.
    case password
    /// A session: HMAC over the command, or a satisfied policy.
    case session(Session)

    var reference: ESYS_TR {
        switch self {
        case .password: ESYS_TR_PASSWORD
        case .session(let session): session.reference
        }
    }

    var session: Session? {
        guard case .session(let session) = self else { return nil }
        return session
    }
}
