import AsyncHTTPClient
public import Messages
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Speaks to one verifier: TLS 1.3, the roots of the trust bundle and no others, bounded in size and time.
public struct VerifierClient: Sendable {
    /// How long things may take.
    public struct Limits: Sendable {
        /// Seconds for the connection and its handshake.
        public var connect: Int64
        /// Seconds for one whole exchange, from the request's first byte to the answer's last.
        public var exchange: Int64
        /// Attempts of an exchange that changes nothing.
        public var attempts: Int

        /// A verifier answers in milliseconds; a device on a bad radio link needs more.
        public init(connect: Int64 = 10, exchange: Int64 = 30, attempts: Int = 3) {
            self.connect = connect
            self.exchange = exchange
            self.attempts = attempts
        }
    }

    /// How requests get there.
    private enum Transport: Sendable {
        case https(HTTPClient)
        case line(LineTransport)
    }

    private let transport: Transport
    let url: String
    private let limits: Limits
    private let signatory: Signatory?

    /// Who signs what this client has done, and to whom.
    private struct Signatory: Sendable {
        var identity: OperatorIdentity
        var verifier: Label
    }

    /// Runs `body` with a client, and closes its connections whatever happens.
    /// - Throws: `VerifierClientError.unusable`, or what `body` throws.
    public static func with<Result: Sendable>(
        _ trust: TrustBundle,
        identity: OperatorIdentity? = nil,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        try await with(
            url: trust.url,
            tlsRoots: trust.tlsRoots,
            identity: identity,
            verifier: Label(trust.verifier),
            limits: limits,
            body
        )
    }

    /// The same for a gateway, which answers an instance without a TPM like a verifier.
    public static func with<Result: Sendable>(
        _ gateway: GatewayContact,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        if let path = gateway.line {
            return try await body(VerifierClient(LineTransport(path: path), limits: limits))
        }
        return try await with(url: gateway.url, tlsRoots: gateway.tlsRoots, identity: nil, limits: limits, body)
    }

    /// The same for whoever stands at an address: only roots in PEM are believed about who that is.
    /// - Parameter verifier: for whom acts are signed; `nil` where nobody takes any.
    /// - Parameter tlsRoots: `nil` where nothing is believed of whoever answers, and so it is not asked who that is.
    static func with<Result: Sendable>(
        url: String,
        tlsRoots: String?,
        identity: OperatorIdentity?,
        verifier: Label? = nil,
        limits: Limits = Limits(),
        _ body: (VerifierClient) async throws -> Result
    ) async throws -> Result {
        let client = try VerifierClient(
            url: url,
            tlsRoots: tlsRoots,
            identity: identity,
            verifier: verifier,
            limits: limits
        )
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await body(client))
        } catch {
            result = .failure(error)
        }
        if case .https(let http) = client.transport { try? await http.shutdown() }
        return try result.get()
    }

    private init(
        url given: String,
        tlsRoots: String?,
        identity: OperatorIdentity?,
        verifier: Label?,
        limits: Limits
    ) throws(VerifierClientError) {
        guard given.hasPrefix("https://") else { throw .unusable("\"\(given)\" does not begin with https://") }
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv13
        tls.certificateVerification = tlsRoots == nil ? .none : .fullVerification
        if let tlsRoots {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(tlsRoots.utf8)))
            } catch {
                throw .unusable("\"tlsRoots\", the CA certificates for \(given), are not certificates in PEM")
            }
        }
        if let identity {
            tls.certificateChain = identity.chain.map { .certificate($0) }
            tls.privateKey = .privateKey(identity.key)
        }
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls, redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(limits.connect)
        configuration.timeout.read = .seconds(limits.exchange)
        // Its own retries would hide for the whole connect timeout that nobody listens.
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.httpVersion = .http1Only
        transport = .https(HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration))
        var url = given
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        self.limits = limits
        signatory = identity.flatMap { identity in
            verifier.map { Signatory(identity: identity, verifier: $0) }
        }
    }

    private init(_ line: LineTransport, limits: Limits) {
        transport = .line(line)
        url = LineTransport.scheme + line.path
        self.limits = limits
        signatory = nil
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
        let answer: Answer
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
            throw problem(Answer(status: .init(statusCode: answer.status), body: answer.body.bytes))
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
                        throw problem(Answer(status: response.status, body: bytes))
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

    private struct Answer: Sendable {
        var status: HTTPResponseStatus
        var body: [UInt8]
    }

    /// The library's own deadline ends with the answer's head, so a body that drips would have none.
    private func perform(
        _ request: HTTPClientRequest,
        with http: HTTPClient,
        limit: Int
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask {
                let response = try await http.execute(request, timeout: .seconds(limits.exchange))
                var body = try await response.body.collect(upTo: limit)
                return Answer(status: response.status, body: body.readBytes(length: body.readableBytes) ?? [])
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

    private func problem(_ answer: Answer) -> VerifierClientError {
        guard let problem = try? CanonicalJSON.decode(Problem.self, from: answer.body, limit: Problem.maximumSize),
            problem.kind != nil, problem.status == Int(answer.status.code)
        else { return .malformedAnswer("status \(answer.status.code) without a problem document") }
        return .problem(problem)
    }
}
