import DurableFiles
import Glibc
import Messages
import Testing
import VerifierClient

/// A serial line, played by a pseudo-terminal: what a device asks at one end, a gateway answers at the other.
@Suite struct LineTests {
    /// Both ends: a descriptor, and the path of the other.
    private struct Terminal {
        let descriptor: CInt
        let path: String

        // tty_ioctl(4): TIOCSPTLCK and TIOCGPTN, which are macros.
        private static let unlock: UInt = 0x4004_5431
        private static let number: UInt = 0x8004_5430

        init() throws {
            descriptor = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
            try #require(descriptor >= 0)
            var (lock, number): (CInt, CUnsignedInt) = (0, 0)
            let isUnlocked = unsafe ioctl(descriptor, Self.unlock, &lock) == 0
            let isNumbered = unsafe ioctl(descriptor, Self.number, &number) == 0
            try #require(isUnlocked && isNumbered)
            path = "/dev/pts/\(number)"
        }
    }

    private static let challenge = ChallengeRequest(instance: InstanceID(iakName: [1]), purpose: .attest)

    /// Asks for a challenge over the line, while `answer` says what comes back for each line that is a request.
    private func ask(
        limits: VerifierClient.Limits = .init(exchange: 120, attempts: 1),
        _ answer: @escaping @Sendable (LineRequest) throws -> [[UInt8]]
    ) async throws -> ChallengeAnswer {
        let terminal = try Terminal()
        let line = try CharacterLine(input: terminal.descriptor, output: terminal.descriptor)
        let serving = Task {
            var lines = line.lines(limit: LineRequest.maximumSize)
            while let next = try await lines.next() {
                guard let request = try? LineRequest(parsing: next) else { continue }
                for bytes in try answer(request) { try await line.write(bytes) }
            }
        }
        defer { serving.cancel() }
        let contact = try #require(GatewayContact(line: "line:" + terminal.path))
        return try await VerifierClient.with(contact, limits: limits) { client in
            try await client.challenge(Self.challenge)
        }
    }

    private static func good(_ request: LineRequest, id: Int64? = nil) throws -> [UInt8] {
        let answer = ChallengeAnswer(
            challenge: "AAECAw",
            expires: 1,
            selection: try #require(PCRSet(bank: .sha256, pcrs: 0..<10)),
            holdsLog: false
        )
        let body = Blob(try CanonicalJSON.encode(answer))
        return try CanonicalJSON.encode(LineAnswer(id: id ?? request.id, status: 200, body: body))
    }

    @Test func whatIsAskedIsAnswered() async throws {
        let answer = try await ask { request in
            #expect(request.path == "/v1/challenges")
            #expect(request.body.bytes == (try CanonicalJSON.encode(Self.challenge)))
            return [try Self.good(request)]
        }
        #expect(answer.challenge == "AAECAw")
    }

    @Test func noiseAndLateAnswersArePassedOver() async throws {
        let answer = try await ask { request in
            [
                Array("login: ".utf8), [0xFF, 0x00, 0x13], [UInt8](repeating: 0x41, count: 200_000),
                try Self.good(request, id: request.id + 1), try Self.good(request),
            ]
        }
        #expect(answer.challenge == "AAECAw")
    }

    @Test func aProblemIsOneOverALineToo() async throws {
        let problem = Problem(.undecided, title: "Ask again.", status: 503)
        let error = await #expect(throws: VerifierClientError.self) {
            try await ask { request in
                let body = Blob(try CanonicalJSON.encode(problem))
                return [try CanonicalJSON.encode(LineAnswer(id: request.id, status: 503, body: body))]
            }
        }
        guard case .problem(let told)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(told == problem)
    }

    @Test func aLineThatSaysNothingIsGivenUp() async throws {
        let error = await #expect(throws: VerifierClientError.self) {
            try await ask(limits: .init(exchange: 1, attempts: 1)) { _ in [] }
        }
        guard case .timedOut? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    /// Who talks faster than he is listened to must not outlast the time of an exchange.
    @Test func aLineThatNeverFallsSilentIsGivenUpToo() async throws {
        var ends: [CInt] = [-1, -1]
        let isMade = unsafe pipe(&ends) == 0
        try #require(isMade)
        let line = try CharacterLine(input: ends[0], output: ends[1])
        try await line.write([UInt8](repeating: UInt8(ascii: "\n"), count: 1000))
        let listening = Task {
            while !Task.isCancelled { await Task.yield() }
            var lines = line.lines(limit: LineRequest.maximumSize)
            return try await lines.next()
        }
        listening.cancel()
        await #expect(throws: CancellationError.self) { try await listening.value }
    }

    /// What came before is thrown away, and more may come before that has an end.
    @Test func aLineThatIsNeverReadToItsEndIsGivenUp() async throws {
        let contact = try #require(GatewayContact(line: "line:/dev/zero"))
        let error = await #expect(throws: VerifierClientError.self) {
            try await VerifierClient.with(contact, limits: .init(exchange: 1, attempts: 1)) {
                try await $0.challenge(Self.challenge)
            }
        }
        guard case .timedOut? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func aLineThatIsNotThereIsSaid() async throws {
        let contact = try #require(GatewayContact(line: "line:/dev/no-such-line"))
        let error = await #expect(throws: VerifierClientError.self) {
            try await VerifierClient.with(contact, limits: .init(attempts: 1)) {
                try await $0.challenge(Self.challenge)
            }
        }
        guard case .unreachable? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(GatewayContact(line: "line:ttyS0") == nil && GatewayContact(line: "/dev/ttyS0") == nil)
    }
}
