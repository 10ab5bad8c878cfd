import Endorsement
import FactoryAuthority
import Messages
import TPMCrypto
import TPMDevice
import TPMWire

/// A birth whose certificates are issued: what binds, and what is kept in the TPM.
struct BegunBirth: ~Copyable {
    let journal: BirthJournal
    let keys: KeptKeys
    /// Whether an earlier attempt of this station was interrupted, which may have written to the TPM.
    let isResumed: Bool
}

extension Birth {
    /// Takes up the birth that was interrupted, or has the keys of a new one made, judged and certified.
    func begin(
        on tpm: isolated TPM,
        endorsementKey found: consuming FoundEndorsementKey,
        digest: ContentDigest,
        before step: @Sendable (BirthStep) async throws -> Void
    ) async throws -> BegunBirth {
        let connection = try tpm.connection
        if let begun = try files.claim(order, profile: profile, tpm: digest) {
            let ek = try connection.keep(found, of: profile)
            let keys = try keepKeys(begun.enrolled.iak, begun.enrolled.idevid, endorsementKey: ek, connection)
            return BegunBirth(journal: begun, keys: keys, isResumed: true)
        }
        let formerTag = try formerTag(connection)
        try await step(.proveResidency)
        let enrolment = Enrolment(
            profile: profile,
            order: order,
            retired: try files.reworks(of: order.serial).map(\.endorsementKey),
            authority: authority
        )
        let outcome = try await enrolment.run(on: tpm, endorsementKey: found, before: step)
        // What is written down is gone on with ever after, and no other certificates are asked for.
        try hold(outcome.enrolled, bornAt: outcome.bornAt)
        let journal = BirthJournal(
            order: order,
            profile: profile,
            bornAt: outcome.bornAt,
            enrolled: outcome.enrolled,
            formerTag: formerTag
        )
        try files.save(journal, of: digest)
        return BegunBirth(journal: journal, keys: outcome.keys, isResumed: false)
    }

    /// Holds the certificates to the factory's roots: whoever stands in for a CA host can answer with anything.
    private func hold(_ enrolled: BirthJournal.Enrolled, bornAt: Int64) throws {
        let policy = try station.opened().policy
        let (iak, idevid) = (enrolled.iak, enrolled.idevid)
        let reasons = try policy.reasons(against: iak, idevid, model: order.model, serial: order.serial, at: bornAt)
        guard reasons.isEmpty else { throw BirthRefusal(reasons) }
    }

    /// What advisories say of the TPM and of its endorsement key, while nothing is written down, here or in the TPM.
    func judge(_ identity: Messages.TPMIdentity, _ endorsementKey: EndorsementKey) throws -> [TPMAdvisoryFinding] {
        let findings =
            try (station.advisories()?.judge(identity, profile: profile) ?? [])
            + profile.weaknesses(of: ["endorsement key": endorsementKey.publicArea])
        return try findings.refusing()
    }

    func keepKeys(
        _ iak: BornKey,
        _ idevid: BornKey,
        endorsementKey: consuming PersistentObject,
        _ connection: TPMConnection
    ) throws -> KeptKeys {
        let template = try profile.identityTemplate
        let uniqueY = try profile.uniqueY
        return KeptKeys(
            ek: endorsementKey,
            iak: try connection.keepAgain(iak, template: template.iak(uniqueY: uniqueY, following: order.formerLife)),
            idevid: try connection.keepAgain(
                idevid,
                template: template.idevid(uniqueY: uniqueY, following: order.formerLife)
            )
        )
    }
}
