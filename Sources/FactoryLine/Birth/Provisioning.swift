import FactoryAuthority
public import TPMDevice
import TPMWire

extension Station {
    /// Gives birth to one device, or finishes the birth that an earlier attempt has begun, or finds it done.
    ///
    /// Whenever it is interrupted, by whatever, the next attempt with the same order continues with the same keys and
    /// certificates; the signed record is written last and once.
    /// - Parameters:
    ///   - eventLog: the TCG event log of the boot that runs now, if the board has one.
    ///   - now: seconds since 1970: the birth's date, unless it was begun earlier.
    ///   - securityFloor: the security floor that the verifier has on record, for a device that was born and whose TPM was
    ///     cleared since.
    ///   - formerValues: the authorization values of the hierarchies that the former owner hands over, when the order takes the TPM over.
    ///   - step: called before each step.
    /// - Throws: when it could not be decided: the TPM, a file or the environment failed. Nothing was signed.
    public func provision(
        _ order: BirthOrder,
        profile: ProvisioningProfile,
        on tpm: TPM,
        eventLog: [UInt8]? = nil,
        now: Int64,
        securityFloor: UInt64? = nil,
        formerValues: AuthorizationValues? = nil,
        before step: @Sendable (BirthStep) async throws -> Void = { _ in }
    ) async throws -> ProvisioningOutcome {
        try await withAuthority(now: now) { authority in
            let birth = Birth(
                station: self,
                order: order,
                profile: profile,
                eventLog: eventLog,
                now: now,
                securityFloor: securityFloor,
                formerValues: formerValues,
                authority: authority
            )
            do {
                do {
                    return try await birth.run(on: tpm, before: step)
                } catch let error as TPMError where Birth.slotsAreTaken(error) {
                    // A killed attempt has left its keys in the TPM's few slots; ours were given back on the way here.
                    try await tpm.perform { connection throws(TPMError) in try connection.flushAbandoned() }
                    return try await birth.run(on: tpm, before: step)
                }
            } catch let refusal as BirthRefusal {
                return .refused(refusal.reasons)
            } catch let error as TPMError where Birth.isUnauthorised(error) {
                let owned = try await tpm.perform { connection throws(TPMError) in
                    try connection.permanentAttributes().owned(of: OwnedHierarchy.allCases)
                }
                guard !owned.isEmpty else {
                    throw profile.nvOwner == .platform ? BirthInterruption.platformClosed : error
                }
                return .refused([.hierarchyOwned(owned.map(\.rawValue))])
            }
        }
    }
}

extension Birth {
    /// Whether the TPM has no slot left for an object or session.
    static func slotsAreTaken(_ error: TPMError) -> Bool {
        error.code == .objectMemory || error.code == .sessionMemory || error.code == .sessionHandles
    }

    /// Whether the TPM wants an authorization that nobody here has.
    static func isUnauthorised(_ error: TPMError) -> Bool {
        error.code == .authFail || error.code == .badAuth || error.code == .hierarchy
    }
}
