import AttestationResults
import Compression
import Crypto
import Messages
import UpdateTrust
import VerifierClient

/// The status list of a record: making and signing it, its size, and a request for one that was made before.
enum StatusListBench {
    private static let makings = 8
    private static let requests = 400

    /// The list, for the bare server.
    static func list(of service: RunningService) async throws -> [String: [UInt8]] {
        [StatusListClaims.path: try await fetched(service)]
    }

    private static func fetched(_ service: RunningService) async throws -> [UInt8] {
        try await VerifierClient.with(service.trust) { try await $0.statusList(limit: StatusListToken.maximumSize) }
    }

    static func measure(
        _ name: String,
        _ service: RunningService,
        _ fleet: LoadProcess
    ) async throws -> [Measurement] {
        let token = try await fetched(service)
        let claims = try StatusListToken.verify(
            String(decoding: token, as: UTF8.self),
            keys: service.trust.resultKeys ?? []
        ).claims
        let bits = try ZlibStream.decompress(claims.compressed, limit: StatusList.maximumSize)
        let parts = try Parts(service, bits: bits, token: token)
        var (made, least, request, bare) = (Samples(), Samples(), Samples(), Samples())
        for _ in 0..<makings {
            // Longer than a list is given out, so that the next who asks has it made.
            try await Task.sleep(for: .seconds(3))
            made.append(try await fleet.cost(order(0, 1)).cost)
            request.append(try await fleet.cost(order(0, requests)).cost)
            bare.append(try await fleet.cost(order(1, requests)).cost)
            let start = CPUClock.thread.now
            guard try parts.make() else { throw WrongResult(name: name, wrong: 1, of: 1) }
            least.append(Double(CPUClock.thread.now - start) / 1_000)
        }
        let count = service.record.members
        return [
            Measurement(
                name + "-status-list-made",
                made,
                against: least,
                aim: nil,
                note: "reading \(count) rows by SQLite alone, compressing and signing"
            ),
            Measurement(
                name + "-status-list-request",
                request,
                against: bare,
                aim: nil,
                note: "the same bytes over TLS, made before"
            ),
            Measurement(
                name + "-status-list",
                value: Double(token.count),
                floor: Double(bits.count),
                unit: "bytes",
                aim: nil,
                spread: 0,
                note: "the statuses of \(bits.count * 8 / claims.bits) places, not compressed"
            ),
        ]
    }

    private static func order(_ server: Int, _ requests: Int) -> LoadOrder {
        LoadOrder(server: server, work: .statusList, requests: requests, devices: requests, population: requests)
    }

    /// What no making of the list can do without.
    private struct Parts {
        let rows: Statement
        let count: Int
        let bits: [UInt8]
        let token: [UInt8]
        let key = P256.Signing.PrivateKey()

        init(_ service: RunningService, bits: [UInt8], token: [UInt8]) throws {
            rows = try Database(service.record.file, readOnly: true)
                .prepare("SELECT place, lifecycle, renewed_at, expires FROM standing")
            count = service.record.members
            self.bits = bits
            self.token = token
        }

        func make() throws -> Bool {
            let statuses = try rows.rows { row in row.integer(0) &+ Int64(row.text(1).utf8.count) &+ row.integer(3) }
            let compressed = try ZlibStream.compress(bits)
            let signature = try key.signature(for: token)
            return statuses.count == count && !compressed.isEmpty && signature.rawRepresentation.count == 64
        }
    }
}
