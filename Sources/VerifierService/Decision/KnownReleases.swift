import Messages
import UpdateTrust
import VerifierStore

/// The registered releases, among which a boot is looked for that the instance should not show.
extension Verifier {
    func knownReleases() async throws -> [KnownRelease] {
        var known: [KnownRelease] = []
        for stored in try await store.releases() {
            known.append(
                KnownRelease(
                    release: try parsed(stored),
                    manifest: stored.manifest,
                    standing: stored.standing
                )
            )
        }
        return known
    }
}
