import FactoryAuthority
import Messages
import TPMDevice
import TPMWire

/// The end of a birth's ownership: values for the hierarchies, drawn, put in escrow, given to the TPM and read back.
///
/// The order makes a stop at any point harmless. The values are on disk, durably, before anything else; then the escrow;
/// then the TPM gets them. The next attempt finds the values in the journal and goes on with the same, since the station
/// cannot open an escrow. When the birth is signed they are erased. Whoever steals the station gains the values of births
/// under way, and of a board whose births end here nothing that a clear of its TPM would not give him: no key can be
/// taken out or copied with them.
struct Ownership: Sendable {
    let station: Station
    let profile: ProvisioningProfile
    let record: BirthRecord
    let tpm: ContentDigest

    private var files: BirthFiles { BirthFiles(station) }

    /// Finds out, before anything is written, what would stand in the way at the end.
    static func check(
        _ station: Station,
        _ profile: ProvisioningProfile,
        tpm: ContentDigest,
        _ connection: TPMConnection
    )
        throws
    {
        guard let authorizations = profile.authorizations else { return }
        if authorizations.escrow, try station.escrowKey() == nil {
            throw BirthInterruption.escrowKeyMissing(path: station.directory.escrowKey)
        }
        guard try BirthFiles(station).values(of: tpm) == nil else { return }
        // Ours could not be there: nobody has drawn them yet.
        let owned = try connection.permanentAttributes().owned(of: OwnedHierarchy.allCases)
        guard owned.isEmpty else { throw BirthRefusal(.hierarchyOwned(owned.map(\.rawValue))) }
    }

    /// Whether the TPM may have got values already: then everything that needs the owner's authorization was done before.
    var isBegun: Bool {
        get throws { try profile.authorizations != nil && files.values(of: tpm) != nil }
    }

    /// Whether the TPM has everything that the profile says; without a command when it says nothing.
    func isWhole(_ connection: TPMConnection) throws -> Bool {
        if let wanted = profile.dictionaryAttack?.parameters, try connection.dictionaryAttackParameters() != wanted {
            return false
        }
        guard let authorizations = profile.authorizations else { return true }
        return try connection.permanentAttributes().owned(of: authorizations.set) == authorizations.set
    }

    /// Sets what the profile says; nothing, and without a command, when it says nothing.
    ///
    /// - Parameter key: the endorsement key, to which the session is salted: no value crosses the bus in clear.
    func set(over key: borrowing PersistentObject?, _ connection: TPMConnection) throws {
        let parameters = profile.dictionaryAttack?.parameters
        guard profile.authorizations != nil || parameters != nil else { return }
        let values = try profile.authorizations.map { try drawn($0, connection) }
        // Reading back has found the key.
        guard let session = try connection.session(saltedTo: key) else { return }
        try connection.own(values, parameters, session: session)
    }

    /// Takes the values away from the station.
    func finish() throws {
        guard profile.authorizations != nil else { return }
        try files.eraseValues(of: tpm)
    }

    /// The values, on disk and in escrow: those of an earlier attempt, or new ones.
    private func drawn(
        _ authorizations: ProvisioningProfile.Authorizations,
        _ connection: TPMConnection
    ) throws -> AuthorizationValues {
        try Self.check(station, profile, tpm: tpm, connection)
        let kept = try files.values(of: tpm)
        let values = kept ?? AuthorizationValues(for: authorizations.set)
        if kept == nil { try files.save(values, of: tpm) }
        guard authorizations.escrow, let key = try station.escrowKey() else { return values }
        // Nobody here can look into one that is there: it may be of before a clear, which voided its values.
        try files.save(
            Escrow(
                values,
                to: key,
                station: station.name,
                serial: record.serial,
                instance: record.instance
            )
        )
        return values
    }
}

extension TPMConnection {
    fileprivate func session(saltedTo key: borrowing PersistentObject?) throws(TPMError) -> Session? {
        switch key {
        case .some(let key): try startSession(saltedTo: key)
        case .none: nil
        }
    }

    /// Gives the TPM its parameters and values, as far as it has not got them, and has it show that it has them.
    fileprivate func own(
        _ values: AuthorizationValues?,
        _ parameters: DictionaryAttackParameters?,
        session: Session
    ) throws {
        let wanted = values?.hierarchies ?? []
        let set = try permanentAttributes().owned(of: wanted)
        for hierarchy in set { try setAuthorizationValue(values?[hierarchy] ?? [], of: hierarchy.hierarchy) }
        if let parameters, try dictionaryAttackParameters() != parameters {
            try setDictionaryAttackParameters(parameters, authorization: .session(session))
            guard try dictionaryAttackParameters() == parameters else {
                throw BirthInterruption.notTaken("TPM2_DictionaryAttackParameters")
            }
        }
        for hierarchy in wanted {
            let value = values?[hierarchy] ?? []
            if !set.contains(hierarchy) {
                try hierarchyChangeAuth(of: hierarchy.hierarchy, to: value, authorization: .session(session))
                try setAuthorizationValue(value, of: hierarchy.hierarchy)
            }
            try prove(hierarchy, session)
        }
        guard try permanentAttributes().owned(of: wanted) == wanted else {
            throw BirthInterruption.notTaken("TPM2_HierarchyChangeAuth")
        }
    }

    /// Has the TPM check a value, and do nothing else: TPM2_PolicySecret on a session that authorises nothing.
    private func prove(_ hierarchy: OwnedHierarchy, _ session: Session) throws {
        let trial = try startSession(.trial)
        do throws(TPMError) {
            try policySecret(trial, of: hierarchy.hierarchy, authorization: .session(session))
        } catch {
            guard error.code == .authFail || error.code == .badAuth else { throw error }
            throw BirthRefusal(.hierarchyOwned([hierarchy.rawValue]))
        }
    }
}

extension TPMAPermanent {
    /// Which of these hierarchies have a value.
    func owned(of hierarchies: [OwnedHierarchy]) -> [OwnedHierarchy] {
        hierarchies.filter { hierarchy in
            switch hierarchy {
            case .owner: contains(.ownerAuthSet)
            case .endorsement: contains(.endorsementAuthSet)
            case .lockout: contains(.lockoutAuthSet)
            }
        }
    }
}
