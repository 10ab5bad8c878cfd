/// A peer that takes its time, by the part of a connection in which it does.
package enum SlowPeer: Sendable, CaseIterable {
    case silent
    case inTheHandshake
    case inTheHead
    case inTheBody
    case afterTheAnswer

    /// Connects, and goes on until the service has had enough.
    /// - Parameter path: takes a body of 1000 bytes, from whoever asks.
    package func outstay(_ edge: ProbedEdge, posting path: String) async throws {
        switch self {
        case .silent:
            try await RawConnection.open(edge, encrypted: false).waitUntilClosed()
        case .inTheHandshake:
            let connection = try await RawConnection.open(edge, encrypted: false)
            // The beginning of a ClientHello that never ends; on a slow machine the connection may be closed before it is out.
            connection.offer([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03])
            try await connection.drip(0x00)
        case .inTheHead:
            try await dripping(0x61, after: "POST \(path) HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", at: edge)
        case .inTheBody:
            try await dripping(
                0x20,
                after: "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n",
                at: edge
            )
        case .afterTheAnswer:
            // The answer is 404 at once; the body that is announced goes on and on.
            try await dripping(
                0x20,
                after: "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n",
                at: edge
            )
        }
    }

    /// All of them at once.
    package static func outstay(_ edge: ProbedEdge, posting path: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for peer in allCases { group.addTask { try await peer.outstay(edge, posting: path) } }
            try await group.waitForAll()
        }
    }

    private func dripping(_ byte: UInt8, after beginning: String, at edge: ProbedEdge) async throws {
        let connection = try await RawConnection.open(edge, encrypted: true)
        connection.offer(beginning)
        try await connection.drip(byte)
    }
}
