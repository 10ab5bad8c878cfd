import Crypto
import MeasuredBoot

/// A list of `ima-ng` entries as a kernel that measures every program and library writes it, and what PCR 10 comes to.
struct LinuxList: Sendable {
    private(set) var bytes: [UInt8] = []
    /// PCR 10 of the SHA-256 bank.
    private(set) var value = [UInt8](repeating: 0, count: SHA256.byteCount)
    /// The files' digests, which a policy allows.
    private(set) var digests: Set<IMAFileDigest> = []
    /// Where in the list each entry's template data lie.
    private(set) var data: [Range<Int>] = []

    private static let template = Array("ima-ng".utf8)

    /// - Parameter aggregate: the digest of the PCRs before, which the kernel's own first entry has.
    init(entries: Int, aggregate: [UInt8]) {
        append("boot_aggregate", aggregate)
        for index in 1..<entries { append(index: index) }
    }

    mutating func append(index: Int) {
        let digest = Array(SHA256.hash(data: Array("library \(index)".utf8)))
        append("/usr/lib/x86_64-linux-gnu/libbench-\(index).so.1", digest)
        digests.insert(IMAFileDigest(algorithm: "sha256", bytes: digest))
    }

    private mutating func append(_ name: String, _ digest: [UInt8]) {
        let record = Self.record(name, digest)
        let header = record.count - record.data.count
        data.append(bytes.count + header..<bytes.count + record.count)
        bytes += record.bytes
        value = Array(SHA256.hash(data: value + Array(SHA256.hash(data: record.data))))
    }

    private static func record(_ name: String, _ digest: [UInt8]) -> (bytes: [UInt8], data: [UInt8], count: Int) {
        let fields = [Array("sha256:\0".utf8) + digest, Array(name.utf8) + [0]]
        let data = fields.flatMap { little($0.count) + $0 }
        var bytes = little(10) + Array(Insecure.SHA1.hash(data: data))
        bytes += little(template.count) + template + little(data.count) + data
        return (bytes, data, bytes.count)
    }

    private static func little(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

    /// The least that following the list can cost: somebody else has found the entries, SHA-256 alone is left.
    func replay() -> Bool {
        var pair = [UInt8](repeating: 0, count: 2 * SHA256.byteCount)
        return unsafe bytes.withUnsafeBytes { bytes in
            unsafe pair.withUnsafeMutableBytes { pair in
                for range in data {
                    var function = SHA256()
                    unsafe function.update(bufferPointer: UnsafeRawBufferPointer(rebasing: bytes[range]))
                    unsafe function.finalize().withUnsafeBytes { digest in
                        unsafe UnsafeMutableRawBufferPointer(rebasing: pair[SHA256.byteCount...])
                            .copyMemory(from: digest)
                    }
                    var extend = SHA256()
                    unsafe extend.update(bufferPointer: UnsafeRawBufferPointer(pair))
                    unsafe extend.finalize().withUnsafeBytes { unsafe pair.copyMemory(from: $0) }
                }
            }
            return pair.prefix(SHA256.byteCount).elementsEqual(value)
        }
    }
}
