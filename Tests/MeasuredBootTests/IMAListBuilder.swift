import Crypto
import MeasuredBoot
import SeededRandom
import TPMWire

/// Writes IMA measurement lists as a kernel does, and computes what its TPM then holds, without the code that is tested.
struct IMAListBuilder {
    /// An entry as a test wants it.
    struct Item {
        var template = "ima-ng"
        var algorithm = "sha256"
        var digest: [UInt8]
        var name: [UInt8]
        /// A signature or a buffer.
        var tail: [UInt8] = []
        var isViolation = false
        var pcr: UInt32 = 10

        /// Digests of the name, and so another one for every name.
        init(_ name: String, template: String = "ima-ng", tail: [UInt8] = []) {
            self.init(Array(name.utf8), template: template, tail: tail)
        }

        init(_ name: [UInt8], template: String = "ima-ng", tail: [UInt8] = []) {
            self.name = name
            self.template = template
            self.tail = tail
            digest = Array(SHA256.hash(data: template == "ima-buf" ? tail : name))
            if template == "ima" {
                algorithm = "sha1"
                digest = Array(Insecure.SHA1.hash(data: name))
            }
        }

        static func violation(_ name: String) -> Item {
            var item = Item(name)
            item.isViolation = true
            item.digest = [UInt8](repeating: 0, count: 32)
            return item
        }

        var fields: [[UInt8]] {
            let type = template.hasSuffix("v2") ? "ima:" : ""
            let tails = ["ima-sig", "ima-sigv2", "ima-buf"].contains(template) ? [tail] : []
            return [Array("\(type)\(algorithm):".utf8) + [0] + digest, name + [0]] + tails
        }

        /// What the template digest is over.
        var data: [UInt8] {
            if template == "ima" { return digest + name + [UInt8](repeating: 0, count: 256 - name.count) }
            return fields.flatMap { Self.le32($0.count) + $0 }
        }

        func listed(_ bank: AlgorithmID) -> [UInt8] {
            isViolation ? [UInt8](repeating: 0, count: bank.digestSize ?? 0) : IMAListBuilder.hash(bank, data)
        }

        func record(_ bank: AlgorithmID = .sha1) -> [UInt8] {
            let head = Self.le32(Int(pcr)) + listed(bank) + Self.le32(template.utf8.count) + Array(template.utf8)
            if template == "ima" { return head + digest + Self.le32(name.count) + name }
            return head + Self.le32(data.count) + data
        }

        func line(_ bank: AlgorithmID = .sha1) -> [UInt8] {
            func hex(_ bytes: [UInt8]) -> String { Corpus.hexadecimal(bytes) }
            let type = template.hasSuffix("v2") ? "ima:" : ""
            let first = template == "ima" ? hex(digest) : "\(type)\(algorithm):\(hex(digest))"
            var line = Array("\(pcr < 10 ? " " : "")\(pcr) \(hex(listed(bank))) \(template) \(first) ".utf8) + name
            if fields.count == 3 { line += Array(" \(hex(tail))".utf8) }
            return line + [0x0A]
        }

        static func le32(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    }

    var items: [Item]

    init(_ items: [Item]) { self.items = items }

    static let aggregate = Item("boot_aggregate")

    func binary(_ bank: AlgorithmID = .sha1) -> [UInt8] { items.flatMap { $0.record(bank) } }
    func ascii(_ bank: AlgorithmID = .sha1) -> [UInt8] { items.flatMap { $0.line(bank) } }

    /// Where each entry of the binary list ends.
    func ends(_ bank: AlgorithmID = .sha1) -> [Int] {
        items.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1.record(bank).count) }
    }

    /// The value of the PCR after each number of entries, from none to all.
    func values(_ bank: AlgorithmID = .sha256, _ mode: IMAExtension = .perBank) -> [[UInt8]] {
        let size = bank.digestSize ?? 0
        return items.reduce(into: [[UInt8](repeating: 0, count: size)]) { values, item in
            let source = mode == .perBank ? bank : .sha1
            let digest =
                item.isViolation
                ? [UInt8](repeating: 0xFF, count: source.digestSize ?? 0) : Self.hash(source, item.data)
            let padded = digest + [UInt8](repeating: 0, count: size - digest.count)
            values.append(Self.hash(bank, (values.last ?? []) + padded))
        }
    }

    func value(_ bank: AlgorithmID = .sha256, _ mode: IMAExtension = .perBank) -> [UInt8] {
        values(bank, mode).last ?? []
    }

    static func hash(_ bank: AlgorithmID, _ data: [UInt8]) -> [UInt8] {
        switch bank {
        case .sha1: Array(Insecure.SHA1.hash(data: data))
        case .sha384: Array(SHA384.hash(data: data))
        case .sha512: Array(SHA512.hash(data: data))
        default: Array(SHA256.hash(data: data))
        }
    }

    /// A list with every template, odd names, signatures, buffers and violations, the same for the same seed.
    static func random(seed: UInt64, entries: Int) -> IMAListBuilder {
        var die = SplitMix64(seed: seed)
        var items = [aggregate]
        let templates = ["ima", "ima-ng", "ima-ngv2", "ima-sig", "ima-sigv2", "ima-buf"]
        while items.count < entries {
            let template = templates[die.roll(templates.count)]
            let name = (0..<1 + die.roll(die.roll(8) == 0 ? 255 : 40)).map { _ in UInt8(1 + die.roll(255)) }
            var item = Item(name, template: template, tail: (0..<die.roll(200)).map { _ in UInt8(die.roll(256)) })
            if template != "ima", template != "ima-buf", die.roll(3) == 0 {
                (item.algorithm, item.digest) = ("sha512", Array(SHA512.hash(data: name)))
            }
            item.isViolation = die.roll(10) == 0
            items.append(item)
        }
        return IMAListBuilder(items)
    }
}

extension SplitMix64 {
    mutating func roll(_ sides: Int) -> Int { Int.random(in: 0..<max(1, sides), using: &self) }
}

/// What reading a list gave.
struct IMAReading {
    var entries: [IMAEntry] = []
    var error: IMAListError?
    var offset: UInt64 = 0

    /// Reads a list in pieces of a size.
    init(_ bytes: [UInt8], _ form: IMAListForm = .binary(), pieces: Int = .max) throws {
        var reader = try IMAListReader(form)
        do throws(IMAListError) {
            var rest = bytes[...]
            while !rest.isEmpty {
                try reader.read(rest.prefix(pieces)) { entry, _ in
                    entries.append(entry)
                    return true
                }
                rest = rest.dropFirst(pieces)
            }
            try reader.finish()
        } catch {
            self.error = error
        }
        offset = reader.offset
    }

    var code: IMAListError.Code? { error?.code }
}
