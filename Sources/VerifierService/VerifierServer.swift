import Crypto
import FoundationEssentials
public import HTTPService
import Logging
public import ServiceLifecycle
import VerifierStore

/// The HTTPS service over a verifier: one listener, TLS 1.3, client certificates where the route wants one.
public struct VerifierServer: Service {
    private let verifier: Verifier
    private let address: ListenAddress
    private let onListening: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - address: where to listen instead of where the configuration says.
    ///   - onListening: called with the port once connections are accepted.
    public init(
        _ verifier: Verifier,
        address: ListenAddress? = nil,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.verifier = verifier
        self.address = try verifier.materials.configuration.address(unless: address)
        self.onListening = onListening
    }

    /// Serves until it is told to stop; then finishes what is under way and remembers the ledger's last checkpoint.
    /// - Throws: `SetupError`: port in use, certificate expired.
    public func run() async throws {
        let materials = verifier.materials
        try materials.checkValidity(at: verifier.clock.date)
        await verifier.removePreviousLedgerKey()
        let server = HTTPSServer(
            routes: RouteTable.routes(of: verifier),
            identity: EdgeIdentity(
                certificate: materials.tlsCertificate,
                key: Array(materials.tlsKey.pemRepresentation.utf8),
                callerAuthority: materials.operatorCA,
                revoked: { [trust = verifier.trust] in trust.now.revokedOperators }
            ),
            address: address,
            limits: materials.configuration.limits.edge,
            metrics: verifier.metrics,
            logger: verifier.logger,
            now: { [clock = verifier.clock] in clock.date },
            configuration: materials.directory.configuration,
            rereading: "SIGHUP reads policy and trust lists again, a restart \(materials.directory.configuration)",
            renewal: "\(VerifierMaterials.renewal(of: materials.directory)), then restart the service"
        )
        let witnesses: [any Service] = materials.witnesses.map { witness in
            WitnessAsker(witness: witness, cosignatures: verifier.cosignatures, store: verifier.store)
        }
        try await server.run(
            with: [
                CheckpointKeeper(verifier: verifier), FileKeeper { [trust = verifier.trust] in trust.look() },
                Sweeper(verifier: verifier),
            ] + witnesses,
            onListening: onListening
        )
    }
}

/// Keeps the latest checkpoint beside the database: once a second while it moves, and when the service ends.
private struct CheckpointKeeper: Service {
    let verifier: Verifier

    func run() async throws {
        let keeper = LedgerGuard(materials: verifier.materials, store: verifier.store)
        try await keeper.rememberCheckpoint()
        try? await cancelWhenGracefulShutdown {
            var last = try await verifier.store.ledgerHead().size
            while true {
                try await Task.sleep(for: .seconds(1))
                guard let size = try? await verifier.store.ledgerHead().size, size != last else { continue }
                if await isKept(by: keeper) { last = size }
            }
        }
        // Also when the service ends because something failed: this must not be cancelled with it.
        _ = await Task { await isKept(by: keeper) }.value
    }

    private func isKept(by keeper: LedgerGuard) async -> Bool {
        do {
            try await keeper.rememberCheckpoint()
            return true
        } catch {
            verifier.logger.error(
                "the last checkpoint cannot be kept",
                metadata: [
                    "error": "\(error)",
                    "hint": "the service goes on, and tries again each second: see that its directory can be written",
                ]
            )
            return false
        }
    }
}
