import DurableFiles
import Messages

/// A gateway at the other end of a serial line, one exchange at a time.
struct LineTransport: Sendable {
    let path: String

    /// The prefix of an address that is a line.
    static let scheme = "line:"

    /// Asks, and waits for the answer to this request; what belongs to an earlier one is passed over.
    func exchange(
        _ route: String,
        body: [UInt8],
        seconds: Int64
    ) async throws(VerifierClientError) -> LineAnswer {
        let request = LineRequest(id: Int64.random(in: 1...(1 << 52)), path: route, body: Blob(body))
        do {
            let bytes = try CanonicalJSON.encode(request)
            let line = try CharacterLine(opening: path)
            line.forget()
            return try await withThrowingTaskGroup(of: LineAnswer.self) { group in
                group.addTask {
                    // What a wire that was just plugged in has sent before is a line of its own, and none of ours.
                    try await line.write([])
                    try await line.write(bytes)
                    var lines = line.lines(limit: LineAnswer.maximumSize)
                    while let next = try await lines.next() {
                        if let answer = try? LineAnswer(parsing: next), answer.id == request.id { return answer }
                    }
                    throw VerifierClientError.unreachable(url: url, "the line was closed")
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    throw VerifierClientError.timedOut(url: url)
                }
                defer { group.cancelAll() }
                guard let answer = try await group.next() else { throw VerifierClientError.timedOut(url: url) }
                return answer
            }
        } catch let error as VerifierClientError {
            throw error
        } catch {
            throw .unreachable(url: url, "\(error)")
        }
    }

    private var url: String { Self.scheme + path }
}
