import HTTPService
import Ledger
import Logging
import ServiceLifecycle
import VerifierClient
import VerifierStore

/// Asks one witness, for as long as the service runs: nobody waits for it here, and a witness that is gone costs the others nothing.
struct WitnessAsker: Service {
    let witness: LedgerWitness
    let cosignatures: Cosignatures
    let store: any VerifierStore

    /// The longest that a witness is left alone after it failed.
    private static let longestPause = Duration.seconds(60)
    private static let limits = VerifierClient.Limits(connect: 5, exchange: 10, attempts: 1)

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            do {
                try await VerifierClient.with(
                    ledgerWitnessAt: witness.url,
                    tlsRoots: witness.tlsRoots,
                    limits: Self.limits
                ) { client in try await ask(client) }
            } catch let error as VerifierClientError {
                await cosignatures.failed(witness.key, .unreachable(error.description(asking: .witness)))
                // A service that ended would end the others.
                while true { try await Task.sleep(for: Self.longestPause) }
            }
        }
    }

    private func ask(_ client: VerifierClient) async throws {
        var size = await cosignatures.standing(of: witness.key).size
        var pause = Duration.seconds(1)
        while true {
            try Task.checkCancellation()
            let trouble: WitnessTrouble
            do {
                let checkpoint = try await cosignatures.next(for: witness.key)
                try await offer(checkpoint, from: &size, client)
                pause = .seconds(1)
                continue
            } catch let error as CancellationError {
                throw error
            } catch let error as WitnessTrouble {
                trouble = error
            } catch let error as VerifierClientError {
                trouble = .unreachable(error.description(asking: .witness))
            } catch {
                trouble = .unreachable("\(error)")
            }
            await cosignatures.failed(witness.key, trouble)
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
        }
    }

    /// Offers a checkpoint; who stands elsewhere is asked once more from there.
    private func offer(_ checkpoint: SignedCheckpoint, from size: inout Int, _ client: VerifierClient) async throws {
        let offered = checkpoint.claimed.size
        for _ in 0..<2 {
            guard size <= offered, let path = try await AwaitedTree(store, size: offered).consistencyPath(from: size)
            else {
                let trouble = WitnessTrouble.elsewhere(size: size)
                // Whether it is ahead still, it is asked next time.
                size = 0
                throw trouble
            }
            let request = AddCheckpoint(oldSize: size, path: path, checkpoint: checkpoint)
            switch try await client.addCheckpoint(request.bytes) {
            case .cosigned(let lines):
                try await cosignatures.took(lines, from: witness.key, over: checkpoint)
                size = offered
                return
            case .otherSize(let seen) where seen == size:
                throw WitnessTrouble.forked(status: 409, size: seen)
            case .otherSize(let seen):
                let head = try await store.ledgerHead().size
                guard seen <= head else { throw WitnessTrouble.ahead(seen: seen, size: head) }
                size = seen
            case .refused(let status) where status == 422: throw WitnessTrouble.forked(status: status, size: size)
            case .refused(let status): throw WitnessTrouble.refused(status: status)
            }
        }
        throw WitnessTrouble.elsewhere(size: size)
    }
}
