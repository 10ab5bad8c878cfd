import AttestationResults
import Crypto
import MeasuredBoot
import Messages
import Testing

@testable import Appraisal

/// An IMA list of `ima-ng` and `ima-buf` entries, and the value of PCR 10 that it leads to in the SHA-256 bank.
struct IMAList {
    private(set) var bytes: [UInt8] = []
    private(set) var value = [UInt8](repeating: 0, count: 32)

    /// Files with these names, whose contents are their names, after the kernel's own first entry: the digest of PCRs 0 to 9.
    init(_ names: [String]) {
        append("boot_aggregate", Array(SHA256.hash(data: (0..<10).flatMap { Scene.value($0) })))
        for name in names { append(name, Self.digest(of: name)) }
    }

    mutating func append(_ name: String, _ digest: [UInt8]) {
        extend(by: "ima-ng", [Array("sha256:\0".utf8) + digest, Array(name.utf8) + [0]])
    }

    /// Data that the kernel measured, such as a key that was put on one of its keyrings.
    mutating func append(data: [UInt8], as name: String) {
        let digest = Array(SHA256.hash(data: data))
        extend(by: "ima-buf", [Array("sha256:\0".utf8) + digest, Array(name.utf8) + [0], data])
    }

    /// A file with a signature, version 2 over SHA-256, by the key that four bytes name.
    mutating func append(_ name: String, signature: [UInt8], by keyID: [UInt8]) {
        let length = [UInt8(truncatingIfNeeded: signature.count >> 8), UInt8(truncatingIfNeeded: signature.count)]
        let field = [3, 2, 4] + keyID + length + signature
        extend(by: "ima-sig", [Array("sha256:\0".utf8) + Self.digest(of: name), Array(name.utf8) + [0], field])
    }

    /// A file that changed while it was measured: zeros stand in the list, and ones went into the PCR.
    mutating func appendViolation(of name: String) {
        let zeros = [UInt8](repeating: 0, count: 32)
        extend(by: "ima-ng", [Array("sha256:\0".utf8) + zeros, Array(name.utf8) + [0]], isViolation: true)
    }

    private mutating func extend(by template: String, _ fields: [[UInt8]], isViolation: Bool = false) {
        let data = fields.flatMap { Self.le32($0.count) + $0 }
        var (listed, extended) = (Array(Insecure.SHA1.hash(data: data)), Array(SHA256.hash(data: data)))
        if isViolation {
            listed = [UInt8](repeating: 0, count: listed.count)
            extended = [UInt8](repeating: 0xFF, count: extended.count)
        }
        bytes += Self.le32(10) + listed
        bytes += Self.le32(template.utf8.count) + Array(template.utf8) + Self.le32(data.count) + data
        value = Array(SHA256.hash(data: value + extended))
    }

    static func digest(of name: String) -> [UInt8] { Array(SHA256.hash(data: Array(name.utf8))) }

    private static func le32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
}

extension Scene {
    /// A scene that quotes PCR 10 as well, which a list led to.
    init(measuring list: IMAList) throws {
        try self.init()
        values[10] = list.value
        selection = try #require(PCRSet(bank: .sha256, pcrs: 0..<11))
    }

    /// Evidence with a list, judged by a policy that allows some files.
    func input(
        _ list: [UInt8],
        from offset: UInt64 = 0,
        after progress: IMAProgress? = nil,
        allowing names: [String]
    ) throws -> AppraisalInput {
        var input = try input()
        var digests: Set<IMAFileDigest> = []
        for name in names {
            digests.insert(IMAFileDigest(algorithm: "sha256", bytes: IMAList.digest(of: name)))
        }
        let policy = IMAPolicy(identity: ContentDigest(of: Array("policy".utf8)), digests: digests)
        let part = IMAListPart(offset: offset, bytes: Blob(list))
        input.ima = IMAEvidence(pcr: 10, list: part, progress: progress, policy: policy)
        return input
    }
}
