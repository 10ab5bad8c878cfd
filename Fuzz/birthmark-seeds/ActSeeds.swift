import Messages
import ParserProperties

/// What operators sign; Ed25519 signs the same bytes the same way every time.
enum ActSeeds {
    static let all: [String: [String: [UInt8]]] = [
        "act-header": [
            "suspend": header("/v1/instances/SN-1/suspend"), "escaped": header("/v1/instances/a%3Ab/lower-tier"),
            "approve": header("/v1/approvals"),
        ]
    ]

    static func signed(_ path: String) -> SignedStatement? {
        let statement = try? ActStatement(
            to: MessageSeeds.label("verifier.example"),
            path: path,
            body: [1, 2, 3],
            certificate: [0x30, 0x00],
            at: 1,
            nonce: [UInt8](repeating: 7, count: ActStatement.nonceSize)
        )
        return statement.flatMap { try? SignedStatement($0, by: .ed25519(FixedKeys.log)) }
    }

    private static func header(_ path: String) -> [UInt8] {
        signed(path).flatMap { try? $0.header }.map { Array($0.utf8) } ?? []
    }
}
