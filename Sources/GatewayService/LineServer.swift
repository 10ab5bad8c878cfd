public import DurableFiles
import HTTPService
import Messages

/// The local side of a gateway over a serial line: one child at the other end, one request at a time.
public struct LineServer: Sendable {
    private let gateway: Gateway
    private let line: CharacterLine

    /// - Parameter line: where the child speaks.
    public init(_ gateway: Gateway, _ line: CharacterLine) {
        self.gateway = gateway
        self.line = line
    }

    /// Serves until the line is closed.
    public func run() async throws {
        var lines = line.lines(limit: LineRequest.maximumSize)
        while let next = try await lines.next() {
            // Noise of a wire is no request; whoever asked asks again.
            guard let request = try? LineRequest(parsing: next) else { continue }
            let (status, body) = await answer(request)
            let answer = LineAnswer(id: request.id, status: status, body: Blob(body))
            try await line.write(try CanonicalJSON.encode(answer))
            gateway.keepStatus()
        }
    }

    private func answer(_ request: LineRequest) async -> (status: Int, body: [UInt8]) {
        do {
            let answer = try await gateway.answer(path: request.path, body: request.body.bytes)
            return (answer.status, answer.body)
        } catch {
            let problem = (error as? ServiceProblem ?? .undecided("\(error)")).problem
            return (problem.status, (try? CanonicalJSON.encode(problem)) ?? [])
        }
    }
}

extension Gateway {
    /// What a route answers whose body is one message.
    func answer(path: String, body: [UInt8]) async throws -> Answer {
        let parts = path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var found: (route: Route, parameters: [String: String])?
        for route in lineRoutes {
            if let parameters = route.pattern.match(Substring(parts[0])) { found = (route, parameters) }
        }
        guard let (route, parameters) = found else { throw ServiceProblem.notFound }
        guard body.count <= route.bodyLimit else { throw ServiceProblem.tooLarge }
        let wantsResult = parts.count > 1
        guard !wantsResult || parts[1] == "result=ear" else { throw ServiceProblem.malformed("query \(parts[1])") }
        return try await route.answer(
            Exchange(
                target: path,
                parameters: parameters,
                query: wantsResult ? ["result": "ear"] : [:],
                body: body,
                caller: nil,
                peer: PeerAddress(nil),
                address: nil
            )
        )
    }

    private static let ofLines = [
        "/v1/challenges", "/v1/compensated-decisions", "/v1/compensated-farewells", "/v1/trust/{version}",
    ]

    /// Packages do not go over a line.
    private var lineRoutes: [Route] {
        routes.filter { Self.ofLines.contains($0.pattern.description) }
    }
}
