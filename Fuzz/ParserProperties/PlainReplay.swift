import Crypto
import MeasuredBoot
import TPMWire

/// The plainest replay that is possible: nothing shared with the one that is tested.
enum PlainReplay {
    static func value(of pcr: Int, in log: EventLog, _ bank: AlgorithmID) -> [UInt8]? {
        guard let size = bank.digestSize else { return nil }
        var value = [UInt8](repeating: (17...22).contains(pcr) ? 0xFF : 0x00, count: size)
        for event in log.events where event.pcr == pcr && event.isExtended {
            guard let digest = log.digest(of: event, in: bank) else { return nil }
            switch bank {
            case .sha1: value = Array(Insecure.SHA1.hash(data: value + digest))
            case .sha256: value = Array(SHA256.hash(data: value + digest))
            case .sha384: value = Array(SHA384.hash(data: value + digest))
            case .sha512: value = Array(SHA512.hash(data: value + digest))
            default: return nil
            }
        }
        return value
    }
}
