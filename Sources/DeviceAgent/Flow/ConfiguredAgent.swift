public import Messages
import VerifierClient

extension Agent {
    /// The agent of a directory, with what was given in the place of what `agent.json` says.
    /// - Parameters:
    ///   - path: the state directory; made when it is missing and a trust bundle is offered.
    ///   - trust: a trust bundle to take over when none is in place yet.
    ///   - wallClock: seconds since 1970.
    /// - Throws: `AgentError`; a wrong path or a wrong bundle leaves nothing behind.
    public static func configured(
        in path: String,
        tcti: String?,
        trust: String?,
        eventLog: String?,
        imaList: String?,
        wallClock: @escaping @Sendable () -> Int64
    ) throws(AgentError) -> (agent: Agent, state: StateDirectory, trust: TrustBundle) {
        if let trust {
            _ = try StateDirectory.bundle(at: trust)
        } else {
            _ = try StateDirectory(existing: path)
        }
        let directory = try StateDirectory(path)
        let configuration = try directory.configuration()
        let named = eventLog ?? configuration.eventLog
        let bundle = try directory.trust(offered: trust)
        let agent = Agent(
            state: directory,
            trust: bundle,
            tcti: tcti ?? configuration.tcti,
            eventLog: EventLogFile(path: named ?? AgentConfiguration.defaultEventLog, isNamed: named != nil),
            imaList: imaList ?? configuration.imaList ?? AgentConfiguration.defaultIMAList,
            wallClock: wallClock
        )
        return (agent, directory, bundle)
    }
}
