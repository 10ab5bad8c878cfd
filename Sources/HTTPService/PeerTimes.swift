/// How long a peer may take; the same at every service, because who drips can do so at any of them.
public struct PeerTimes: Hashable, Sendable {
    /// Seconds that a connection may say nothing, and that its handshake and the head of a request may take, however they drip.
    public var idleSeconds: Int
    /// Seconds from the head of a request to the last byte of its body.
    public var bodySeconds: Int
    /// Seconds from the head of a request to the answer.
    public var requestSeconds: Int
    /// Seconds that a peer may take to read a piece of what it was sent.
    public var readingSeconds: Int

    /// Times that suit messages of some kilobytes, and services that answer at once.
    public init(idleSeconds: Int = 30, bodySeconds: Int = 30, requestSeconds: Int = 30, readingSeconds: Int = 30) {
        self.idleSeconds = idleSeconds
        self.bodySeconds = bodySeconds
        self.requestSeconds = requestSeconds
        self.readingSeconds = readingSeconds
    }
}
