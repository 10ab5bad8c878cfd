import DeviceAgent
import Logging
import Messages

/// What was read out of children that want to confirm an update: one at a time, and kept until the confirmation comes.
actor ReadBacks {
    /// How far the reading of one child is.
    enum State: Sendable {
        case reading
        case read(ContentDigest)
        case failed
    }

    private struct Reading {
        var state: State
        var since: ContinuousClock.Instant
    }

    private let readBack: ReadBack
    private let port: Label
    private let logger: Logger
    private let turns: Turns
    private var readings: [InstanceID: Reading] = [:]

    /// How long what was read says something of the child; then it is read again.
    private static let validity = Duration.seconds(600)
    /// More children than this are not read at once: anybody can ask to be.
    private static let maximum = 256

    init(_ readBack: ReadBack, port: Label, logger: Logger) {
        self.readBack = readBack
        self.port = port
        self.logger = logger
        turns = Turns(atMost: Self.maximum)
    }

    /// Begins to read a child, unless that was done or goes on.
    func begin(_ child: InstanceID, at address: Label?) {
        let now = ContinuousClock.now
        readings = readings.filter { now - $0.value.since < Self.validity }
        if let reading = readings[child] {
            if case .failed = reading.state {} else { return }
        }
        guard readings.count < Self.maximum else { return }
        readings[child] = Reading(state: .reading, since: now)
        Task { await self.read(child, at: address) }
    }

    private func read(_ child: InstanceID, at address: Label?) async {
        let outcome = await turns.take { [readBack, port] () -> Result<ContentDigest, AgentError> in
            do throws(AgentError) {
                return .success(try await readBack.digest(of: child, on: port, at: address))
            } catch {
                return .failure(error)
            }
        }
        switch outcome {
        case .success(let digest):
            readings[child] = Reading(state: .read(digest), since: .now)
            logger.info("read back", metadata: ["instance": "\(child)", "sha256": "\(digest)"])
        case .failure(let error):
            readings[child] = Reading(state: .failed, since: .now)
            logger.warning("not read back", metadata: ["instance": "\(child)", "why": "\(error.message)"])
        case nil: readings[child] = nil
        }
    }

    /// How far it is; `nil` when nobody has begun.
    func state(of child: InstanceID) -> State? { readings[child]?.state }

    /// What was read, for one confirmation: the next one is read anew.
    func take(_ child: InstanceID) -> ContentDigest? {
        guard case .read(let digest)? = readings[child]?.state else { return nil }
        readings[child] = nil
        return digest
    }
}
