import Crypto
import TPMWire

/// The plainest replay of an event log that is possible, as a second opinion on the writer.
struct LogReplay {
    var banks: [AlgorithmID: [Int: [UInt8]]] = [:]
    var events = 0

    init(_ log: [UInt8]) throws {
        var rest = log[...]
        func take(_ count: Int) throws -> [UInt8] {
            guard count <= rest.count else { throw TestFailure("log ends early") }
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        func number(_ size: Int) throws -> Int {
            try take(size).reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        _ = try take(28)
        let header = try take(number(4))
        guard String(decoding: header.prefix(15), as: UTF8.self) == "Spec ID Event03" else {
            throw TestFailure("no Spec ID event")
        }
        while !rest.isEmpty {
            let pcr = try number(4)
            _ = try number(4)
            for _ in 0..<(try number(4)) {
                let bank = AlgorithmID(rawValue: UInt16(try number(2)))
                guard let size = bank.digestSize else { throw TestFailure("unknown bank") }
                let old = banks[bank]?[pcr] ?? [UInt8](repeating: 0, count: size)
                banks[bank, default: [:]][pcr] = Self.hash(old + (try take(size)), bank)
            }
            _ = try take(number(4))
            events += 1
        }
    }

    static func hash(_ bytes: [UInt8], _ bank: AlgorithmID) -> [UInt8] {
        switch bank {
        case .sha1: Array(Insecure.SHA1.hash(data: bytes))
        case .sha384: Array(SHA384.hash(data: bytes))
        case .sha512: Array(SHA512.hash(data: bytes))
        default: Array(SHA256.hash(data: bytes))
        }
    }
}
