import ArgumentParser
import CommandLineContract
import DeviceAgent
import UnixSignals

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "The agent as a service: keeps the lease renewed.",
        discussion: """
            Attests at once, and again when a quarter to a half of the lease's time has passed. An installed update that waits for \
            its confirmation is confirmed first. While the verifier cannot be asked or cannot decide nothing is renewed: the \
            lease ends when it ends, and the pauses grow from seconds to a quarter of an hour. A refusal is asked again \
            within the hour. The other commands run between; birthmark-device status says how it stands.

            SIGHUP attests at once. SIGTERM ends it, with 0. Input that only a person can put right ends it with 2. A service \
            manager that sets NOTIFY_SOCKET is told when the first attempt has ended, whatever it brought; \
            Provisioning/systemd has the unit.

            Example: birthmark-device run --json
            """
    )

    @OptionGroup var device: DeviceOptions

    @Flag(help: "Print one JSON object a line on standard output for each event, and nothing else there.")
    var json = false

    func run() async throws {
        let manager = ServiceManager()
        // From here on a signal is heard, however long what follows takes.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let log = EventLog(json: json, manager: manager)
        let options = device
        let keeper = LeaseKeeper(
            try options.holder(),
            reopening: { () throws(AgentError) -> LeaseHolder in try options.holder() },
            tell: { log.tell($0) }
        )
        if !json { StandardError.write("keeping the lease renewed; SIGHUP attests at once, SIGTERM stops it\n") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await keeper.run() }
            group.addTask {
                for await signal in signals {
                    guard signal == .sighup else { break }
                    keeper.attestNow()
                }
                manager?.notify(.stopping)
            }
            if let manager, let watchdog = manager.watchdog {
                group.addTask {
                    while !Task.isCancelled {
                        if !keeper.isStuck { manager.notify(.watchdog) }
                        try? await Task.sleep(for: watchdog / 2)
                    }
                }
            }
            // Whichever ends first ends the others; the keeper's own end is an error.
            defer { group.cancelAll() }
            _ = try await group.next()
        }
    }
}

/// Where events go: a line each on standard output, and the service manager.
private struct EventLog: Sendable {
    let json: Bool
    let manager: ServiceManager?

    func tell(_ event: RenewalEvent) {
        // A log that cannot be written is no reason to let a lease lapse.
        _ = json ? StandardOutput.write(event) : StandardOutput.write(Terminal.shown(event.line) + "\n")
        switch event.event {
        case .stopped, .malformed: manager?.notify(.stopping, .status(event.line))
        case .lapsed: manager?.notify(.status(event.line))
        case .renewed, .confirmed, .undecided, .refused, .busy: manager?.notify(.ready, .status(event.line))
        }
    }
}
