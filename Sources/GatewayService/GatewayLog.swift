import DurableFiles
import FoundationEssentials
public import Messages
import Synchronization

/// What a gateway's children last asked, for `birthmark-gateway status`.
public struct GatewayStatus: Codable, Hashable, Sendable {
    /// The format; 1 is the only one.
    public var formatVersion = 1
    /// The children, by instance.
    public var children: [Child]

    /// One child's latest contact.
    public struct Child: Codable, Hashable, Sendable {
        /// The instance that it said it is.
        public var instance: InstanceID
        /// When, in seconds since 1970.
        public var at: Int64
        /// What for.
        public var purpose: Purpose
        /// `accepted`, the first reason of a refusal, or `not-passed-on`.
        public var outcome: String
        /// From where.
        public var address: Label?
    }

    /// The most bytes of the file.
    public static let maximumSize = 4 << 20
    /// More children than this are not remembered, the longest silent first.
    static let maximumChildren = 10_000

    /// Reads the file.
    public init(parsing bytes: [UInt8]) throws(MessageError) {
        self = try CanonicalJSON.decode(GatewayStatus.self, from: bytes, limit: Self.maximumSize)
    }

    init() { children = [] }
}

/// Keeps the status, and writes it at most once a second: it is for people, and may lose the last second.
final class GatewayLog: Sendable {
    private let path: String
    private let state = Mutex((status: [InstanceID: GatewayStatus.Child](), isDirty: false))

    init(_ path: String) {
        self.path = path
        guard let bytes = try? BoundedFile.readIfThere(path, limit: GatewayStatus.maximumSize),
            let status = try? GatewayStatus(parsing: bytes)
        else { return }
        state.withLock { state in
            for child in status.children { state.status[child.instance] = child }
        }
    }

    func note(_ request: CompensatedRequest, _ observed: ChildObservation, _ outcome: String) {
        let child = GatewayStatus.Child(
            instance: request.instance,
            at: Int64(Date.now.timeIntervalSince1970),
            purpose: request.purpose,
            outcome: String(outcome.prefix(64)),
            address: observed.address
        )
        state.withLock { state in
            if state.status.count >= GatewayStatus.maximumChildren, state.status[child.instance] == nil,
                let oldest = state.status.values.min(by: { $0.at < $1.at })
            {
                state.status[oldest.instance] = nil
            }
            state.status[child.instance] = child
            state.isDirty = true
        }
    }

    /// Writes what is new since it was last written.
    func write() throws {
        var status = GatewayStatus()
        let isNew = state.withLock { state in
            defer { state.isDirty = false }
            status.children = state.status.values.sorted { $0.instance < $1.instance }
            return state.isDirty
        }
        if isNew { try AtomicFile.write(try CanonicalJSON.encode(status), to: path) }
    }
}
