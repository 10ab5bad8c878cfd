import Messages
import UpdateTrust
import VerifierStore

extension Verifier {
    /// The registered releases, among which a boot is looked for that the instance should not show.
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

    /// - Parameter snapshot: one that was asked for this release.
    func known(_ manifest: ContentDigest?, _ snapshot: DecisionSnapshot) async throws -> KnownRelease? {
        guard let manifest, let standing = snapshot.standings[manifest] else { return nil }
        let release: Release
        if let cached = releases[manifest] {
            release = cached
        } else {
            guard let stored = try await store.release(manifest) else { return nil }
            release = try parsed(stored)
        }
        return KnownRelease(release: release, manifest: manifest, standing: standing, rollout: snapshot.rollout)
    }

    /// The payload, read once for as long as it is remembered.
    func parsed(_ stored: StoredRelease) throws -> Release {
        if let cached = releases[stored.manifest] { return cached }
        let release = try Release(parsing: stored.payload)
        releases.keep(release, for: stored.manifest)
        return release
    }
}
