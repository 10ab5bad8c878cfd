import AsyncHTTPClient
import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// How a request goes out and its answer comes back: bounded in time and size, and asked again only when that changes nothing.
extension VerifierClient {
    /// Asks for a message.
    /// - Parameter limit: the most bytes of the answer.
    func get<Answer: Codable>(_ path: String, limit: Int) async throws(VerifierClientError) -> Answer {
        try decoded(try await exchange(path, isRepeatable: true, limit: limit), limit: limit)
    }

    /// Says a message, and is answered with one.
    /// - Parameters:
    ///   - limit: the most bytes of the answer.
    ///   - isRepeatable: whether saying it twice does no more than saying it once.
    func post<Answer: Codable>(
        _ path: String,
        _ message: some Encodable,
        limit: Int,
        isRepeatable: Bool = false
    ) async throws(VerifierClientError) -> Answer {
        let body: [UInt8]
        do {
            body = try CanonicalJSON.encode(message)
        } catch {
            throw .unusable(error.detail)
        }
        return try decoded(try await exchange(path, body: body, isRepeatable: isRepeatable, limit: limit), limit: limit)
    }

    private func decoded<Answer: Codable>(_ bytes: [UInt8], limit: Int) throws(VerifierClientError) -> Answer {
        do {
            return try CanonicalJSON.decode(Answer.self, from: bytes, limit: limit)
        } catch {
            throw .malformedAnswer(error.detail)
        }
    }

    /// One exchange, or several when it changes nothing at the verifier and the fault may pass.
    /// - Parameter limit: the most bytes of the answer.
    /// - Returns: the answer's bytes.
    func exchange(
        _ path: String,
        body: [UInt8]? = nil,
        isRepeatable: Bool,
        limit: Int
    ) async throws(VerifierClientError) -> [UInt8] {
        var attempt = 1
        while true {
            do throws(VerifierClientError) {
                return try await once(path, body: body, limit: limit)
            } catch {
                guard isRepeatable, error.isPassing, attempt < limits.attempts else { throw error }
            }
            // 0.2 s, 0.8 s, 3.2 s, each up to half longer, so that a fleet does not come back all at once.
            let pause = 200 << (2 * min(attempt - 1, 4))
            do {
                try await Task.sleep(for: .milliseconds(pause + Int.random(in: 0...(pause / 2))))
            } catch {
                throw .timedOut(url: url)
            }
            attempt += 1
        }
    }

    private func once(
        _ path: String,
        body: [UInt8]?,
        limit: Int
    ) async throws(VerifierClientError) -> [UInt8] {
        let http: HTTPClient
        switch transport {
        case .https(let client): http = client
        case .line(let line): return try await once(path, body: body ?? [], limit: limit, over: line)
        }
        var request = HTTPClientRequest(url: url + path)
        if let body {
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: body))
            // Anew each time: a statement counts once.
            if let signatory, RequestedAct(path: path) != nil {
                let statement = try signatory.identity.statement(to: signatory.verifier, path: path, body: body)
                request.headers.add(name: SignedStatement.headerName, value: statement)
            }
        }
        let answer: Received
        do {
            answer = try await perform(request, with: http, limit: max(limit, Problem.maximumSize))
        } catch {
            throw fault(error)
        }
        guard answer.status == .ok || answer.status == .created else {
            throw problem(answer)
        }
        guard answer.body.count <= limit else { throw .malformedAnswer("more than \(limit) bytes") }
        return answer.body
    }

    private func once(
        _ path: String,
        body: [UInt8],
        limit: Int,
        over line: LineTransport
    ) async throws(VerifierClientError) -> [UInt8] {
        let answer = try await line.exchange(path, body: body, seconds: limits.exchange)
        guard answer.status == 200 else {
            throw problem(Received(status: .init(statusCode: answer.status), body: answer.body.bytes))
        }
        guard answer.body.bytes.count <= limit else { throw .malformedAnswer("more than \(limit) bytes") }
        return answer.body.bytes
    }

    /// One exchange of plain text whose answer says what came of it by its status.
    /// - Parameter limit: the most bytes of the answer.
    func say(
        _ path: String,
        _ body: [UInt8],
        limit: Int
    ) async throws(VerifierClientError) -> (status: Int, body: [UInt8]) {
        guard case .https(let http) = transport else {
            throw .unusable("a witness is reached over HTTPS, and not over a line")
        }
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "content-type", value: "text/plain; charset=utf-8")
        request.body = .bytes(ByteBuffer(bytes: body))
        do {
            let answer = try await perform(request, with: http, limit: limit)
            return (Int(answer.status.code), answer.body)
        } catch {
            throw fault(error)
        }
    }

    /// Fetches a body piece by piece: as long as pieces come, and no longer than a slow link needs for all of it.
    /// - Parameters:
    ///   - range: the value of a `Range` header.
    ///   - limit: the most bytes.
    ///   - begin: is given the status before the first piece.
    func stream(
        _ path: String,
        range: String?,
        limit: UInt64,
        begin: @escaping @Sendable (HTTPResponseStatus) throws -> Void = { _ in },
        keep: @escaping @Sendable ([UInt8]) throws -> Void
    ) async throws {
        guard case .https(let http) = transport else {
            throw VerifierClientError.unusable("packages do not come over a line: give the package as a file")
        }
        var request = HTTPClientRequest(url: url + path)
        if let range { request.headers.add(name: "range", value: range) }
        let seconds = limits.exchange + Int64(clamping: limit / Self.slowestLink)
        try await withThrowingTaskGroup(of: Void.self) { [request] group in
            group.addTask {
                do {
                    let response = try await http.execute(request, timeout: .seconds(limits.exchange))
                    guard response.status == .ok || response.status == .partialContent else {
                        var body = try await response.body.collect(upTo: Problem.maximumSize)
                        let bytes = body.readBytes(length: body.readableBytes) ?? []
                        throw problem(Received(status: response.status, body: bytes))
                    }
                    try begin(response.status)
                    var count: UInt64 = 0
                    for try await var piece in response.body {
                        count += UInt64(piece.readableBytes)
                        guard count <= limit else {
                            throw VerifierClientError.malformedAnswer("more than \(limit) bytes")
                        }
                        try keep(piece.readBytes(length: piece.readableBytes) ?? [])
                    }
                } catch let error as HTTPClientError { throw fault(error) } catch let error as NIOSSLError {
                    throw fault(error)
                } catch let error as NIOConnectionError { throw fault(error) }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw VerifierClientError.timedOut(url: url)
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Bytes a second: a modem.
    private static let slowestLink: UInt64 = 1024

    private struct Received: Sendable {
        var status: HTTPResponseStatus
        var body: [UInt8]
    }

    /// The library's own deadline ends with the answer's head, so a body that drips would have none.
    private func perform(
        _ request: HTTPClientRequest,
        with http: HTTPClient,
        limit: Int
    ) async throws -> Received {
        try await withThrowingTaskGroup(of: Received?.self) { group in
            group.addTask {
                let response = try await http.execute(request, timeout: .seconds(limits.exchange))
                var body = try await response.body.collect(upTo: limit)
                return Received(status: response.status, body: body.readBytes(length: body.readableBytes) ?? [])
            }
            group.addTask {
                try await Task.sleep(for: .seconds(limits.exchange))
                return nil
            }
            defer { group.cancelAll() }
            guard case .some(.some(let answer)) = try await group.next() else {
                throw VerifierClientError.timedOut(url: url)
            }
            return answer
        }
    }

    private func problem(_ answer: Received) -> VerifierClientError {
        guard let problem = try? CanonicalJSON.decode(Problem.self, from: answer.body, limit: Problem.maximumSize),
            problem.kind != nil, problem.status == Int(answer.status.code)
        else { return .malformedAnswer("status \(answer.status.code) without a problem document") }
        return .problem(problem.inPlainLines)
    }
}
