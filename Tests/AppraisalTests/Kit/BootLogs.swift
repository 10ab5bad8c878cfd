import Crypto
import Messages
import TPMWire

@testable import SoftwareDevice

/// The log of a boot and the values it leads to in the SHA-256 bank, extended here, without the software that is tested.
struct BootLog {
    var bytes: [UInt8]
    var values: [Int: [UInt8]]

    var digest: ContentDigest { ContentDigest(of: bytes) }

    init(_ firmware: String = "sensor-os-1.7.0", tamper: Set<Tamper> = [], banks: [AlgorithmID] = [.sha256]) throws {
        self.init(BootSequence(firmware: try Firmware.named(firmware), tamper: tamper).events, banks: banks)
    }

    init(_ events: [MeasuredEvent], banks: [AlgorithmID] = [.sha256]) {
        bytes = EventLogWriter.log(
            of: events.map { event in (event, banks.compactMap { Digests.digest(event.measured, bank: $0) }) },
            banks: banks
        )
        values = Dictionary(uniqueKeysWithValues: (0..<24).map { ($0, [UInt8](repeating: 0, count: 32)) })
        for event in events where event.kind != .noAction {
            values[event.pcr] = Self.extend(values[event.pcr] ?? [], by: event.measured)
        }
    }

    static func events(_ firmware: String = "sensor-os-1.7.0", tamper: Set<Tamper> = []) throws -> [MeasuredEvent] {
        BootSequence(firmware: try Firmware.named(firmware), tamper: tamper).events
    }

    static func extend(_ value: [UInt8], by measured: [UInt8]) -> [UInt8] {
        Array(SHA256.hash(data: value + SHA256.hash(data: measured)))
    }

    /// Where each event of a crypto-agile log stands, without the header: where its type is, and where its record is.
    var records: [(type: Int, range: Range<Int>)] {
        var records: [(type: Int, range: Range<Int>)] = []
        var offset = 32 + integer(at: 28)
        while offset < bytes.count {
            var end = offset + 12
            for _ in 0..<integer(at: offset + 8) {
                end += 2 + (AlgorithmID(rawValue: UInt16(bytes[end]) | UInt16(bytes[end + 1]) << 8).digestSize ?? 0)
            }
            end += 4 + integer(at: end)
            records.append((offset + 4, offset..<end))
            offset = end
        }
        return records
    }

    /// The PCR of a record.
    func pcr(of record: (type: Int, range: Range<Int>)) -> Int { integer(at: record.range.lowerBound) }

    /// Changes the type of an event, which nothing measures.
    mutating func relabel(_ record: (type: Int, range: Range<Int>), as type: UInt32) {
        for byte in 0..<4 { bytes[record.type + byte] = UInt8(truncatingIfNeeded: type >> UInt32(8 * byte)) }
    }

    private func integer(at offset: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
}
