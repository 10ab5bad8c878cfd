import MeasuredBoot
import TPMWire

/// Writes the crypto-agile event log (TCG PC Client Platform Firmware Profile, section 10).
enum EventLogWriter {
    /// The log of a boot, as the kernel shows it in `binary_bios_measurements`.
    static func log(of events: [(event: MeasuredEvent, digests: [TPMTHA])], banks: [AlgorithmID]) -> [UInt8] {
        events.reduce(into: header(banks)) { log, entry in
            log.append(littleEndian: UInt32(entry.event.pcr))
            log.append(littleEndian: entry.event.type.rawValue)
            log.append(littleEndian: UInt32(entry.digests.count))
            for digest in entry.digests {
                log.append(littleEndian: digest.hashAlg.rawValue)
                log += digest.digest
            }
            log.append(littleEndian: UInt32(entry.event.data.count))
            log += entry.event.data
        }
    }

    /// TCG_EfiSpecIDEvent in an event of the old format, whose digest is always SHA-1 and always zero.
    private static func header(_ banks: [AlgorithmID]) -> [UInt8] {
        var specID = Array("Spec ID Event03\0".utf8)
        specID.append(littleEndian: UInt32(0))  // platformClass: client
        specID += [0, 2, 0]  // specVersionMinor, specVersionMajor, specErrata
        specID.append(2)  // uintnSize: UINT64
        specID.append(littleEndian: UInt32(banks.count))
        for bank in banks {
            specID.append(littleEndian: bank.rawValue)
            specID.append(littleEndian: UInt16(bank.digestSize ?? 0))
        }
        specID.append(0)  // vendorInfoSize

        var header: [UInt8] = []
        header.append(littleEndian: UInt32(0))  // PCR 0
        header.append(littleEndian: MeasuredEvent.Kind.noAction.rawValue)
        header += [UInt8](repeating: 0, count: 20)
        header.append(littleEndian: UInt32(specID.count))
        return header + specID
    }
}
