import DeviceAgent
import Logging
import Messages

/// What was read out of children that want to confirm an update: one at a time, and kept until the confirmation comes.
///
/// Who asks for a reading has shown nothing yet. So what was read at one address says nothing of a child that confirms from another:
/// otherwise a neighbour could have its own image taken for a child's, and the child suspended.
actor ReadBacks {
    /// How far the reading of one child is.
    enum State: Sendable {
        case reading
        case read(ContentDigest)
        case failed
    }

    /// Whom somebody said that he is, and from where.
    private struct Subject: Hashable {
        var child: InstanceID
        var address: Label?
    }

    private struct Reading {
        var state: State
        var since: ContinuousClock.Instant

        var isUnderWay: Bool { if case .reading = state { true } else { false } }
    }

    private let readBack: ReadBack
    private let port: Label
    private let logger: Logger
    private let turns: Turns
    /// How long what was read says something of the child; then it is read again.
    private let validity: Duration
    private var readings: [Subject: Reading] = [:]

    /// More children than this are not read at once: anybody can ask to be.
    private static let maximum = 256
    /// Of those, from one address: a neighbour who says that he is one child after the other keeps himself out, and nobody else.
    static let maximumPerAddress = 64

    init(_ readBack: ReadBack, port: Label, logger: Logger, validity: Duration = .seconds(600)) {
        self.readBack = readBack
        self.port = port
        self.logger = logger
        self.validity = validity
        turns = Turns(atMost: Self.maximum)
    }

    /// Begins to read a child, unless that was done or goes on.
    /// - Returns: false when there are more than may be: then it was not begun.
    @discardableResult
    func begin(_ child: InstanceID, at address: Label?) -> Bool {
        let now = ContinuousClock.now
        // One that goes on, or waits for its turn, may take longer than that, and is not begun a second time.
        readings = readings.filter { $0.value.isUnderWay || now - $0.value.since < validity }
        let subject = Subject(child: child, address: address)
        if let reading = readings[subject] {
            if case .failed = reading.state {} else { return true }
        }
        let own = readings.keys.count { $0.address == address }
        guard readings.count < Self.maximum, own < Self.maximumPerAddress else { return false }
        readings[subject] = Reading(state: .reading, since: now)
        Task { await self.read(subject) }
        return true
    }

    private func read(_ subject: Subject) async {
        let (child, address) = (subject.child, subject.address)
        let outcome = await turns.take(at: address) { [readBack, port] () -> Result<ContentDigest, AgentError> in
            do throws(AgentError) {
                return .success(try await readBack.digest(of: child, on: port, at: address))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let digest):
            readings[subject] = Reading(state: .read(digest), since: .now)
            logger.info("read back", metadata: ["instance": "\(child)", "sha256": "\(digest)"])
        case .failure(let error):
            readings[subject] = Reading(state: .failed, since: .now)
            logger.warning("not read back", metadata: ["instance": "\(child)", "why": "\(error.message)"])
        case nil: readings[subject] = nil
        }
    }

    /// How far it is; `nil` when nobody has begun.
    func state(of child: InstanceID, at address: Label?) -> State? {
        readings[Subject(child: child, address: address)]?.state
    }

    /// What was read at this address, for one confirmation: the next one is read anew.
    func take(_ child: InstanceID, at address: Label?) -> ContentDigest? {
        let subject = Subject(child: child, address: address)
        guard case .read(let digest)? = readings[subject]?.state else { return nil }
        readings[subject] = nil
        return digest
    }
}
