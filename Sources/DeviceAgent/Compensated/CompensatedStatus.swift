public import Messages

extension AgentStatus {
    /// Looks, and changes nothing, at a device without a TPM; an identity that cannot be used is part of the answer.
    public static func ofCompensated(
        _ state: StateDirectory,
        trust: TrustBundle?,
        wallClock: Int64
    ) async throws(AgentError) -> AgentStatus {
        let journal = try state.journal()
        var status = AgentStatus(state, journal, trust: trust, wallClock: wallClock)
        status.tier = .compensated
        let bootID = BootID(path: (try? state.configuration())?.bootID ?? BootID.defaultPath)
        // Where nothing says which boot it is, what is next is told as before it.
        if let record = journal?.update, let boot = try? bootID.current, record.isBooted(in: boot) {
            status.update?.next = record.nextOnceBooted
        }
        var report = IdentityReport(isSealed: state.isSealed)
        do throws(AgentError) {
            guard let identity = try await state.keptIdentity()?.identity else { return status }
            status.instance = identity.instance
            status.serial = identity.serial
            report.isAtFirstKey = identity.isAtFirstKey
            if let journal, journal.instance != identity.instance {
                report.trouble = "the journal is instance \(journal.instance)'s, the identity is \(identity.instance)"
            } else if let bornWith = identity.bornWith {
                status.securityFloor = try state.softwareFloor(bornWith, journal)
            } else {
                report.trouble =
                    "it was not born yet: birthmark-device enrol --accept takes over what the factory has signed"
            }
        } catch {
            report.trouble = error.message
        }
        status.identity = report
        return status
    }
}
