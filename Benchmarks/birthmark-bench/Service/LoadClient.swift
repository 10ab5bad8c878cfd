import Messages
import UpdateTrust
import VerifierClient

/// One of those who ask at the same time, over a connection of its own.
struct LoadClient {
    /// A part of carrying out an order, done by all clients before any begins with the next.
    enum Step: Sendable {
        /// Makes the devices, whose keys take longer than many a request.
        case prepare(LoadOrder)
        case ask(LoadOrder)
    }

    /// Its number among the clients, and how many there are.
    let number: Int
    let clients: Int
    let fleet: Fleet
    let server: VerifierClient
    private var members: [Int: FleetMember] = [:]

    init(_ number: Int, of clients: Int, fleet: Fleet, server: VerifierClient) {
        self.number = number
        self.clients = clients
        self.fleet = fleet
        self.server = server
    }

    /// - Returns: microseconds that each request waited.
    mutating func take(_ step: Step) async throws -> [Int] {
        switch step {
        case .prepare(let order):
            guard order.work != .statusList else { return [] }
            let known = members
            members = [:]
            for request in requests(of: order) {
                let device = order.device(of: request)
                if members[device] == nil { members[device] = try known[device] ?? FleetMember(device, of: fleet) }
            }
            return []
        case .ask(let order):
            var times: [Int] = []
            for request in requests(of: order) {
                times.append(Int(try await ask(order, order.device(of: request)) / .microseconds(1)))
                if order.pause > 0 {
                    try await Task.sleep(for: .microseconds(Int.random(in: 0...2000 * order.pause)))
                }
            }
            return times
        }
    }

    private func requests(of order: LoadOrder) -> StrideTo<Int> {
        stride(from: number, to: order.requests, by: clients)
    }

    private mutating func ask(_ order: LoadOrder, _ device: Int) async throws -> Duration {
        let start = ContinuousClock.now
        guard order.work != .statusList else {
            _ = try await server.statusList(limit: StatusListToken.maximumSize)
            return .now - start
        }
        guard var member = members[device] else { throw WrongResult(name: "device \(device)", wrong: 1, of: 1) }
        let purpose: Purpose = order.work == .grant ? .update : .attest
        let challenge = try await server.challenge(member.challengeRequest(purpose))
        let waited = ContinuousClock.now - start
        let evidence = try member.evidence(for: challenge, purpose)
        members[device] = member
        let sent = ContinuousClock.now
        let answer = try await server.decide(evidence)
        let time = waited + (.now - sent)
        guard (answer.grant != nil) == (purpose == .update) else {
            throw WrongResult(name: "a \(order.work.rawValue)", wrong: 1, of: 1)
        }
        return time
    }
}

extension ContinuousClock.Instant {
    fileprivate static var now: ContinuousClock.Instant { ContinuousClock.now }
}
