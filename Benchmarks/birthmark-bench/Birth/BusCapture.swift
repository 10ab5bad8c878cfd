import FoundationEssentials
import Glibc

/// What passes between libtss2 and a TPM, written down by libtss2's own recorder (tss2-tcti-pcap(7)) as a pcapng file.
///
/// From it comes what the TPM itself took: from each command's leaving libtss2 to its response's arrival.
struct BusCapture {
    private let path: String

    /// Records everything that is opened under ``tcti(_:)``, into one file.
    ///
    /// - Parameter directory: in memory, so that writing the record takes nothing worth speaking of.
    init(in directory: String, name: String) {
        path = "\(directory)/\(name).pcap"
        // The recorder takes its file from the environment only.
        _ = unsafe setenv("TCTI_PCAP_FILE", path, 1)
    }

    func tcti(_ tcti: String) -> String { "pcap:" + tcti }

    /// The time of all commands together.
    func timeInTPM() throws -> Duration {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let packets = try Self.packetTimes(bytes)
        guard packets.count.isMultiple(of: 2) else { throw WrongResult(name: path, wrong: 1, of: packets.count) }
        // Commands and responses take turns.
        return stride(from: 0, to: packets.count, by: 2).reduce(.zero) { time, command in
            time + .microseconds(packets[command + 1] - packets[command])
        }
    }

    func remove() { _ = unsafe unlink(path) }

    /// Enhanced Packet Block of pcapng: type, length, interface, microseconds since 1970 as upper and lower half.
    private static let packetBlock: UInt32 = 6

    private static func packetTimes(_ bytes: [UInt8]) throws -> [Int64] {
        func number(at offset: Int) throws -> UInt32 {
            guard offset + 4 <= bytes.count else { throw WrongResult(name: "pcapng", wrong: 1, of: 1) }
            return bytes[offset..<offset + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        var times: [Int64] = []
        var offset = 0
        while offset < bytes.count {
            if try number(at: offset) == packetBlock {
                times.append(try Int64(number(at: offset + 12)) << 32 | Int64(number(at: offset + 16)))
            }
            offset += max(12, Int(try number(at: offset + 4)))
        }
        return times
    }
}
