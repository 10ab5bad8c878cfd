import FoundationEssentials
import Hummingbird
import Logging
import Messages
import NIOCore

/// The connection's side of a request.
struct ConnectionContext: InitializableFromSource, Sendable {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Holds every request to the table: nothing that is not in it is done, and nobody whom it does not name does it.
struct Responder: HTTPResponder {
    let routes: [Route]
    /// Operators whose certificates count no more.
    let revoked: @Sendable () -> Set<Label>
    let limiter: RateLimiter
    /// For the bodies of those whom nobody has asked who they are.
    let room: BodyRoom
    /// For a body to be whole.
    let bodies: RequestDeadlines
    /// For the answer.
    let requests: RequestDeadlines
    let metrics: Metrics
    let logger: Logger
    let now: @Sendable () -> Date

    /// What one piece of evidence that is nobody's costs beyond the request itself.
    private static let garbageTokens = 4.0
    /// The bytes of a stranger's body that was good for nothing which cost as much as a further request.
    private static let bytesOfAToken = BodyRoom.free
    /// How long a client whose body was not read to its end has to take the answer.
    private static let lingering = TimeAmount.seconds(2)

    func respond(to request: Request, context: ConnectionContext) async -> Response {
        let start = ContinuousClock.now
        // A body that drips in resets every idle timeout; this one nothing resets.
        let channel = context.channel
        let timed = requests.begin(on: channel)
        defer { requests.end(timed) }

        let peer = PeerAddress(channel.remoteAddress)
        var route: Route?
        var caller: CallingOperator?
        var readToEnd = false
        var received = 0
        var held = 0
        var isTold = true
        // What is made of a body while it is judged takes memory, too.
        defer { room.leave(held, of: peer) }
        let answer: Answer
        var detail = ""
        do {
            guard limiter.admits(peer, now: Self.milliseconds(start)) else {
                metrics.count(.rateLimited)
                isTold = limiter.tells(of: peer, now: Self.milliseconds(start))
                throw ServiceProblem.tooManyRequests
            }
            let (found, parameters, query) = try find(request)
            route = found
            caller = try await admit(to: found, channel: channel)
            let body = try await collect(request, to: found, of: peer, on: channel, counting: &received, holding: &held)
            readToEnd = true
            answer = try await found.handler(
                Exchange(
                    target: request.head.path ?? "",
                    parameters: parameters,
                    query: query,
                    body: body,
                    caller: caller,
                    statement: Self.statement(request),
                    peer: peer,
                    address: PeerAddress.text(of: channel.remoteAddress)
                )
            )
        } catch let error as ServiceProblem {
            let price = Self.price(of: error, after: caller == nil ? received : 0)
            limiter.charge(peer, tokens: price, now: Self.milliseconds(start))
            detail = error.detail
            answer = Self.answer(error.problem)
        } catch {
            // What went wrong inside is the operator's business.
            detail = String(describing: error)
            answer = Self.answer(ServiceProblem.undecided("").problem)
        }

        let seconds = Self.seconds(ContinuousClock.now - start)
        let name = route.map { "\($0.method.rawValue) \($0.pattern)" } ?? "none"
        metrics.count(.requests, name, String(answer.status))
        metrics.observe(.requestSeconds, seconds, name)
        if isTold { log(name, request, answer, caller: caller, peer: peer, seconds: seconds, detail: detail) }
        return respond(with: answer, closing: readToEnd ? nil : channel)
    }

    /// What a request costs, beyond itself, that was good for nothing.
    /// - Parameter bytes: what was read, and perhaps judged, of a stranger's body.
    static func price(of problem: ServiceProblem, after bytes: Int) -> Double {
        let size = Double(bytes / bytesOfAToken)
        if problem.problem.kind == .notAuthentic || problem.isGarbage { return garbageTokens + size }
        return problem.problem.kind == .malformed || problem.problem.kind == .tooLarge ? size : 0
    }

    private func find(_ request: Request) throws -> (Route, [String: String], [String: String]) {
        let target = request.head.path ?? ""
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = parts.first else { throw ServiceProblem.notFound }
        for route in routes where route.method.rawValue == request.method.rawValue {
            guard let parameters = route.pattern.match(path) else { continue }
            return (route, parameters, try Self.query(parts.count > 1 ? parts[1] : ""))
        }
        throw ServiceProblem.notFound
    }

    private func admit(to route: Route, channel: any Channel) async throws -> CallingOperator? {
        guard case .operators(let roles) = route.callers else { return nil }
        guard let caller = await CallingOperator.of(channel, now: now()), !revoked().contains(caller.name) else {
            throw ServiceProblem.unauthenticated
        }
        guard !caller.roles.isDisjoint(with: roles) else { throw ServiceProblem.forbidden }
        return caller
    }

    private static let statementName = HTTPFields.Element.Name(SignedStatement.headerName)

    private static func statement(_ request: Request) -> String? {
        guard let name = statementName else { return nil }
        let values = request.headers[values: name]
        return values.count == 1 ? values.first : nil
    }

    private func collect(
        _ request: Request,
        to route: Route,
        of peer: PeerAddress,
        on channel: any Channel,
        counting received: inout Int,
        holding held: inout Int
    ) async throws -> [UInt8] {
        let timed = bodies.begin(on: channel)
        defer { bodies.end(timed) }
        let limit = route.bodyLimit
        if let length = request.headers[.contentLength], Int(length).map({ $0 > limit }) ?? true {
            throw ServiceProblem.tooLarge
        }
        var body: [UInt8] = []
        do {
            for try await piece in request.body {
                received = body.count + piece.readableBytes
                guard piece.readableBytes <= limit - body.count else { throw ServiceProblem.tooLarge }
                body += piece.readableBytesView
                guard case .anyone = route.callers else { continue }
                guard let taken = room.grown(to: body.count, from: held, of: peer) else {
                    throw ServiceProblem.busy("there is no room for more bodies")
                }
                held = taken
            }
        } catch let problem as ServiceProblem {
            throw problem
        } catch let error as CancellationError {
            throw error
        } catch {
            // Its framing is broken, or the peer went away in the middle of it.
            throw ServiceProblem.malformed("the body: \(error)")
        }
        return body
    }

    /// The most of a stranger's text that is put into the log.
    private static let shownBytes = 200

    /// Queries are short lists of plain words: `a=b&c=d`.
    private static func query(_ text: Substring) throws -> [String: String] {
        var query: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, query.updateValue(String(halves[1]), forKey: String(halves[0])) == nil else {
                throw ServiceProblem.malformed("query \(text.prefix(shownBytes).debugDescription)")
            }
        }
        return query
    }

    private static func answer(_ problem: Problem) -> Answer {
        Answer(
            status: problem.status,
            mediaType: Problem.mediaType,
            body: (try? CanonicalJSON.encode(problem)) ?? []
        )
    }

    private func respond(with answer: Answer, closing channel: (any Channel)?) -> Response {
        var headers: HTTPFields = [.contentType: answer.mediaType, .cacheControl: "no-store"]
        if answer.status == 429 || answer.status == 503 { headers[.retryAfter] = "1" }
        if let channel {
            // The rest of the body is not worth reading for long.
            headers[.connection] = "close"
            channel.eventLoop.scheduleTask(in: Self.lingering) { channel.close(promise: nil) }
        }
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: answer.file?.body ?? ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }

    private func log(
        _ route: String,
        _ request: Request,
        _ answer: Answer,
        caller: CallingOperator?,
        peer: PeerAddress,
        seconds: Double,
        detail: String
    ) {
        // What anybody may ask and got is told in numbers; a decision has a line of its own.
        let isUsual = answer.status == 200 && caller == nil
        let level: Logger.Level = answer.status >= 500 ? .error : isUsual ? .debug : .info
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [
            "route": "\(route)", "status": "\(answer.status)", "peer": "\(peer)",
            "ms": "\((seconds * 1_000_000).rounded() / 1000)",
        ]
        if let caller { metadata["operator"] = "\(caller.name)" }
        if !detail.isEmpty { metadata["detail"] = "\(detail)" }
        if route == "none" { metadata["path"] = "\((request.head.path ?? "").prefix(Self.shownBytes))" }
        logger.log(level: level, "request", metadata: metadata)
    }

    private static func milliseconds(_ instant: ContinuousClock.Instant) -> Int64 {
        Int64(seconds(epoch.duration(to: instant)) * 1000)
    }
    private static let epoch = ContinuousClock.now

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}
