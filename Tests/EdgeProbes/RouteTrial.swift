package import HTTPService
import Messages

/// A service's table of routes, and what the service really does.
package struct RouteTrial: Sendable {
    private let edge: ProbedEdge
    private let routes: [Route]

    /// What came of asking for a route.
    package struct Asked: Sendable {
        package var route: Route
        package var reply: EdgeClient.Reply
    }

    package init(_ routes: [Route], at edge: ProbedEdge) {
        self.edge = edge
        self.routes = routes
    }

    /// A line for each route, which says who may call it: `GET /healthz by anyone`.
    package var table: [String] {
        routes.map { route in
            let callers =
                switch route.callers {
                case .anyone: "anyone"
                case .operators(let roles): roles.map(\.rawValue).sorted().joined(separator: " or ")
                }
            return "\(route.method.rawValue) \(route.pattern) by \(callers)"
        }
    }

    /// Asks for every route.
    /// - Parameter identity: certificate chain and key (PEM) of whoever asks.
    package func askForAll(as identity: (certificate: [UInt8], key: [UInt8])? = nil) async throws -> [Asked] {
        var asked: [Asked] = []
        for route in routes {
            let body = route.method == .post ? Array("{}".utf8) : []
            let reply = try await EdgeClient.ask(
                edge.asked(by: identity),
                route.method.rawValue,
                Self.path(of: route),
                body
            )
            asked.append(Asked(route: route, reply: reply))
        }
        return asked
    }

    /// Asks for what is near the routes and not in the table: other methods, other spellings, what would be above and below.
    /// - Returns: what was asked for and is there nevertheless.
    package func strays() async throws -> [String] {
        let paths = routes.map(Self.path)
        let spellings = paths.flatMap { [$0 + "/", "/" + $0, $0.uppercased(), $0 + "/x", $0 + "%00"] }
        var asked = Set(paths + spellings + ["/", "/v1", "/v1/"]).map { ("GET", $0) }
        for path in Set(paths) { asked += ["POST", "PUT", "DELETE", "OPTIONS"].map { ($0, path) } }
        var there: [String] = []
        for (method, path) in asked.sorted(by: { $0 < $1 }) where !isInTable(method, path) {
            let reply = try await EdgeClient.ask(edge, method, path)
            if reply.status != 404 || reply.problem?.kind != .notFound { there.append("\(method) \(path)") }
        }
        return there
    }

    private func isInTable(_ method: String, _ path: String) -> Bool {
        routes.contains { $0.method.rawValue == method && $0.pattern.match(path[...]) != nil }
    }

    /// A path that the pattern matches.
    private static func path(of route: Route) -> String {
        route.pattern.description.split(separator: "/").map { $0.hasPrefix("{") ? "7" : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }
}
