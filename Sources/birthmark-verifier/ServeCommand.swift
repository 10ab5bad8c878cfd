import ArgumentParser
import CommandLineContract
import DurableFiles
import HTTPService
import Logging
import ServiceLifecycle
import UnixSignals
import VerifierService
import VerifierStore

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serves devices and operators over HTTPS.",
        discussion: """
            SIGTERM lets requests in progress end; SIGHUP reads the policy's file and the trust lists again (with "policies": "signed" in \
            config.json another policy comes by birthmark policy put, and by no file). The lists (release keys, birth \
            keys, factory roots, EK roots and allow list, "revokedOperators" of config.json) are read by themselves when \
            they change; the rest of config.json, such as "witnesses" and "limits", counts from the next start on. \
            Logs are lines of JSON on standard error.

            Example: birthmark-verifier serve verifier
            """
    )

    @OptionGroup var place: DirectoryArgument

    @Option(help: ArgumentHelp("Listen here instead of where config.json says.", valueName: "address:port"))
    var listen: String?

    @Option(
        help: ArgumentHelp("Write the port to this file once connections are accepted.", valueName: "file"),
        completion: .file()
    )
    var portFile: String?

    @Option(help: ArgumentHelp("debug, info, notice, warning or error.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        if let listen, ListenAddress(listen) == nil {
            throw ValidationError("\"\(listen)\" is not an address and a port, such as 127.0.0.1:8443")
        }
        guard Logger.Level(rawValue: logLevel) != nil else { throw ValidationError("\"\(logLevel)\" is not a level") }
    }

    func run() async throws {
        // From here on a SIGHUP reloads, however long what follows takes; unheard it would end the program.
        let hangups = await UnixSignalsSequence(trapping: .sighup)
        let level = Logger.Level(rawValue: logLevel) ?? .info
        let logger = Logger(label: "verifier") { JSONLineLog(label: $0, level: level) }
        let directory = place.directory
        // What is wrong with the directory is told before there is a lock in it.
        _ = try VerifierMaterials(directory)
        guard let lock = try FileLock.trying(directory.lock) else {
            throw CommandFailure(
                .environment,
                "another birthmark-verifier serves \(directory.path)",
                hint: "stop it first: one record, one writer"
            )
        }
        // Until now a restore may have been at work, which makes another key for challenges.
        let materials = try VerifierMaterials(directory)
        let store = try directory.openOwnStore(materials.configuration)
        let verifier = try await Verifier(materials, store: store, logger: logger)
        let portFile = try PortFile(portFile, logger: logger)
        let server = try VerifierServer(verifier, address: listen.flatMap { ListenAddress($0) }) { port in
            portFile.write(port)
        }
        try await Serving.untilStopped(
            server,
            with: [Reload(verifier: verifier, hangups: hangups, logger: logger)],
            stopSeconds: materials.configuration.limits.stopSeconds,
            logger: logger
        )
        try store.close()
        lock.release()
        logger.notice("stopped")
    }
}

/// Reads policy and trust lists again when told to; what cannot be read changes nothing.
struct Reload: Service {
    let verifier: Verifier
    let hangups: UnixSignalsSequence
    let logger: Logger

    func run() async throws {
        for await _ in hangups.cancelOnGracefulShutdown() {
            do {
                try await verifier.reloadPolicy()
            } catch {
                let hint = (error as? SetupError)?.hint ?? (error as? FileError)?.hint
                logger.error("the policy stays as it is", metadata: ["error": "\(error)", "hint": "\(hint ?? "")"])
            }
            verifier.reloadTrust()
        }
    }
}
