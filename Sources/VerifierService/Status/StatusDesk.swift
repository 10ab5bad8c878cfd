import AttestationResults
import Compression
import HTTPService
import Messages
import UpdateTrust
import VerifierStore

/// The status list as it was signed last; whoever asks while it is made anew waits for that one.
actor StatusDesk {
    /// A list that was signed.
    struct Made: Sendable {
        var token: StatusListToken
        /// What it cost to make.
        var took: Duration
        /// When it was begun.
        var since: ContinuousClock.Instant
    }

    /// How long a list is given out at least, before another is made.
    private static let leastAge = Duration.seconds(1)
    /// A list is given out for so many times as long as it took to make, so that asking for it takes a tenth of a core at most.
    private static let restraint = 9

    private let maker: StatusListMaker
    private let clock: VerifierClock
    // Owned by the actor.
    private var latest: Made?
    private var making: Task<Made, any Error>?

    init(maker: StatusListMaker, clock: VerifierClock) {
        self.maker = maker
        self.clock = clock
    }

    /// The list, at most a second old, or some as many as making it takes.
    func token() async throws -> StatusListToken {
        if let latest, isFresh(latest) { return latest.token }
        if let making { return try await making.value.token }
        let task = Task { [maker, clock] in
            let since = ContinuousClock.now
            let token = try await maker.make(at: clock.seconds)
            return Made(token: token, took: ContinuousClock.now - since, since: since)
        }
        making = task
        defer { making = nil }
        let made = try await task.value
        latest = made
        return made.token
    }

    private func isFresh(_ made: Made) -> Bool {
        let due = max(Self.leastAge, made.took * Self.restraint)
        // The wall clock too: leases end by it, also when it is put forward.
        let (issued, now) = (made.token.claims.issuedAt, clock.seconds)
        return made.since.duration(to: .now) < due && now >= issued && Duration.seconds(now - issued) <= due
    }
}

/// Makes the list out of the record.
struct StatusListMaker: Sendable {
    let store: any VerifierStore
    let signer: ResultSigner
    /// The list's address.
    let uri: String

    /// How many instances are read at once, so that the memory it takes is the list's.
    private static let page = 4096

    /// Signs how all instances stand at a time.
    @concurrent func make(at now: Int64) async throws -> StatusListToken {
        var list = StatusList()
        var (instances, places) = (0, 0)
        var last: InstanceID?
        while true {
            let page = try await store.standings(after: last, limit: Self.page)
            for standing in page {
                try list.set(standing.standing.status(at: now), at: standing.index)
                places = max(places, standing.index + 1)
            }
            instances += page.count
            guard page.count == Self.page else { break }
            last = page.last?.instance
        }
        // Instances that came behind the page that was read are not counted, but their places may be seen.
        list.lengthen(to: StatusPlaces.count(for: max(instances, (places + 1) / 2)))
        return try signer.sign(
            StatusListClaims(
                subject: uri,
                issuedAt: now,
                expires: now + StatusListClaims.lifetime,
                timeToLive: StatusListClaims.refreshTime,
                bits: list.bits,
                compressed: try ZlibStream.compress(list.bytes)
            )
        )
    }
}

extension Verifier {
    /// `GET /v1/status-lists/1`: how every instance stands, for relying parties; it names none.
    func statusList(_ exchange: Exchange) async throws -> Answer {
        do {
            let token = try await status.token()
            return Answer(mediaType: StatusListToken.mediaType, body: Array(token.compact.utf8))
        } catch let error as StoreError { throw ServiceProblem.busy("the record: \(error.message)") }
    }

    /// Where relying parties find how an instance stands.
    func statusReference(of instance: InstanceID) async throws -> StatusListReference? {
        guard let index = try await store.statusIndex(of: instance) else { return nil }
        return StatusListReference(index: index, uri: materials.configuration.statusListURI)
    }
}

extension VerifierConfiguration {
    /// The address of the status list.
    var statusListURI: String {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        return base + StatusListClaims.path
    }
}
