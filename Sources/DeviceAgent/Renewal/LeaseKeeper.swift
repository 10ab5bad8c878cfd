import Messages
import Synchronization

/// Renews a device's lease for as long as it runs.
///
/// It never extends one: a lease ends when the verifier said that it ends.
public final class LeaseKeeper: Sendable {
    private let holder: LeaseHolder
    private let reopen: (@Sendable () throws(AgentError) -> LeaseHolder)?
    private let tell: @Sendable (RenewalEvent) -> Void
    private let bell = Bell()
    private let attemptBegan = Mutex<ContinuousClock.Instant?>(nil)

    /// No attempt takes longer: an exchange with a verifier is bounded, and so is a command of the TPM.
    static let longestAttempt: Duration = .seconds(10 * 60)
    /// How long a wait goes on without looking at the clock and the journal, which others may change.
    static let longestSleep: Duration = .seconds(60)
    /// The wall clock counts whole seconds and drifts; what is more was set.
    static let clockDrift: Int64 = 5

    /// Joins the parts.
    /// - Parameters:
    ///   - reopen: gives who speaks for the device once that is somebody else: a tier is lowered, and raised again.
    ///   - tell: is given what happens, in order.
    public init(
        _ holder: LeaseHolder,
        reopening reopen: (@Sendable () throws(AgentError) -> LeaseHolder)? = nil,
        tell: @escaping @Sendable (RenewalEvent) -> Void
    ) {
        self.holder = holder
        self.reopen = reopen
        self.tell = tell
    }

    /// Lets the next attempt begin at once; a confirmation that was refused is tried again too.
    public func attestNow() { bell.ring() }

    /// Whether an attempt goes on for longer than any can, so that only another process can help.
    public var isStuck: Bool {
        attemptBegan.withLock { $0.map { ContinuousClock.now - $0 > Self.longestAttempt } ?? false }
    }

    /// Attests now and again until the task is cancelled.
    /// - Throws: `AgentError` of kind `.malformed`: what no repetition mends.
    public func run() async throws(AgentError) {
        var schedule = RenewalSchedule()
        var random = SystemRandomNumberGenerator()
        var last = Attempt(.busy, lease: held, trouble: nil)
        var (isFirst, refused) = (true, String?.none)
        // The lease that was last told to hold.
        var holding: LeaseStatement?
        while !Task.isCancelled {
            guard let attempt = await attempt(after: last.trouble, notConfirming: refused) else { break }
            refused = attempt.unconfirmed?.grant ?? refused
            let now = holder.wallClock()
            var event = RenewalEvent(attempt.kind, at: now, lease: attempt.lease, trouble: attempt.trouble)
            event.confirmed = attempt.confirmed
            event.unconfirmed = attempt.unconfirmed?.because
            if let lease = event.lease, lease == holding, !event.leaseHolds { tellLapse(of: event, at: now) }
            holding = event.leaseHolds ? event.lease : nil
            if let end = attempt.end {
                tell(event)
                throw end
            }
            let pause = schedule.pause(after: attempt.outcome, lease: attempt.lease, now: now, random: &random)
            event.next = now.addingReportingOverflow(Self.seconds(pause)).partialValue
            // Who waits for an install to end says so once.
            if attempt.kind != .busy || last.kind != .busy || isFirst { tell(event) }
            (isFirst, last) = (false, attempt)
            if await wait(pause, event, &holding) { refused = nil }
        }
        tell(RenewalEvent(.stopped, at: holder.wallClock(), lease: held, trouble: noted))
    }

    private var held: LeaseStatement? { (try? holder.state.journal())?.lease }
    private var noted: RenewalTrouble? { holder.state.renewalTrouble(holding: held) }

    private static func seconds(_ pause: Duration) -> Int64 { pause.components.seconds + 1 }
}

// MARK: One attempt

extension LeaseKeeper {
    /// What one attempt came to.
    private struct Attempt {
        var kind: RenewalEvent.Kind
        var lease: LeaseStatement?
        var trouble: RenewalTrouble?
        var confirmed: PackageReference?
        var unconfirmed: Renewal.Unconfirmed?
        /// Why there is no other.
        var end: AgentError?

        init(_ kind: RenewalEvent.Kind, lease: LeaseStatement?, trouble: RenewalTrouble?) {
            self.kind = kind
            self.lease = lease
            self.trouble = trouble
        }

        var outcome: RenewalSchedule.Outcome {
            switch kind {
            case .renewed, .confirmed: .renewed
            case .refused: .refused
            case .busy: .busy
            case .undecided, .malformed, .lapsed, .stopped: .undecided
            }
        }
    }

    /// Attests with the state directory locked, and unlocks it again; nil when it was told to end.
    private func attempt(
        after earlier: RenewalTrouble?,
        notConfirming refused: String?
    ) async -> Attempt? {
        attemptBegan.withLock { $0 = .now }
        defer { attemptBegan.withLock { $0 = nil } }
        do throws(AgentError) {
            guard let lock = try holder.state.lockIfFree() else { return Attempt(.busy, lease: held, trouble: noted) }
            return await attempt(lock, after: earlier, notConfirming: refused)
        } catch {
            return failure(error, after: earlier)
        }
    }

    private func attempt(
        _ lock: borrowing AgentLock,
        after earlier: RenewalTrouble?,
        notConfirming refused: String?
    ) async -> Attempt? {
        do throws(AgentError) {
            let renewal = try await speaker().renew(lock, notConfirming: refused)
            let kind: RenewalEvent.Kind = renewal.confirmed == nil ? .renewed : .confirmed
            var attempt = Attempt(kind, lease: renewal.lease, trouble: nil)
            attempt.confirmed = renewal.confirmed
            attempt.unconfirmed = renewal.unconfirmed
            return attempt
        } catch {
            // It was broken off; that says nothing of the verifier.
            guard !Task.isCancelled else { return nil }
            let attempt = failure(error, after: earlier)
            // On a full disk the log alone says it.
            if let trouble = attempt.trouble { try? holder.state.note(trouble) }
            return attempt
        }
    }

    /// Who speaks for the device now.
    private func speaker() throws(AgentError) -> LeaseHolder {
        guard let reopen,
            try holder.state.speaksWithoutTPM(at: holder.wallClock()) != holder.isCompensated
        else { return holder }
        return try reopen()
    }

    private func failure(_ error: AgentError, after earlier: RenewalTrouble?) -> Attempt {
        let kind: RenewalEvent.Kind =
            switch error.kind {
            case .refused: .refused
            case .malformed: .malformed
            case .environment: .undecided
            }
        let lease = held
        let before = noted ?? earlier.flatMap { $0.isOver(given: lease) ? nil : $0 }
        let trouble = RenewalTrouble(error, after: before, lease: lease, now: holder.wallClock())
        var attempt = Attempt(kind, lease: lease, trouble: trouble)
        attempt.end = error.kind == .malformed ? error : nil
        return attempt
    }
}

// MARK: The time between

extension LeaseKeeper {
    /// Waits until the next attempt is due by either clock, or somebody rings, or another command changed the lease; says when
    /// the lease lapses meanwhile.
    /// - Returns: whether somebody rang.
    private func wait(_ pause: Duration, _ told: RenewalEvent, _ holding: inout LeaseStatement?) async -> Bool {
        let due = ContinuousClock.now + pause
        // A machine without a clock of its own is given the time some time after it has booted.
        let dueByWall = told.at.addingReportingOverflow(Self.seconds(pause) + Self.clockDrift).partialValue
        while !Task.isCancelled {
            let (now, left) = (holder.wallClock(), due - .now)
            guard left > .zero, now < dueByWall, held == told.lease else { return false }
            var sleep = min(left, Self.longestSleep)
            if let expires = holding?.expires {
                if expires <= now {
                    holding = nil
                    tellLapse(of: told, at: now)
                } else {
                    sleep = min(sleep, .seconds(expires.subtractingReportingOverflow(now).partialValue))
                }
            }
            if await bell.wait(atMost: sleep) { return true }
        }
        return false
    }

    private func tellLapse(of told: RenewalEvent, at now: Int64) {
        var event = RenewalEvent(.lapsed, at: now, lease: told.lease, trouble: told.trouble)
        event.next = told.next
        tell(event)
    }
}

/// Ends somebody's sleep early.
private final class Bell: Sendable {
    private struct State {
        var isRung = false
        var sleeper: Task<Void, Never>?
    }

    private let state = Mutex(State())

    func ring() {
        state.withLock { state in
            state.isRung = true
            state.sleeper?.cancel()
        }
    }

    /// Sleeps, unless it was rung since the last time.
    /// - Returns: whether it was rung.
    func wait(atMost limit: Duration) async -> Bool {
        let sleeper = Task { _ = try? await Task.sleep(for: limit) }
        state.withLock { state in
            state.sleeper = sleeper
            if state.isRung { sleeper.cancel() }
        }
        await withTaskCancellationHandler {
            await sleeper.value
        } onCancel: {
            sleeper.cancel()
        }
        return state.withLock { state in
            defer { state = State() }
            return state.isRung
        }
    }
}
